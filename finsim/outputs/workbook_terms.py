"""Control totals, funds, reserves and risk shares in words: all that each of them states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, assert_never

from finsim.book import arrangements as written
from finsim.book.comparisons import Comparison
from finsim.book.quantities import (
    amount_text,
    financial_year_text,
    money_text,
    number_text,
    rate_text,
)
from finsim.book.sourced import Sourced
from finsim.outputs.workbook_phrases import by_year, sentence

Arrangement: TypeAlias = (
    written.TotalsSet
    | written.ControlTotals
    | written.FundingRules
    | written.Fund
    | written.Reserves
    | written.RiskShare
)
Names: TypeAlias = Mapping[str, str]
"""Organisations by id, for words that say their names; without one the id stands."""

Amounts: TypeAlias = tuple[float, str] | Mapping[str, tuple[float, str]]


def terms_in_words(item: Sourced, names: Names | None = None) -> str:
    """Everything that an arrangement states, but for its name and what it rests on."""
    steps = _steps(item, names or {})
    if isinstance(item, written.RiskShare) and len(steps) > 1:
        return sentence(f"({number}) {step}" for number, step in enumerate(steps, 1))
    return sentence(steps)


def _steps(item: Sourced, known: Names) -> list[str]:
    match item:
        case written.TotalsSet():
            return [_total(_name(body, known), rule) for body, rule in item.totals.items()]
        case written.ControlTotals():
            return _control_totals(item, known)
        case written.FundingRules():
            return [_funding_year(year, item.by_year[year]) for year in sorted(item.by_year)]
        case written.Fund():
            return _fund(item, known)
        case written.Reserves():
            return _reserves(item, known)
        case written.RiskShare():
            return [_rule(term, known) for term in item.terms]
        case Comparison():
            return _comparison(item, known)
    raise AssertionError(type(item))


def _name(body: str, names: Names) -> str:
    return names.get(body, body)


def _listed(bodies: Iterable[str], names: Names) -> str:
    return ", ".join(_name(body, names) for body in bodies)


def _shared(shares: Mapping[str, float], names: Names) -> str:
    return ", ".join(f"{_name(body, names)} {rate_text(share)}" for body, share in shares.items())


def _in_years(years: Sequence[int]) -> str:
    return f", in {', '.join(map(financial_year_text, years))}" if years else ""


def _comparison(item: Comparison, names: Names) -> list[str]:
    measure = item.measure.replace("_", " ")
    return [
        f"{_name(item.organisation, names)}, {financial_year_text(item.year)}: "
        f"{measure} {money_text(item.value)}",
        f"like the {item.case} case, to {money_text(item.tolerance)}",
    ]


# control totals


def _total(body: str, rule: written.TotalRule) -> str:
    match rule:
        case written.StatedTotals():
            return f"{body}: {by_year(rule.by_year, money_text)}"
        case written.FromCentral():
            improved = amount_text(rule.improve_by)
            return f"{body}: the central position after schemes, improved by {improved}"
        case written.StraightLine():
            end = f"{money_text(rule.to)} in {financial_year_text(rule.in_year)}"
            return f"{body}: a straight line from the base-year position to {end}"
        case written.Distributed():
            how = _shared(rule.shares, {}) if rule.by == "fixed" else f"by {rule.by}"
            return f"{body}: what {rule.distribute} comes to in all, shared {how}"
    assert_never(rule)


def _control_totals(item: written.ControlTotals, names: Names) -> list[str]:
    offsets = [
        f"offset in {financial_year_text(year)}: "
        + ", ".join(f"{_name(body, names)} {money_text(v)}" for body, v in by_body.items())
        for year, by_body in item.offsets.items()
    ]
    return [
        f"totals: {item.totals}",
        f"in the system total: {_listed(item.members, names)}",
        f"{rate_text(item.link_share)} of each fund hangs on the system total",
        *(offsets or ["no offsets"]),
    ]


# funding and reserves


def _funding_year(year: int, rules: written.FundingYear) -> str:
    parts = ", ".join(f"{part} {rate_text(weight)}" for part, weight in rules.parts.items())
    quarters = ", ".join(map(rate_text, rules.quarters))
    taper = rules.taper
    gate = "a cliff at the control total"
    if taper.own or taper.system:
        own, system = money_text(taper.own), money_text(taper.system)
        gate = f"a taper to {own} below the own total and {system} below the system's"
    misses = "is" if rules.finance_recovers else "is not"
    when = " only when finance is met" if rules.performance_needs_finance else " by itself"
    bonus = f", bonus of £{number_text(rules.bonus_rate)} for £1" if rules.bonus_rate else ""
    residual = ", shares in what others do not earn" if rules.shares_residual else ""
    return (
        f"from {financial_year_text(year)}: {parts}; quarters {quarters}; {gate}; a missed quarter "
        f"{misses} recovered by a later one; performance pays{when}{bonus}{residual}"
    )


def _fund(item: written.Fund, names: Names) -> list[str]:
    offered = ", ".join(f"{_name(b, names)} {amount_text(v)}" for b, v in item.offered.items())
    attained = ", ".join(f"{part} by {driver}" for part, driver in item.attainment.items())
    first = item.first_year
    return [
        f"offered: {offered or 'nothing'}",
        f"rules: {item.rules}",
        f"attainment: {attained}" if attained else "",
        f"national pot for bonus and residual: {money_text(item.national_pot)}",
        f"from {financial_year_text(first)}" if first is not None else "",
    ]


def _reserves(item: written.Reserves, names: Names) -> list[str]:
    held = [
        f"from {financial_year_text(year)} {rate_text(stated.uncommitted)} uncommitted and "
        f"{rate_text(stated.contingency)} contingency"
        for year, stated in sorted(item.by_year.items())
    ]
    return [f"{_listed(item.members, names)} hold back, of {item.service}", *held]


# risk share


def _rule(term: written.Term, names: Names) -> str:
    if term.pool is not None:
        return _pool(term.pool, names)
    if term.fixed_line is not None:
        return _fixed_line(term.fixed_line, names)
    if term.corridor is not None:
        return _corridor(term.corridor, names)
    if term.shares is not None:
        return f"the pool is shared {_shares(term.shares, names)}"
    if term.cap is not None:
        return _cap(term.cap, names)
    if term.waterfall is not None:
        return _waterfall(term.waterfall, names)
    if term.layered_protection is not None:
        return _layered(term.layered_protection, names)
    if term.shared_savings is not None:
        return _shared_savings(term.shared_savings, names)
    assert term.guarantor is not None
    return _guarantor(term.guarantor, names)


def _pool(pool: written.PoolTerm, names: Names) -> str:
    side = "" if pool.direction == "both" else f"{pool.direction} "
    of = f" on {', '.join(pool.lines)}" if pool.lines else ""
    return f"pool the {side}variance{of} of {_listed(pool.members, names)}{_in_years(pool.years)}"


def _fixed_line(fixed: written.FixedLineTerm, names: Names) -> str:
    bearer = "each body" if fixed.host is None else _name(fixed.host, names)
    years = _in_years(fixed.years)
    return f"variance on {fixed.line} stays out of the pool; {bearer} bears it{years}"


def _corridor(corridor: written.CorridorTerm, names: Names) -> str:
    of = "the pool's variance" if corridor.on == "pool" else "each member's variance"
    whose = f" ({_listed(corridor.members, names)})" if corridor.members else ""
    text = f"corridor on {of}{whose}: {_bands(corridor.bands)}"
    if corridor.favourable is None:
        return f"{text}; the same when favourable"
    return f"{text}; when favourable: {_bands(corridor.favourable)}"


def _bands(bands: Sequence[written.BandTerm]) -> str:
    return ", ".join(_band(band) for band in bands)


def _band(band: written.BandTerm) -> str:
    low = amount_text(band.low)
    span = f"beyond {low}" if band.high is None else f"{low} to {amount_text(band.high)}"
    return f"{span} {rate_text(band.pooled)} pooled"


def _shares(shares: written.SharesTerm, names: Names) -> str:
    if shares.by == "fixed":
        return f"in fixed parts: {_shared(shares.shares, names)}"
    among = f" among {_listed(shares.members, names)}" if shares.members else " among its members"
    return f"{'equally' if shares.by == 'equal' else f'by {shares.by}'}{among}"


def _amounts(stated: Amounts, names: Names) -> str:
    if isinstance(stated, Mapping):
        return ", ".join(f"{_name(b, names)} {amount_text(v)}" for b, v in stated.items())
    return amount_text(stated)


def _cap(cap: written.CapTerm, names: Names) -> str:
    limits = [
        f"{what} at most {_amounts(stated, names)}"
        for what, stated in (("pays", cap.loss), ("receives", cap.gain))
        if stated is not None
    ]
    return f"cap: a member {' and '.join(limits) or 'has no limit'}; the excess falls on the others"


def _waterfall(waterfall: written.WaterfallTerm, names: Names) -> str:
    reserves = [
        f"{reserve.name} {money_text(reserve.amount)} (held {_shared(reserve.held_by, names)})"
        for reserve in waterfall.reserves
    ]
    calls = ["underspends", *reserves, f"outside the pool {_shares(waterfall.outside, names)}"]
    return f"overspends are met in order by {', then '.join(calls)}"


def _layered(layered: written.LayeredTerm, names: Names) -> str:
    protected = _listed(layered.protected, names)
    return (
        f"the pool is shared {_shares(layered.shares, names)}, but {protected} join only when each "
        f"other has borne {amount_text(layered.reduction)}"
    )


def _shared_savings(terms: written.SharedSavingsTerm, names: Names) -> str:
    benchmark = (
        by_year(terms.benchmark, money_text)
        if isinstance(terms.benchmark, Mapping)
        else money_text(terms.benchmark)
    )
    cap = "" if terms.savings_cap is None else f", to at most {rate_text(terms.savings_cap)} of it"
    parts = [
        f"savings against a benchmark of {benchmark}",
        f"once they reach {rate_text(terms.minimum_rate)} of it, providers earn "
        f"{rate_text(terms.share)} × quality {rate_text(terms.quality)} from the first pound{cap}",
        _losses(terms),
        f"paid by {_shared(terms.payers, names)}",
        f"earned by {_shared(terms.providers, names)}",
    ]
    return f"shared savings: {sentence(parts)}"


def _losses(terms: written.SharedSavingsTerm) -> str:
    if not terms.two_sided:
        return "losses are not shared"
    share = "the rest" if terms.loss_share is None else rate_text(terms.loss_share)
    limit = "" if terms.loss_limit is None else f", to at most {rate_text(terms.loss_limit)} of it"
    return f"providers repay {share} of losses{limit}"


def _guarantor(guarantor: written.GuarantorTerm, names: Names) -> str:
    of = _listed(guarantor.members, names) or "all"
    threshold = guarantor.threshold
    past = "" if threshold is None else f" past {amount_text(threshold)}"
    share, limit = rate_text(guarantor.share), amount_text(guarantor.limit)
    return (
        f"{guarantor.name} takes {share} of the joint shortfall of {of}{past}, to at most {limit} "
        f"a year, as external support{_in_years(guarantor.years)}"
    )
