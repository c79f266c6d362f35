"""`finsim solve`: what value gives a stated gap, position or chance."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from finsim.analysis.answers import STATISTICS, Answer, Figures, Target, answer, now
from finsim.analysis.levers import (
    HOWS,
    SAVING,
    Lever,
    Put,
    Unit,
    UnknownLever,
    extra_saving,
    lever,
    main_levers,
)
from finsim.analysis.measures import CHANCE
from finsim.analysis.results import Results
from finsim.analysis.solving import Evaluation
from finsim.analysis.study import Case
from finsim.analysis.tornado import swings
from finsim.analysis.watched import Watched
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, shown
from finsim.book.quantities import (
    QuantityError,
    money,
    money_text,
    month,
    month_text,
    months,
    months_text,
    number,
    number_text,
    rate,
    rate_text,
)
from finsim.commands.reporting import files_asked, give
from finsim.commands.run import Request, clear_progress, computed, progress_on_terminal, warn
from finsim.commands.sensitivity import asked_for, only_one
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs.atomic import check_writable
from finsim.simulation.resolve import resolve

SUFFIXES = (".xlsx", ".json")

READERS: tuple[tuple[Unit, Callable[[str], float], Callable[[float], str]], ...] = (
    ("£m", money, money_text),
    ("fraction", rate, rate_text),
    ("months", months, months_text),
    ("month", month, lambda value: month_text(round(value))),
    ("number", number, number_text),
)


class Question(Struct, frozen=True):
    """What must be reached, and what is varied for it; nothing named: the main inputs."""

    target: str
    vary: tuple[str, ...] = ()
    how: str | None = None
    low: str | None = None
    high: str | None = None
    year: str | None = None
    main: int = 8


class Solved(Struct, frozen=True):
    """A target, where the scenario stands, and what each lever gives."""

    target: Target
    stands: Evaluation
    answers: tuple[Answer, ...]


def solve(request: Request, question: Question) -> int:
    """Say what gives the target; returns the exit code."""
    targets = files_asked(request, SUFFIXES)
    resolution = only_one(request)
    case = Case(resolution.plan, resolution.arrangement)
    target = target_of(case, question)
    levers = _levers(request, case, target, question)
    for path in targets:
        check_writable(path, request.force)
    if not request.quiet:
        warn(resolution)
    (results,) = computed([resolution], request)
    figures = Figures(case, target, results.sampling)
    progress = None if request.quiet else progress_on_terminal("Solving")
    answers = []
    for count, one in enumerate(levers, start=1):
        answers.append(answer(figures, one))
        if progress is not None:
            progress(count, len(levers))
    if progress is not None:
        clear_progress()
    solved = Solved(target, now(figures), tuple(answers))
    contents = {
        ".json": lambda: _json(results, case, solved).encode(),
        ".xlsx": lambda: _workbook(results, case, solved),
    }
    give(request, targets, contents, lambda: _text(results, case, solved))
    return DONE if results.passed else CHECK_FAILED


def _text(results: Results, case: Case, solved: Solved) -> str:
    from finsim.outputs.solving import solving_text

    return solving_text(results, case, solved.target, solved.stands, solved.answers)


def _json(results: Results, case: Case, solved: Solved) -> str:
    from finsim.outputs.solving import solving_json
    from finsim.outputs.tidy import json_text

    found = solving_json(case, solved.target, solved.stands, solved.answers)
    return json_text([results], {"solve": found})


def _workbook(results: Results, case: Case, solved: Solved) -> bytes:
    from finsim.outputs.workbook import workbook_bytes
    from finsim.outputs.workbook_sheets_sensitivity import solve as fill

    stated = solved.target, solved.stands, solved.answers
    return workbook_bytes([results], {"Solve": lambda sheet: fill(sheet, case, *stated)})


# what must be reached


def target_of(case: Case, question: Question) -> Target:
    """`met=80%`, `gap.p90=£500m`, `position:bhrut=-£10m`; raises InputProblems."""
    flag = f"--for {question.target}"
    name, sign, text = question.target.partition("=")
    if not sign:
        _refuse(flag, "says no value to reach; write it as met=80% or gap=£450m")
    figure, _, body = name.strip().partition(":")
    figure, _, statistic = figure.partition(".")
    statistic = statistic or "mean"
    if statistic not in STATISTICS:
        near = did_you_mean(statistic, STATISTICS)
        _refuse(flag, f"there is no {shown(statistic)}; known: {', '.join(STATISTICS)}{near}")
    of = asked_for(case, figure + (f":{body}" if body else ""), question.year, "--for")
    if of.is_chance and statistic != "mean":
        _refuse(flag, f"a chance has no {statistic}; write met={text.strip()}")
    try:
        value = (rate if of.unit == CHANCE else money)(text)
    except QuantityError as error:
        _refuse(flag, str(error))
    if of.is_chance and not 0 < value < 1:
        _refuse(flag, "a chance to reach lies between 0% and 100%")
    return Target(of, statistic, value)  # type: ignore[arg-type]


def _refuse(flag: str, message: str) -> None:
    raise InputProblems([Problem(Place(flag), "", message)])


# what is varied


def _levers(request: Request, case: Case, target: Target, question: Question) -> list[Lever]:
    """The levers asked for, or the saving and the inputs that matter most."""
    if question.how is not None and question.how not in HOWS:
        _refuse(f"--as {question.how}", f"known: {', '.join(HOWS)}")
    t = target.of.t
    if not question.vary:
        if question.low is not None or question.high is not None:
            _refuse("--from, --to", "say with --vary what they bound")
        most = main_levers(case, swings(*_in_money(case, target.of)), question.main, t)
        body = "" if target.of.body == "system" else target.of.body
        return [extra_saving(case, body, t), *most]
    found, problems = [], []
    for name in question.vary:
        try:
            found.append(_one(request, case, name, question, t))
        except UnknownLever as error:
            problems.append(Problem(Place(f"--vary {name}"), "", str(error)))
        except InputProblems as error:
            problems += error.problems
    if problems:
        raise InputProblems(problems)
    return found


def _in_money(case: Case, of: Watched) -> tuple[Case, Watched]:
    """The position behind a chance, by which inputs are put in order."""
    if not of.is_chance:
        return case, of
    plan = case.plan
    judged = replace(plan, bodies=replace(plan.bodies, in_perimeter=case.arrangement.in_system))
    return replace(case, plan=judged), replace(of, measure="position_before_risk_share")


def _one(request: Request, case: Case, name: str, question: Question, t: int) -> Lever:
    found = lever(case, name, question.how, t)  # type: ignore[arg-type]
    bounds = [None if text is None else _read(text) for text in (question.low, question.high)]
    if found is None:
        return _of_path(request, case, name, question, bounds)
    if found.name.startswith(SAVING) and question.how not in {None, "value"}:
        raise UnknownLever(f"an extra saving takes a value, not a {question.how}")
    wanted: Unit = "number" if found.unit == "factor" else found.unit
    for bound in bounds:
        if bound is not None and bound[0] != wanted:
            example = next(write(1.0) for unit, _, write in READERS if unit == wanted)
            raise UnknownLever(f"--from and --to must be such as {example}")
    return found.within(*(None if bound is None else bound[1] for bound in bounds))


def _read(text: str) -> tuple[Unit, float]:
    for unit, reader, _ in READERS:
        try:
            return unit, float(reader(text))
        except QuantityError:
            continue
    raise UnknownLever(f"{shown(text)} is no amount, percentage, duration, month or number")


def _of_path(
    request: Request,
    case: Case,
    path: str,
    question: Question,
    bounds: list[tuple[Unit, float] | None],
) -> Lever:
    """A value of the files, by the path that `--set` takes; its bounds must be said."""
    low, high = bounds
    if low is None or high is None:
        names = [item.name for item in case.plan.inputs.inputs]
        text = (
            f"is no input{did_you_mean(path, names)}; for a value of the files say --from and --to"
        )
        raise UnknownLever(text)
    if low[0] != high[0] or low[1] >= high[1]:
        raise UnknownLever("--from and --to must be of one kind, the lower first")
    if question.how not in {None, "value"}:
        raise UnknownLever(f"a value of the files takes a value, not a {question.how}")
    unit = low[0]
    write = next(writer for kind, _, writer in READERS if kind == unit)
    options = request.options[0] if request.options else None

    def put(value: float) -> Put:
        sets = (*request.overrides, f"{path}={write(value)}")
        found = resolve(request.scenario, options, sets)
        return Put(Case(found.plan, found.arrangement))

    put(low[1])
    put(high[1])
    is_whole = unit == "month"
    return Lever(path, path, "value", unit, None, low[1], high[1], 1.0, put, is_whole)
