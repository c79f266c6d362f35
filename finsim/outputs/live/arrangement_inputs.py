"""What an option adds to the sheet Inputs: control totals, risk share and fund."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct, field

from finsim.economics import risk_share_terms as terms_of
from finsim.economics.sustainability_funding_terms import FINANCE, performance_parts
from finsim.outputs.live.rows import LiveSheet, Row, Unit
from finsim.simulation.arrangement import Arrangement
from finsim.simulation.named import bodies_named, found
from finsim.simulation.plan import FloatArray, Plan

MET_WITHIN = 1e-9
SUPPORTED = terms_of.Pool | terms_of.Corridor | terms_of.Shares | terms_of.Guarantor


class BandInputs(Struct, frozen=True):
    """One band of a corridor; the last has no end."""

    low: Row
    high: Row | None
    pooled: Row


class TermInputs(Struct, frozen=True):
    """One term of a risk share, with its numbers."""

    term: terms_of.Term
    applies: Row | None = None
    adverse: tuple[BandInputs, ...] = ()
    favourable: tuple[BandInputs, ...] = ()
    shares: Mapping[str, Row] = field(default_factory=dict)
    threshold: Row | None = None
    limit: Row | None = None
    share: Row | None = None


class FundInputs(Struct, frozen=True):
    """A fund: what is offered to whom, and by which rules of each year."""

    offers: Mapping[int, tuple[Row, bool]]
    open_in: Row
    weights: Mapping[str, Row]
    attained: Mapping[str, Row]
    needs_finance: Row
    own_taper: Row
    system_taper: Row
    bonus_rate: Row
    shares_residual: Row
    pot: Row


class ArrangementInputs(Struct, frozen=True):
    """The arrangement's rows; `beyond` says in words what is not in formulas, if anything is."""

    name: str
    totals: Mapping[int, Row]
    counts: Mapping[int, Row]
    link_share: Row
    within: Row
    terms: tuple[TermInputs, ...]
    fund: FundInputs | None
    beyond: str | None


def arrangement_inputs(
    sheet: LiveSheet, plan: Plan, arrangement: Arrangement, central: FloatArray
) -> ArrangementInputs | None:
    """The rows of an option's totals, risk share and fund; None where nobody is judged."""
    if not arrangement.has_totals:
        return None
    names = plan.bodies.names
    sheet.heading(f"Control totals: {arrangement.name}")
    judged = [n for n, line in enumerate(arrangement.lines) if np.isfinite(line).any()]
    totals = {
        n: sheet.by_year(
            names[n], "Control total, or the balanced-budget line",
            "Held: stated, or solved once from the central case; before sustainability funding",
            "£m", arrangement.lines[n], blank=np.flatnonzero(np.isnan(arrangement.lines[n])),
        )
        for n in judged
    }  # fmt: skip
    counted = arrangement.in_system[:, None] & np.isfinite(arrangement.totals)
    counts = {
        n: sheet.by_year(
            names[n], "Counts in the system total: 1 yes, 0 no", "The members of the totals",
            "switch", counted[n].astype(float),
        )
        for n in judged
        if counted[n].any()
    }  # fmt: skip
    link = sheet.constant(
        "System", "Share of the fund that hangs on the system total", "The control totals", "share",
        arrangement.link_share,
    )  # fmt: skip
    within = sheet.constant(
        "System", "By which a total may be missed by rounding, £m", "Definition; do not change",
        "£m", MET_WITHIN, "definition",
    )  # fmt: skip
    within.look = "power of ten"
    beyond = _beyond(arrangement)
    return ArrangementInputs(
        name=arrangement.name,
        totals=totals,
        counts=counts,
        link_share=link,
        within=within,
        terms=() if beyond else _terms(sheet, plan, arrangement),
        fund=None if beyond else _fund(sheet, plan, arrangement, central),
        beyond=beyond,
    )


def _beyond(arrangement: Arrangement) -> str | None:
    """What of an arrangement has no closed form in plain formulas, in words."""
    kinds = [_words(term) for term in arrangement.terms if not _is_supported(term)]
    if arrangement.levels.is_live:
        kinds.insert(0, "budgets of networks or localities that move money")
    return ", ".join(dict.fromkeys(kinds)) if kinds else None


def _is_supported(term: terms_of.Term) -> bool:
    if isinstance(term, terms_of.Shares):
        return term.by != "weighted population"
    if isinstance(term, terms_of.Pool):
        return not term.lines and term.base is None
    if isinstance(term, terms_of.Guarantor):
        return term.base is None
    return isinstance(term, SUPPORTED)


def _words(term: terms_of.Term) -> str:
    match term:
        case terms_of.Pool():
            return f"a pool of the variance on {' and '.join(term.lines) or term.base}"
        case terms_of.Shares():
            return "shares by weighted population"
        case terms_of.FixedLine():
            return f"the fixed line {term.line}"
        case terms_of.Cap():
            return "a cap whose excess is spread until it is placed"
        case terms_of.Waterfall():
            return "a waterfall"
        case terms_of.LayeredProtection():
            return "layered protection"
        case _:
            return "shared savings"


# risk share


def _terms(sheet: LiveSheet, plan: Plan, arrangement: Arrangement) -> tuple[TermInputs, ...]:
    if not arrangement.terms:
        return ()
    sheet.heading("Risk share")
    return tuple(
        _term(sheet, plan, term, f"term {number}")
        for number, term in enumerate(arrangement.terms, 1)
    )


