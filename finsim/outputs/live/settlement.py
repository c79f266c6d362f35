"""From positions to what is left: variance, risk share, judging, funding, position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from finsim.economics import risk_share_terms as terms_of
from finsim.outputs.live.arrangement_inputs import (
    ArrangementInputs,
    BandInputs,
    TermInputs,
)
from finsim.outputs.live.expressions import (
    Expression,
    above,
    added,
    choose,
    equals,
    least,
    lift,
    most,
)
from finsim.outputs.live.funding_rows import Funding, met
from finsim.outputs.live.input_rows import Inputs
from finsim.outputs.live.positions import PositionRows
from finsim.outputs.live.rows import LiveSheet, Row

STOPS = (
    "Transfers, support, funding and the position after them are not in formulas here: this option "
    "has {}. The run's figures stand on the other sheets."
)


class SettledRows(Struct):
    """Rows of each organisation by measure; empty where nothing is in formulas."""

    bodies: list[dict[str, Row]] = field(default_factory=list)
    system: dict[str, Row] = field(default_factory=dict)


def settled_rows(inputs: Inputs, positions: PositionRows, sheet: LiveSheet) -> SettledRows:
    """Settle, judge, fund: as far as the option's terms can be written as plain formulas."""
    found = SettledRows()
    stated = inputs.arrangement
    if stated is None:
        return found
    book = _Settling(inputs, stated, positions, sheet)
    sheet.heading(f"Control totals: {stated.name}")
    book.variances()
    if stated.beyond is not None:
        sheet.note(STOPS.format(stated.beyond))
        return found
    transfers, supports = book.share()
    sheet.heading("After the risk share, before funding")
    for n, rows in enumerate(positions.bodies):
        name = inputs.plan.bodies.names[n]
        own = {
            "transfer": sheet.works_out(
                name, "Transfer", "Sum over the terms of the risk share", "£m", added(transfers[n])
            ),
            "external_support": sheet.works_out(
                name, "External support", "Sum over guarantors", "£m", added(supports[n])
            ),
        }
        own["judged"] = sheet.works_out(
            name, "Position that is judged", "Before risk share + transfer + external support",
            "£m", rows["position_before_risk_share"].here + own["transfer"].here
            + own["external_support"].here,
        )  # fmt: skip
        found.bodies.append(own)
    funding = Funding(inputs, stated, sheet).received([own["judged"] for own in found.bodies])
    sheet.heading("After funding")
    for n, own in enumerate(found.bodies):
        name = inputs.plan.bodies.names[n]
        own["sustainability_funding"] = sheet.works_out(
            name, "Sustainability funding", "Paid, bonus and residual", "£m", added(funding[n])
        )
        own["position"] = sheet.works_out(
            name, "Position", "Position that is judged + sustainability funding", "£m",
            own["judged"].here + own["sustainability_funding"].here,
        )  # fmt: skip
    inside = [n for n, counts in enumerate(inputs.plan.bodies.in_perimeter) if counts]
    found.system["gap_after_support"] = sheet.works_out(
        "System", "Gap after support and funding", "0 − sum of positions inside the perimeter",
        "£m", 0 - added([found.bodies[n]["position"].here for n in inside]),
    )  # fmt: skip
    return found


