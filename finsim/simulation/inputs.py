"""The uncertain inputs of a scenario: their places in the list, and their values in each draw.

Every input of the book keeps its place whether or not a scenario uses it. The list has three
lanes that interleave: the population and the national drivers, the system's own drivers, and the
schemes. So adding to the end of any of them, in the book or in an option, moves no other input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from finsim.book.model import Book, Dependence
from finsim.book.schemes import ActivityScheme
from finsim.book.uncertain import AutoRegressive, OverYears, Path, UncertainRate
from finsim.book.validate import input_names, members_of
from finsim.simulation.distributions import distribution_from
from finsim.uncertainty import dependence
from finsim.uncertainty.distributions import Distribution, Event, Fixed, quantile_at_scores

FloatArray: TypeAlias = NDArray[np.float64]
LANES = 3
MIXED = "members that are the same in all years and members that are not cannot mix"
GROWTH = "population.growth"
PRESSURE = "calibrate.spread"
RANK_FORM: TypeAlias = Literal["constant", "yearly", "ar1"]


class InputError(ValueError):
    """An input that does not fit with the others.

    `others` are mistakes found with it. `path` leads to its value in the book or, when it begins
    with "scenario", in the scenario.
    """

    def __init__(self, path: tuple[int | str, ...], message: str) -> None:
        super().__init__(message)
        self.path = path
        self.others: tuple[InputError, ...] = ()


class Input(Struct, frozen=True):
    """One uncertain input: `path + deviation`, the deviation the same in all years or not.

    `reserved` are the coordinates of its place in the list; it draws the first of them, or none.
    """

    name: str
    distribution: Distribution
    path: FloatArray
    over_years: RANK_FORM
    persistence: float
    coordinates: tuple[int, ...]
    reserved: tuple[int, ...]

    @property
    def is_fixed(self) -> bool:
        """Whether no random number moves it."""
        return self.distribution.is_fixed

    @property
    def is_steady(self) -> bool:
        """Whether it is one value for all years."""
        return self.over_years == "constant" and not np.ptp(self.path)

    def central(self) -> FloatArray:
        """Its mean, [year]."""
        return self.path + self.distribution.mean


class Group(Struct, frozen=True, dict=True):
    """Inputs that move together, by their positions in the list of inputs sampled.

    A factor group has the factor's coordinates and a loading for each member. A matrix group mixes
    the `sources`, the coordinates of every member stated, sampled or not, so that leaving a member
    out moves no other; `kept` are the members sampled, by their order among those stated.
    """

    members: tuple[int, ...]
    factor: tuple[int, ...] = ()
    loadings: FloatArray | None = None
    matrix: FloatArray | None = None
    sources: tuple[tuple[int, ...], ...] = ()
    kept: tuple[int, ...] = ()

    @cached_property
    def root(self) -> FloatArray:
        """What mixes the sources' scores, lower triangular: [member stated, member stated]."""
        assert self.matrix is not None
        return dependence.lower_triangular_root(self.matrix)


