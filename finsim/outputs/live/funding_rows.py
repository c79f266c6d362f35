"""Judging and sustainability funding on the sheet Calculations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from finsim.economics.sustainability_funding_terms import FINANCE
from finsim.outputs.live.arrangement_inputs import ArrangementInputs, FundInputs
from finsim.outputs.live.expressions import (
    Expression,
    above,
    added,
    at_least,
    choose,
    equals,
    least,
    lift,
    most,
    product,
)
from finsim.outputs.live.input_rows import Inputs
from finsim.outputs.live.rows import LiveSheet, Row, total_of_constants


def met(stated: ArrangementInputs, variance: Expression) -> Expression:
    """1 where a total is met, within rounding, else 0."""
    return choose(at_least(variance, 0 - stated.within.fixed), 1, 0)


class Funding(Struct, frozen=True):
    """What is paid for meeting control totals, being written."""

    inputs: Inputs
    stated: ArrangementInputs
    sheet: LiveSheet

    def named(self, n: int) -> str:
        """An organisation's name."""
        return self.inputs.plan.bodies.names[n]

    def received(self, judged: Sequence[Row]) -> list[list[Expression]]:
        """What the fund, the bonus and the residual pay to each organisation."""
        received: list[list[Expression]] = [[] for _ in judged]
        sheet, stated, fund = self.sheet, self.stated, self.stated.fund
        sheet.heading("Judged against the totals")
        own: dict[int, Row] = {}
        for n, line in stated.totals.items():
            own[n] = sheet.works_out(
                self.named(n), "Variance to the total",
                "Position that is judged − control total, where there is one", "£m",
                choose(line.stated, judged[n].here - line.here, 0),
            )  # fmt: skip
            sheet.works_out(
                self.named(n), "Total met: 1 yes, 0 no", "Variance at or above 0, within rounding",
                "switch", choose(line.stated, met(self.stated, own[n].here), 0),
            )  # fmt: skip
        system = sheet.works_out(
            "System", "Variance to the system total", "Sum over those that count in it", "£m",
            added([flag.here * own[n].here for n, flag in stated.counts.items()]),
        )  # fmt: skip
        if fund is None:
            return received
        counted = added([flag.here for flag in stated.counts.values()])
        sheet.heading("Sustainability funding")
        gate = sheet.works_out(
            "System", "Gate of the system total",
            "1 at the total or above; below it the taper, or 0", "share",
            choose(above(counted, 0), self._gate(system.here, fund.system_taper), 0),
        )  # fmt: skip
        offered: dict[int, Row] = {}
        paid: dict[int, Row] = {}
        for n, (offer, of_income) in fund.offers.items():
            offered[n] = sheet.works_out(
                self.named(n), "Fund offered", "Offer, in the years in which the fund is open",
                "£m", product(fund.open_in.here, offer.fixed, self._turnover(n, of_income)),
            )  # fmt: skip
            paid[n] = self._paid(fund, n, own.get(n), gate, offered[n])
            received[n].append(paid[n].here)
        for n, row in self._from_pot(fund, own, offered, paid):
            received[n].append(row.here)
        return received

    def _gate(self, variance: Expression, taper: Row) -> Expression:
        tapered = most(0, least(1, 1 + variance / taper.here))
        return choose(above(taper.here, 0), tapered, met(self.stated, variance))

    def _turnover(self, n: int, of_income: bool) -> Expression | None:
        inputs = self.inputs
        if not of_income:
            return None
        paid_to = [
            inputs.contracts[c]
            for c in inputs.contract_order
            if inputs.plan.contracts.provider[c] == n
        ]
        return total_of_constants(paid_to)

    def _paid(self, fund: FundInputs, n: int, variance: Row | None, gate: Row, offered: Row) -> Row:
        sheet, name, link = self.sheet, self.named(n), self.stated.link_share.fixed
        own = lift(0)
        if variance is not None:
            line = self.stated.totals[n]
            own = choose(line.stated, self._gate(variance.here, fund.own_taper), 0)
        opened = sheet.works_out(
            name, "Gate", "(1 − linked share) × own gate + linked share × system gate", "share",
            least(1, (1 - link) * own + link * gate.here),
        )  # fmt: skip
        performance = choose(equals(fund.needs_finance.here, 1), opened.here, 1)
        earned = fund.weights[FINANCE].here * opened.here
        for part, attained in fund.attained.items():
            earned = earned + fund.weights[part].here * performance * attained.here
        share = sheet.works_out(
            name, "Share of the fund that is earned",
            "Gate × weight of finance + sum of weights × attained", "share", least(1, earned),
        )  # fmt: skip
        return sheet.works_out(
            name, "Paid by the fund", "Offered × share earned", "£m", offered.here * share.here
        )

    def _from_pot(
        self,
        fund: FundInputs,
        own: Mapping[int, Row],
        offered: Mapping[int, Row],
        paid: Mapping[int, Row],
    ) -> list[tuple[int, Row]]:
        """The bonus and the residual, which together are never more than the national pot."""
        if not any((*fund.bonus_rate.values, *fund.shares_residual.values)):
            return []
        sheet = self.sheet
        sheet.heading("Bonus and residual, from the national pot")
        able: dict[int, Row] = {}
        claimed: dict[int, Row] = {}
        for n in offered:
            if n not in own:
                continue
            line, name = self.stated.totals[n], self.named(n)
            able[n] = sheet.works_out(
                name, "At or above its total, and offered a fund: 1 yes, 0 no",
                "Variance at or above 0, within rounding", "switch",
                choose(line.stated,
                       choose(above(offered[n].here, 0), met(self.stated, own[n].here), 0), 0),
            )  # fmt: skip
            claimed[n] = sheet.works_out(
                name, "Bonus before the limit of the pot", "Rate × variance, where it is met", "£m",
                able[n].here * fund.bonus_rate.here * most(0, own[n].here),
            )  # fmt: skip
        together = sheet.works_out(
            "System", "Bonus before the limit of the pot", "Sum", "£m",
            added([row.here for row in claimed.values()]),
        )  # fmt: skip
        pot = fund.pot.fixed
        part = sheet.works_out(
            "System", "Part of the bonus that the pot pays", "Pot ÷ bonus, at most 1", "share",
            choose(above(together.here, pot), pot / together.here, 1),
        )  # fmt: skip
        unearned = sheet.works_out(
            "System", "Unearned money that is shared out", "Sum of offered − paid", "£m",
            fund.shares_residual.here
            * added([row.here - paid[n].here for n, row in offered.items()]),
        )  # fmt: skip
        left = sheet.works_out(
            "System", "Residual", "Unearned money, to what the bonus leaves of the pot", "£m",
            least(unearned.here, most(0, pot - together.here * part.here)),
        )  # fmt: skip
        sharers = sheet.works_out(
            "System", "Funds of those who share the residual", "Sum", "£m",
            added([row.here * offered[n].here for n, row in able.items()]),
        )  # fmt: skip
        return [
            (
                n,
                sheet.works_out(
                    self.named(n), "Bonus and residual",
                    "Bonus × part paid + residual by own fund", "£m",
                    claimed[n].here * part.here
                    + choose(above(sharers.here, 0),
                             row.here * offered[n].here / sharers.here * left.here, 0),
                ),
            )
            for n, row in able.items()
        ]  # fmt: skip