class _Settling(Struct):
    """A settlement being written, term by term."""

    inputs: Inputs
    stated: ArrangementInputs
    positions: PositionRows
    sheet: LiveSheet
    variance: dict[int, Row] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        return self.inputs.plan.bodies.ids

    def named(self, n: int) -> str:
        return self.inputs.plan.bodies.names[n]

    def variances(self) -> None:
        """Position before risk share less the total, where there is one, and whether it is met."""
        for n, line in self.stated.totals.items():
            position = self.positions.bodies[n]["position_before_risk_share"].here
            self.variance[n] = self.sheet.works_out(
                self.named(n), "Variance before risk share",
                "Position before risk share − control total, where there is one", "£m",
                choose(line.stated, position - line.here, 0),
            )  # fmt: skip
            self.sheet.works_out(
                self.named(n), "Total met before transfers: 1 yes, 0 no",
                "Variance at or above 0, within rounding", "switch",
                choose(line.stated, met(self.stated, self.variance[n].here), 0),
            )  # fmt: skip

    # risk share

    def share(self) -> tuple[list[list[Expression]], list[list[Expression]]]:
        """What each term transfers, and what guarantors give, by organisation."""
        count = len(self.ids)
        transfers: list[list[Expression]] = [[] for _ in range(count)]
        supports: list[list[Expression]] = [[] for _ in range(count)]
        pooled: dict[int, Row] = {}
        pool: terms_of.Pool | None = None
        for number, stated in enumerate(self.stated.terms, 1):
            so_far = [
                added([
                    *([self.variance[n].here] if n in self.variance else []),
                    *transfers[n],
                    *supports[n],
                ])
                for n in range(count)
            ]  # fmt: skip
            self.sheet.heading(f"Risk share, term {number}: {_name(stated.term)}")
            match stated.term:
                case terms_of.Pool():
                    pool = stated.term
                    pooled = self._pooled(stated, pool, so_far)
                case terms_of.Corridor():
                    assert pool is not None
                    pooled = self._corridor(stated, stated.term, pool, pooled)
                case terms_of.Shares():
                    assert pool is not None
                    for n, row in self._shared(stated, stated.term, pool, pooled).items():
                        transfers[n].append(row.here)
                case terms_of.Guarantor():
                    for n, row in self._guaranteed(stated, stated.term, so_far).items():
                        supports[n].append(row.here)
        return transfers, supports

    def _pooled(
        self, stated: TermInputs, pool: terms_of.Pool, so_far: list[Expression]
    ) -> dict[int, Row]:
        rows = {}
        for n, body in enumerate(self.ids):
            if body not in pool.members:
                continue
            taken = so_far[n]
            if pool.direction == "adverse":
                taken = least(0, taken)
            elif pool.direction == "favourable":
                taken = most(0, taken)
            if stated.applies is not None:
                taken = stated.applies.here * taken
            rows[n] = self.sheet.works_out(
                self.named(n), "In the pool", f"Variance so far, {pool.direction}", "£m", taken
            )
        return rows

    def _corridor(
        self,
        stated: TermInputs,
        corridor: terms_of.Corridor,
        pool: terms_of.Pool,
        pooled: dict[int, Row],
    ) -> dict[int, Row]:
        in_percent = corridor.unit == "income"
        if corridor.on == "pool":
            return self._corridor_on_pool(stated, in_percent, pooled)
        rows = dict(pooled)
        for n, row in pooled.items():
            if self.ids[n] not in (corridor.members or pool.members):
                continue
            income = self.positions.bodies[n]["income"].here if in_percent else None
            rows[n] = self.sheet.works_out(
                self.named(n), "In the pool after the corridor",
                "Sum over bands of the part of its slice that is pooled", "£m",
                _banded(stated, row.here, income),
            )  # fmt: skip
        return rows

    def _corridor_on_pool(
        self, stated: TermInputs, in_percent: bool, pooled: dict[int, Row]
    ) -> dict[int, Row]:
        sheet = self.sheet
        income = None
        if in_percent:
            together = [self.positions.bodies[n]["income"].here for n in pooled]
            income = sheet.works_out(
                "System", "Income of the members of the pool", "Sum", "£m", added(together)
            ).here
        net = sheet.works_out(
            "System", "Pool before the corridor", "Sum over members", "£m",
            added([row.here for row in pooled.values()]),
        )  # fmt: skip
        kept = sheet.works_out(
            "System", "Pool after the corridor", "Sum over bands of the part that is pooled", "£m",
            _banded(stated, net.here, income),
        )  # fmt: skip
        first = most(stated.adverse[0].pooled.fixed, stated.favourable[0].pooled.fixed)
        part = sheet.works_out(
            "System", "Part of each contribution that is pooled", "After ÷ before the corridor",
            "share", choose(equals(net.here, 0), first, kept.here / net.here),
        )  # fmt: skip
        return {
            n: sheet.works_out(
                self.named(n), "In the pool after the corridor", "Contribution × part", "£m",
                row.here * part.here,
            )
            for n, row in pooled.items()
        }  # fmt: skip

    def _shared(
        self,
        stated: TermInputs,
        shares: terms_of.Shares,
        pool: terms_of.Pool,
        pooled: dict[int, Row],
    ) -> dict[int, Row]:
        """`share · pool − own contribution`, shares in proportion to weights."""
        sheet = self.sheet
        weights = self._weights(stated, shares, pool)
        net = sheet.works_out(
            "System", "The pool", "Sum over members", "£m",
            added([row.here for row in pooled.values()]),
        )  # fmt: skip
        whole = sheet.works_out(
            "System", "What shares are in proportion to", f"Sum over sharers, by {shares.by}",
            "£m" if shares.by == "income" else "number", added(list(weights.values())),
        )  # fmt: skip
        rows = {}
        for n in sorted({*weights, *pooled}):
            taken: Expression | None = None
            if n in weights:
                taken = weights[n] / whole.here * net.here
            own = pooled.get(n)
            if own is not None:
                taken = (0 - own.here) if taken is None else taken - own.here
            assert taken is not None
            rows[n] = sheet.works_out(
                self.named(n), "Transfer, received positive", "Share of the pool − contribution",
                "£m", taken,
            )  # fmt: skip
        return rows

    def _weights(
        self, stated: TermInputs, shares: terms_of.Shares, pool: terms_of.Pool
    ) -> Mapping[int, Expression]:
        if shares.by == "fixed":
            return {
                n: stated.shares[body].fixed
                for n, body in enumerate(self.ids)
                if body in stated.shares
            }
        sharers = [n for n, body in enumerate(self.ids) if body in (shares.members or pool.members)]
        if shares.by == "income":
            return {n: self.positions.bodies[n]["income"].here for n in sharers}
        return dict.fromkeys(sharers, lift(1))

    def _guaranteed(
        self, stated: TermInputs, term: terms_of.Guarantor, so_far: list[Expression]
    ) -> dict[int, Row]:
        """Its share of the joint shortfall past a threshold, to a limit, by own shortfall."""
        sheet = self.sheet
        assert stated.share is not None
        members = [n for n, body in enumerate(self.ids) if body in (term.members or self.ids)]
        seen = {
            n: sheet.works_out(
                self.named(n), "Variance so far", "After the terms above", "£m",
                so_far[n] if stated.applies is None else stated.applies.here * so_far[n],
            )
            for n in members
        }  # fmt: skip
        short = {
            n: sheet.works_out(
                self.named(n), "Own shortfall", "0 − variance so far, at least 0", "£m",
                most(0, 0 - row.here),
            )
            for n, row in seen.items()
        }  # fmt: skip
        income = added([self.positions.bodies[n]["income"].here for n in members])

        def money(row: Row | None) -> Expression:
            assert row is not None
            return row.fixed if row.unit == "£m" else row.fixed * most(0, income)

        past = most(0, 0 - added([row.here for row in seen.values()]) - money(stated.threshold))
        paid = sheet.works_out(
            term.name, "Pays", "Share of the joint shortfall past the threshold, to the limit",
            "£m", least(stated.share.fixed * past, money(stated.limit)),
        )  # fmt: skip
        joint = sheet.works_out(
            "System", "Shortfalls", "Sum of own shortfalls", "£m",
            added([row.here for row in short.values()]),
        )  # fmt: skip
        return {
            n: sheet.works_out(
                self.named(n), "External support", "What is paid × own shortfall ÷ all shortfalls",
                "£m", choose(above(joint.here, 0), paid.here * row.here / joint.here, 0),
            )
            for n, row in short.items()
        }  # fmt: skip


def _banded(stated: TermInputs, variance: Expression, income: Expression | None) -> Expression:
    """`bands(v)` of a favourable variance, `−bands(−v)` of an adverse one."""
    gain = _bands(stated.favourable, most(0, variance), income)
    return gain - _bands(stated.adverse, most(0, 0 - variance), income)


def _bands(bands: Sequence[BandInputs], size: Expression, income: Expression | None) -> Expression:
    """`Σ pooled · max(min(x, high) − low, 0)`."""

    def edge(row: Row) -> Expression:
        return row.fixed if income is None else row.fixed * most(0, income)

    return added([
        band.pooled.fixed
        * most(0, (size if band.high is None else least(size, edge(band.high))) - edge(band.low))
        for band in bands
    ])  # fmt: skip


def _name(term: terms_of.Term) -> str:
    return type(term).__name__.lower()