class Inputs(Struct, frozen=True, dict=True):
    """The inputs that a plan uses, in order, and how they move together."""

    inputs: tuple[Input, ...]
    groups: tuple[Group, ...]
    years: int

    @cached_property
    def coordinates(self) -> NDArray[np.int64]:
        """Every coordinate that is drawn, in the order in which `values` takes them."""
        own = [c for item in self.inputs if not item.is_fixed for c in item.coordinates]
        shared = [c for group in self.groups for c in group.factor]
        shared += [c for group in self.groups for source in group.sources for c in source]
        return np.array(list(dict.fromkeys([*own, *shared])), dtype=np.int64)

    def position(self, name: str) -> int:
        """Where an input stands in the first axis of the values."""
        return next(number for number, item in enumerate(self.inputs) if item.name == name)

    def central(self) -> FloatArray:
        """Every input at its mean, events at their probability: [input, year, 1]."""
        if not self.inputs:
            return np.zeros((0, self.years, 1))
        return np.stack([item.central() for item in self.inputs])[:, :, None]

    def only(self, numbers: Sequence[int]) -> Inputs:
        """Some of the inputs by their positions, each drawn from the same numbers as in the whole.

        A member of a matrix group keeps the sources of them all.
        """
        place = {number: new for new, number in enumerate(numbers)}
        groups = []
        for group in self.groups:
            kept = [n for n, member in enumerate(group.members) if member in place]
            if not kept:
                continue
            members = tuple(place[group.members[n]] for n in kept)
            if group.loadings is not None:
                groups.append(replace(group, members=members, loadings=group.loadings[kept]))
            else:
                rest = tuple(group.kept[n] for n in kept)
                groups.append(replace(group, members=members, kept=rest))
        return Inputs(tuple(self.inputs[n] for n in numbers), tuple(groups), self.years)

    def values(self, u: FloatArray) -> FloatArray:
        """The inputs of the draws at points u [coordinate, draw]: [input, year, draw]."""
        x = np.empty((len(self.inputs), self.years, u.shape[1]))
        for number, value in self._fixed:
            x[number] = value
        scores = self._scores(u)
        for alike, rows in self._drawn_alike:
            distribution = self.inputs[alike[0]].distribution
            if alike[0] in scores:
                at_scores = np.stack([scores[number] for number in alike])
                deviations = quantile_at_scores(distribution, at_scores)
            else:
                deviations = distribution.quantile(u.take(rows, axis=0))
            for number, deviation in zip(alike, deviations, strict=True):
                if number in self._plain:
                    x[number] = deviation
                else:
                    _lay(x[number], self.inputs[number], deviation)
        return x

    @cached_property
    def _fixed(self) -> list[tuple[int, FloatArray]]:
        """The inputs that no random number moves, and their values, [year, 1]."""
        fixed = [(number, item) for number, item in enumerate(self.inputs) if item.is_fixed]
        return [(number, item.central()[:, None]) for number, item in fixed]

    @cached_property
    def _plain(self) -> frozenset[int]:
        """The inputs that are what is drawn of them, in every year."""
        plain = (n for n, i in enumerate(self.inputs) if i.is_steady and not i.path.any())
        return frozenset(plain)

    @cached_property
    def _drawn_alike(self) -> tuple[tuple[list[int], list[list[int]]], ...]:
        """The inputs that are drawn, gathered by distribution, by how many numbers to a draw, and
        by whether they depend on others or on their own years before; and the rows of each.
        """
        mixed = {member for group in self.groups for member in group.members}
        gathered: dict[tuple[Distribution, int, bool], list[int]] = {}
        for number, item in enumerate(self.inputs):
            if not item.is_fixed:
                depends = number in mixed or item.over_years == "ar1"
                key = (item.distribution, len(item.coordinates), depends)
                gathered.setdefault(key, []).append(number)
        return tuple((alike, self._rows(alike)) for alike in gathered.values())

    def _rows(self, numbers: Iterable[int]) -> list[list[int]]:
        """Where the coordinates of some inputs stand among all: [input][year or 1]."""
        return self._places(self.inputs[number].coordinates for number in numbers)

    def _places(self, coordinates: Iterable[Iterable[int]]) -> list[list[int]]:
        return [[self._row_of[coordinate] for coordinate in some] for some in coordinates]

    @cached_property
    def _row_of(self) -> dict[int, int]:
        return {coordinate: row for row, coordinate in enumerate(self.coordinates.tolist())}

    def _scores(self, u: FloatArray) -> dict[int, FloatArray]:
        """The normal scores [year or 1, draw] of inputs that depend on others or on the past."""
        scores: dict[int, FloatArray] = {}
        for group in self.groups:
            mixed = self._together(group, u)
            scores |= {member: mixed[position] for position, member in enumerate(group.members)}
        for number, item in enumerate(self.inputs):
            if item.over_years == "ar1" and not item.is_fixed:
                if number not in scores:
                    (rows,) = self._rows([number])
                    scores[number] = dependence.normal_scores(u[rows])
                own = dependence.autoregressive_scores(scores[number], item.persistence)
                scores[number] = own
        return scores

    def _together(self, group: Group, u: FloatArray) -> FloatArray:
        """The scores of a group's members, [member, year or 1, draw]."""
        if group.matrix is not None:
            sources = dependence.normal_scores(u[self._places(group.sources)])
            mixed = dependence.mixed_scores(sources, group.root)
            return mixed[list(group.kept)]
        assert group.loadings is not None
        scores = dependence.normal_scores(u[self._rows(group.members)])
        (rows,) = self._places([group.factor])
        factor = dependence.normal_scores(u[rows])
        return dependence.factor_scores(scores, factor, group.loadings)


