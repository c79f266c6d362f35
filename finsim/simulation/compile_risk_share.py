"""From the terms of a risk share as written to the terms that are settled."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from msgspec import Struct

from finsim.book import arrangements as written
from finsim.economics import risk_share_terms as terms_of
from finsim.economics.risk_share_checks import find_faults
from finsim.simulation.inputs import InputError
from finsim.simulation.named import Where, check_year

PlacedTerm: TypeAlias = tuple[terms_of.Term, Where]
Named: TypeAlias = Callable[[Iterable[str], Where], tuple[str, ...]]


class Naming(Struct, frozen=True):
    """Who may be a member of terms, and in which years: `named` gives the ids that words mean."""

    years: tuple[int, ...]
    named: Named


def terms_from(
    of: Naming, stated: Sequence[written.Term], basis: terms_of.Basis, path: Where
) -> tuple[terms_of.Term, ...]:
    """The terms that can be settled on a basis; raises InputError for those that cannot."""
    placed = placed_terms(of, stated, path)
    check_terms(placed, basis)
    return tuple(term for term, _ in placed)


def placed_terms(of: Naming, stated: Sequence[written.Term], path: Where) -> list[PlacedTerm]:
    """Terms with the places where they are written; raises InputError for names and years."""
    return [(_term(of, item, (*path, n)), (*path, n)) for n, item in enumerate(stated)]


def check_terms(placed: Sequence[PlacedTerm], basis: terms_of.Basis) -> None:
    """Raises InputError for terms, one after the other, that cannot be settled on a basis."""
    for fault in find_faults([term for term, _ in placed], basis):
        where = placed[fault.term or 0][1]
        raise InputError(where if fault.term is not None else where[:-1], str(fault))


def _term(of: Naming, item: written.Term, where: Where) -> terms_of.Term:
    name = next(iter(item.model_fields_set))
    stated = getattr(item, name)
    path = (*where, name)
    match stated:
        case written.PoolTerm():
            members = of.named(stated.members, (*path, "members"))
            years = _years(of, stated.years, path)
            return terms_of.Pool(members, stated.direction, stated.lines, years=years)
        case written.FixedLineTerm():
            return terms_of.FixedLine(stated.line, stated.host, _years(of, stated.years, path))
        case written.CorridorTerm():
            return _corridor(of, stated, path)
        case written.SharesTerm():
            return _shares(of, stated, path)
        case written.CapTerm():
            return terms_of.Cap(_amounts(stated.loss), _amounts(stated.gain))
        case written.WaterfallTerm():
            reserves = tuple(
                terms_of.Reserve(r.name, r.amount, dict(r.held_by)) for r in stated.reserves
            )
            return terms_of.Waterfall(_shares(of, stated.outside, path), reserves)
        case written.LayeredTerm():
            protected = of.named(stated.protected, (*path, "protected"))
            shares = _shares(of, stated.shares, path)
            return terms_of.LayeredProtection(protected, _amount(stated.reduction), shares)
        case written.SharedSavingsTerm():
            return _shared_savings(of, stated)
        case _:
            return _guarantor(of, stated, path)


def _years(of: Naming, years: Sequence[int], where: Where) -> tuple[str, ...]:
    for year in years:
        check_year(of.years, year, (*where, "years"))
    return tuple(map(str, years))


def _amount(stated: tuple[float, str]) -> terms_of.Amount:
    value, unit = stated
    return terms_of.Amount(value, "income" if unit == "income" else "£m")


def _amounts(
    stated: tuple[float, str] | dict[str, tuple[float, str]] | None,
) -> terms_of.Amounts | None:
    if stated is None:
        return None
    if isinstance(stated, dict):
        return {name: _amount(value) for name, value in stated.items()}
    return _amount(stated)


def _shares(of: Naming, stated: written.SharesTerm, where: Where) -> terms_of.Shares:
    members = of.named(stated.members, (*where, "members"))
    return terms_of.Shares(dict(stated.shares), stated.by, members)


def _corridor(of: Naming, stated: written.CorridorTerm, where: Where) -> terms_of.Corridor:
    both = (*stated.bands, *(stated.favourable or ()))
    edges = [edge for band in both for edge in (band.low, band.high) if edge is not None]
    units = {unit for value, unit in edges if value != 0}
    if len(units) > 1:
        raise InputError((*where, "bands"), "are part in £ and part in % of income; use one")
    members = of.named(stated.members, (*where, "members"))
    return terms_of.Corridor(
        adverse=_bands(stated.bands),
        favourable=None if stated.favourable is None else _bands(stated.favourable),
        unit="income" if units == {"income"} else "£m",
        on=stated.on,
        members=members,
    )


def _bands(stated: Iterable[written.BandTerm]) -> tuple[terms_of.Band, ...]:
    return tuple(
        terms_of.Band(band.low[0], math.inf if band.high is None else band.high[0], band.pooled)
        for band in stated
    )


def _shared_savings(of: Naming, stated: written.SharedSavingsTerm) -> terms_of.SharedSavings:
    benchmark = stated.benchmark
    by_year = (
        tuple(benchmark.get(year, 0.0) for year in of.years)
        if isinstance(benchmark, dict)
        else benchmark
    )
    return terms_of.SharedSavings(
        benchmark=by_year,
        payers=dict(stated.payers),
        providers=dict(stated.providers),
        share=stated.share,
        quality=stated.quality,
        minimum_rate=stated.minimum_rate,
        savings_cap=math.inf if stated.savings_cap is None else stated.savings_cap,
        two_sided=stated.two_sided,
        loss_share=stated.loss_share,
        loss_limit=math.inf if stated.loss_limit is None else stated.loss_limit,
    )


def _guarantor(of: Naming, stated: written.GuarantorTerm, where: Where) -> terms_of.Guarantor:
    members = of.named(stated.members, (*where, "members"))
    threshold = terms_of.Amount(0.0) if stated.threshold is None else _amount(stated.threshold)
    years = _years(of, stated.years, where)
    limit = _amount(stated.limit)
    return terms_of.Guarantor(stated.name, limit, members, threshold, stated.share, years=years)