def _term(sheet: LiveSheet, plan: Plan, term: terms_of.Term, word: str) -> TermInputs:
    names = dict(zip(plan.bodies.ids, plan.bodies.names, strict=True))
    basis = "The risk share that the option names"

    def add(item: str, unit: Unit, value: float) -> Row:
        return sheet.constant("System", f"Risk share, {word}: {item}", basis, unit, value)

    def bands(stated: Sequence[terms_of.Band], which: str, unit: Unit) -> tuple[BandInputs, ...]:
        return tuple(
            BandInputs(
                add(f"{which} band {n}, from", unit, band.low),
                None if np.isinf(band.high) else add(f"{which} band {n}, to", unit, band.high),
                add(f"{which} band {n}, pooled", "share", band.pooled),
            )
            for n, band in enumerate(stated, 1)
        )

    applies = _applies(sheet, plan, term, word)
    match term:
        case terms_of.Corridor():
            unit: Unit = "%" if term.unit == "income" else "£m"
            favourable = term.adverse if term.favourable is None else term.favourable
            return TermInputs(
                term,
                adverse=bands(term.adverse, "adverse", unit),
                favourable=bands(favourable, "favourable", unit),
            )
        case terms_of.Shares() if term.by == "fixed":
            shares = {body: add(f"share of {names[body]}", "share", share)
                      for body, share in term.shares.items()}  # fmt: skip
            return TermInputs(term, shares=shares)
        case terms_of.Guarantor():
            return TermInputs(
                term,
                applies=applies,
                threshold=_amount(add, "threshold", term.threshold),
                limit=_amount(add, "limit", term.limit),
                share=add("share taken", "share", term.share),
            )
        case _:
            return TermInputs(term, applies=applies)


def _amount(add: Callable[[str, Unit, float], Row], item: str, amount: terms_of.Amount) -> Row:
    assert isinstance(amount.value, float)
    if amount.unit == "income":
        return add(f"{item}, of income", "%", amount.value)
    return add(item, "£m", amount.value)


def _applies(sheet: LiveSheet, plan: Plan, term: terms_of.Term, word: str) -> Row | None:
    years = getattr(term, "years", ())
    if not years:
        return None
    flags = [float(str(year) in years) for year in plan.years]
    return sheet.by_year(
        "System", f"Risk share, {word}: applies: 1 yes, 0 no",
        "The risk share that the option names", "switch", flags,
    )  # fmt: skip


# the fund


def _fund(
    sheet: LiveSheet, plan: Plan, arrangement: Arrangement, central: FloatArray
) -> FundInputs | None:
    stated, word = arrangement.funding, plan.resolved.scenario.sustainability_funding
    if stated is None or word is None:
        return None
    book = plan.resolved.book
    number, fund = found(book.funds, word, "fund", ("scenario", "sustainability_funding"))
    sheet.heading(f"Sustainability funding: {fund.name}")
    offers: dict[int, tuple[float, bool]] = {}
    for name, (value, unit) in fund.offered.items():
        for body in bodies_named(book, [name], ("funds", number, "offered", name)):
            offers[plan.bodies.ids.index(body)] = (value, unit == "income")
    opens = [
        float(t > 0 and (fund.first_year is None or year >= fund.first_year))
        for t, year in enumerate(plan.years)
    ]
    terms = stated.terms
    parts = [FINANCE, *performance_parts(terms)]

    def add(item: str, unit: Unit, values: Sequence[float]) -> Row:
        return sheet.by_year("System", item, f"Rules of the fund: {fund.rules}", unit, values)

    return FundInputs(
        offers={
            n: (
                sheet.constant(
                    plan.bodies.names[n],
                    "Offered, of income in the base year" if of_income else "Offered a year",
                    f"The fund {fund.id}", "%" if of_income else "£m", value,
                ),
                of_income,
            )
            for n, (value, of_income) in sorted(offers.items())
        },
        open_in=add("The fund is offered: 1 yes, 0 no", "switch", opens),
        weights={
            part: add(f"Weight of {part}", "share",
                      [term.parts.get(part, 0.0) / sum(term.parts.values()) for term in terms])
            for part in parts
        },
        attained={
            part: add(f"Attained of {part}, at its mean", "share",
                      central[of] if isinstance(of, int) else [of] * len(terms))
            for part, of in stated.attainment.items()
        },
        needs_finance=add("Performance is paid only as far as finance is: 1 yes, 0 no", "switch",
                          [float(term.performance_needs_finance) for term in terms]),
        own_taper=add("Own taper: £m below its total at which nothing is paid; 0 a cliff", "£m",
                      [term.own_taper for term in terms]),
        system_taper=add("System taper: £m below its total at which nothing is paid; 0 a cliff",
                         "£m", [term.system_taper for term in terms]),
        bonus_rate=add("Bonus for each £1 above the total", "number",
                       [term.bonus_rate for term in terms]),
        shares_residual=add("What is not earned is shared out: 1 yes, 0 no", "switch",
                            [float(term.shares_residual) for term in terms]),
        pot=sheet.constant("System", "National pot for bonus and residual", f"The fund {fund.id}",
                           "£m", stated.national_pot),
    )  # fmt: skip