def _lay(values: FloatArray, item: Input, deviation: FloatArray) -> None:
    """Write an input [year, draw]; in the base year a yearly deviation is at its mean."""
    if item.over_years == "constant":
        np.add(item.path[:, None], deviation, out=values)
    else:
        values[0] = item.path[0] + item.distribution.mean
        np.add(item.path[1:, None], deviation, out=values[1:])


def _lanes(book: Book) -> dict[str, int]:
    """The lane of every input of a book."""
    drivers = {driver.id: 0 for driver in book.national_drivers}
    own = {driver.id: 1 for driver in book.drivers}
    schemes = {name: 2 for name in input_names(book) if name.startswith("schemes.")}
    return {GROWTH: 0, PRESSURE: 0, **drivers, **own, **schemes}


class Register:
    """Every input of a book and scenario by name, each at its place in the list."""

    def __init__(
        self,
        book: Book,
        years: Sequence[int],
        growth: UncertainRate | None,
        spread: UncertainRate | None,
        listed: Mapping[str, int] | None = None,
    ) -> None:
        self.book = book
        self.years = tuple(years)
        self.listed = listed or {}
        self.known: dict[str, Input] = {}
        self.next_place = [0] * LANES
        self.places = self._listed_places()
        growth_path, spread_path = (tuple(name.split(".")) for name in (GROWTH, PRESSURE))
        self._take(0, GROWTH, growth if growth is not None else 0.0, ("scenario", *growth_path))
        self._take(0, PRESSURE, spread if spread is not None else 0.0, ("scenario", *spread_path))
        for lane, section in ((0, "national_drivers"), (1, "drivers")):
            for number, driver in enumerate(getattr(book, section)):
                self._take(lane, driver.id, driver.value, (section, number, "value"))
        for number, scheme in enumerate(book.schemes):
            where = ("schemes", number)
            slip = scheme.slip if isinstance(scheme, ActivityScheme) else 0.0
            name = f"schemes.{scheme.id}"
            self._keep(2, f"{name}.happens", Event(scheme.chance), "constant")
            self._take(2, f"{name}.slip", slip, (*where, "slip"))
            self._take(2, f"{name}.delivered", scheme.delivered, (*where, "delivered"))

    def select(self, names: Iterable[str]) -> Inputs:
        """The inputs of these names, in the order of the list, with the groups that bind them."""
        wanted = set(names)
        chosen = [item for name, item in self.known.items() if name in wanted]
        position = {item.name: number for number, item in enumerate(chosen)}
        groups = [
            group
            for number, stated in enumerate(self.book.dependence)
            if (group := self._group(stated, ("dependence", number), position)) is not None
        ]
        return Inputs(tuple(chosen), tuple(groups), len(self.years))

    def _take(
        self, lane: int, name: str, value: UncertainRate, where: tuple[int | str, ...]
    ) -> None:
        path = np.zeros(len(self.years))
        over: OverYears = "constant"
        distribution: Distribution = Fixed(0.0)
        try:
            if isinstance(value, Path):
                path = self._path(value, where)
                if value.around is not None:
                    over = value.around.over_years
                    distribution = distribution_from(value.around)
            else:
                over = "constant" if isinstance(value, (int, float)) else value.over_years
                distribution = distribution_from(value)
        except InputError:
            raise
        except ValueError as error:
            raise InputError(where, str(error)) from None
        self._keep(lane, name, distribution, over, path)

    def _keep(
        self,
        lane: int,
        name: str,
        distribution: Distribution,
        over: OverYears,
        path: FloatArray | None = None,
    ) -> None:
        is_ar1 = isinstance(over, AutoRegressive)
        count = 1 if over == "constant" else len(self.years) - 1
        reserved = self.places.get(name, ())
        reserved += self._next(lane, count - len(reserved))
        self.known[name] = Input(
            name=name,
            distribution=distribution,
            path=np.zeros(len(self.years)) if path is None else path,
            over_years="ar1" if is_ar1 else over,  # type: ignore[arg-type]
            persistence=over.ar1 if isinstance(over, AutoRegressive) else 0.0,
            coordinates=reserved[:count],
            reserved=reserved,
        )

    def _next(self, lane: int, count: int) -> tuple[int, ...]:
        """The next free coordinates of a lane."""
        first = self.next_place[lane]
        self.next_place[lane] += max(count, 0)
        return tuple(lane + LANES * (first + step) for step in range(count))

    def _listed_places(self) -> dict[str, tuple[int, ...]]:
        """The places of the inputs that the files list, whatever an option has made of them."""
        lanes = _lanes(self.book)
        return {name: self._next(lanes.get(name, 0), count) for name, count in self.listed.items()}

    def _path(self, value: Path, where: tuple[int | str, ...]) -> FloatArray:
        missing = [year for year in self.years[1:] if year not in value.path]
        if missing:
            from finsim.book.quantities import financial_year_text

            years = ", ".join(map(financial_year_text, missing))
            raise InputError((*where, "path"), f"has no value for {years}")
        return np.array([value.path.get(year, 0.0) for year in self.years])

    def _group(
        self, stated: Dependence, where: tuple[int | str, ...], position: dict[str, int]
    ) -> Group | None:
        """The part of a dependence group that this plan samples; None if nothing is left of it."""
        names = list(input_names(self.book))
        members = [name for pattern in stated.members for name in members_of(pattern, names)]
        kept = [
            number
            for number, name in enumerate(members)
            if name in position and not self.known[name].is_fixed
        ]
        if not kept:
            return None
        forms = {self.known[members[number]].over_years == "constant" for number in kept}
        if len(forms) > 1:
            raise InputError((*where, "members"), MIXED)
        chosen = tuple(position[members[number]] for number in kept)
        count = len(self.known[members[kept[0]]].coordinates)
        if stated.matrix is not None:
            matrix = self._matrix(stated, where, members)
            sources = tuple(self.known[name].reserved[:count] for name in members)
            if any(len(source) < count for source in sources):
                raise InputError((*where, "members"), MIXED)
            return Group(chosen, matrix=matrix, sources=sources, kept=tuple(kept))
        factor, loadings = self._factor(stated, where, members, kept, count)
        return Group(chosen, factor, loadings)

    def _factor(
        self,
        stated: Dependence,
        where: tuple[int | str, ...],
        members: list[str],
        kept: list[int],
        count: int,
    ) -> tuple[tuple[int, ...], FloatArray]:
        assert stated.factor is not None
        factor = self.known[stated.factor]
        if len(factor.coordinates) != count:
            message = f"the factor {factor.name} and its members differ in `over_years`"
            raise InputError((*where, "factor"), message)
        if stated.loadings is not None:
            every = np.array(stated.loadings)
        else:
            assert stated.rank_correlation is not None
            every = np.full(len(members), dependence.loading_for(stated.rank_correlation))
        return factor.coordinates, every[kept]

    def _matrix(
        self, stated: Dependence, where: tuple[int | str, ...], members: list[str]
    ) -> FloatArray:
        assert stated.matrix is not None
        if any(len(row) != len(members) for row in stated.matrix):
            raise InputError((*where, "matrix"), "is not square; every pair needs a value")
        rank = np.array(stated.matrix)
        ones = np.allclose(np.diag(rank), 1)
        if not ones or not np.allclose(rank, rank.T) or np.any(np.abs(rank) > 1):
            message = "must be symmetric, with 1 on the diagonal and values from -1 to 1"
            raise InputError((*where, "matrix"), message)
        pearson = np.asarray(dependence.spearman_to_pearson(rank))
        np.fill_diagonal(pearson, 1.0)
        try:
            dependence.check_correlation(pearson, tuple(members))
        except dependence.ImpossibleCorrelation as error:
            raise InputError((*where, "matrix"), str(error)) from None
        return pearson
