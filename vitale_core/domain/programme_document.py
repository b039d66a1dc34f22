"""Read a programme document, field by field; each problem names its path.

A document is plain JSON: mappings, lists, strings, numbers, booleans. Times are strings as
"09:30", moments are expressions of `domain.moments`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import time
from typing import Any, TypeVar

from vitale_core.domain.kinds import Kind
from vitale_core.domain.moments import Moment, parse
from vitale_core.domain.programme import (
    STEPS,
    AudienceCriterion,
    CertificateRule,
    Option,
    Programme,
    Question,
    RoundPlan,
    Rule,
    SessionPlan,
    TaskRule,
)
from vitale_core.domain.programme_checks import Path, ProgrammeError, check
from vitale_core.domain.states import Approval, Criterion, SessionKind

Document = Mapping[str, Any]
T = TypeVar("T")
QUESTION_KINDS = ("text", "long", "choice", "several", "scale", "number")
MOST_HOURS = 1000
_CLOCK = re.compile(r"\d{2}:\d{2}")


def read(document: Document) -> Programme:
    """Build the programme of a document, or raise ProgrammeError."""
    top = _Fields(document, ())
    days = tuple(top.list("days", _string))
    sessions = tuple(top.list("sessions", _session))
    visit = top.optional("visit")
    poll = top.section("poll")
    group = top.optional("groups")
    programme = Programme(
        slug=top.text("slug"),
        title=top.text("title"),
        summary=top.text("summary"),
        audience_intro=top.text("audience_intro", ""),
        capacity=top.number("capacity", 1, 500),
        minimum=top.number("minimum", 1, 500),
        group_min=group.number("min", 1, 50) if group else 0,
        group_max=group.number("max", 1, 50) if group else 0,
        offer_working_days=top.number("offer_working_days", 1, 30, default=3),
        quiet_minutes=top.number("quiet_minutes", 0, 240, default=10),
        threshold=top.number("threshold", 3, 100, default=5),
        days=days,
        sessions=sessions,
        outcomes=tuple(top.list("outcomes", _string)),
        audience=tuple(top.list("audience", _criterion)),
        themes=tuple(top.list("themes", _option, default=())),
        application=tuple(top.list("application", _question, default=())),
        intake=tuple(top.list("intake", _question, default=())),
        rsvp_deadline=top.moment("rsvp_deadline"),
        visit_from=visit.moment("from") if visit else None,
        visit_until=visit.moment("until") if visit else None,
        visit_minutes=visit.number("minutes", 15, 600) if visit else 0,
        poll_opens=poll.moment("opens"),
        poll_deadline=poll.moment("deadline"),
        rounds=tuple(top.list("rounds", _round)),
        certificate=_certificate(top.section("certificate")),
        rules=tuple(top.list("mails", _rule)),
        tasks=tuple(top.list("tasks", _task, default=())),
    )
    for fields in (visit, poll, group, top):
        if fields:
            fields.nothing_else()
    check(programme)
    return programme


class _Fields:
    """The fields of one mapping, each taken once, so that an unknown one is seen."""

    def __init__(self, value: object, path: Path) -> None:
        if not isinstance(value, Mapping):
            raise ProgrammeError(path, "hier horen velden te staan")
        self._values = dict(value)
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def _take(self, name: str, default: object = None) -> object:
        if name not in self._values:
            if default is None:
                raise ProgrammeError(self._path, f"het veld '{name}' ontbreekt")
            return default
        return self._values.pop(name)

    def text(self, name: str, default: str | None = None) -> str:
        return _string(self._take(name, default), (*self._path, name), empty=default == "")

    def number(self, name: str, least: int, most: int, *, default: int | None = None) -> int:
        value = self._take(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ProgrammeError((*self._path, name), f"moet een getal van {least} tot {most} zijn")
        return value

    def decimal(self, name: str) -> float:
        value = self._take(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MOST_HOURS:
            raise ProgrammeError((*self._path, name), f"moet een getal van 0 tot {MOST_HOURS} zijn")
        return float(value)

    def yes(self, name: str, *, default: bool) -> bool:
        value = self._values.pop(name, default)
        if not isinstance(value, bool):
            raise ProgrammeError((*self._path, name), "moet ja of nee zijn (true of false)")
        return value

    def moment(self, name: str) -> Moment:
        text = self.text(name)
        try:
            return parse(text)
        except ValueError as problem:
            raise ProgrammeError((*self._path, name), str(problem)) from None

    def maybe_moment(self, name: str) -> Moment | None:
        return self.moment(name) if name in self._values else None

    def clock(self, name: str, default: str | None = None) -> time:
        value = self._take(name, default)
        try:
            if isinstance(value, str) and _CLOCK.fullmatch(value):
                return time.fromisoformat(value)
        except ValueError:
            pass
        raise ProgrammeError((*self._path, name), f"'{value}' is geen tijd als \"09:30\"")

    def choice(self, name: str, kind: Callable[[str], T], default: str | None = None) -> T:
        value = self.text(name, default)
        try:
            return kind(value)
        except ValueError:
            raise ProgrammeError((*self._path, name), f"'{value}' is hier niet mogelijk") from None

    def list(self, name: str, read: Callable[[object, Path], T], default: Sequence[T] | None = None) -> Sequence[T]:
        value = self._take(name, default)
        if value is default and default is not None:
            return default
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ProgrammeError((*self._path, name), "moet een lijst zijn")
        return [read(item, (*self._path, name, position)) for position, item in enumerate(value)]

    def section(self, name: str) -> "_Fields":
        return _Fields(self._take(name), (*self._path, name))

    def optional(self, name: str) -> "_Fields | None":
        return self.section(name) if name in self._values else None

    def nothing_else(self) -> None:
        for name in self._values:
            raise ProgrammeError((*self._path, str(name)), "dit veld is niet bekend")


def _string(value: object, path: Path, *, empty: bool = False) -> str:
    if not isinstance(value, str) or (not value.strip() and not empty):
        raise ProgrammeError(path, "moet tekst zijn")
    return value.strip()


def _session(value: object, path: Path) -> SessionPlan:
    fields = _Fields(value, path)
    kind = fields.choice("kind", SessionKind)
    visit = kind is SessionKind.WERKBEZOEK
    plan = SessionPlan(
        name=fields.text("name"),
        kind=kind,
        day=fields.text("day", "visit" if visit else None),
        title=fields.text("title"),
        text=fields.text("text"),
        start=fields.clock("start", "13:00" if visit else None),
        end=fields.clock("end", "16:00" if visit else None),
    )
    fields.nothing_else()
    return plan


def _criterion(value: object, path: Path) -> AudienceCriterion:
    fields = _Fields(value, path)
    criterion = AudienceCriterion(name=fields.text("name"), text=fields.text("text"))
    fields.nothing_else()
    return criterion


def _option(value: object, path: Path) -> Option:
    fields = _Fields(value, path)
    shows = fields.text("shows", "")
    if shows and shows not in tuple(Criterion):
        raise ProgrammeError((*path, "shows"), f"'{shows}' is hier niet mogelijk")
    option = Option(value=fields.text("value"), label=fields.text("label"), shows=shows)
    fields.nothing_else()
    return option


def _question(value: object, path: Path) -> Question:
    fields = _Fields(value, path)
    question = Question(
        name=fields.text("name"),
        kind=fields.text("kind"),
        label=fields.text("label"),
        hint=fields.text("hint", ""),
        required=fields.yes("required", default=False),
        options=tuple(fields.list("options", _option, default=())),
        criterion=fields.text("criterion", ""),
    )
    if question.kind not in QUESTION_KINDS:
        raise ProgrammeError((*path, "kind"), f"moet een van {', '.join(QUESTION_KINDS)} zijn")
    fields.nothing_else()
    return question


def _round(value: object, path: Path) -> RoundPlan:
    fields = _Fields(value, path)
    plan = RoundPlan(
        name=fields.text("name"),
        title=fields.text("title"),
        opens=fields.moment("opens"),
        closes=fields.moment("closes"),
        outcomes=fields.yes("outcomes", default=True),
        look_back=fields.yes("look_back", default=False),
        questions=tuple(fields.list("questions", _question, default=())),
    )
    fields.nothing_else()
    return plan


def _certificate(fields: "_Fields") -> CertificateRule:
    rule = CertificateRule(
        title=fields.text("title"),
        hours=fields.decimal("hours"),
        may_miss=fields.number("may_miss", 0, 50),
        sessions=tuple(fields.list("sessions", _string)),
    )
    fields.nothing_else()
    return rule


def _rule(value: object, path: Path) -> Rule:
    fields = _Fields(value, path)
    rule = Rule(
        kind=fields.choice("kind", Kind),
        step=_step(fields, path),
        to=fields.text("to"),
        when=fields.moment("when"),
        stale=fields.moment("stale"),
        approval=fields.choice("approval", Approval, "auto"),
        nr=fields.number("nr", 1, 9) if "nr" in fields else 0,
        only=tuple(fields.list("only", _string, default=())),
        not_before=fields.maybe_moment("not_before"),
        late=fields.yes("late", default=True),
    )
    fields.nothing_else()
    return rule


def _task(value: object, path: Path) -> TaskRule:
    fields = _Fields(value, path)
    rule = TaskRule(
        kind=fields.text("kind"),
        step=_step(fields, path),
        to=fields.text("to"),
        when=fields.moment("when"),
        stale=fields.moment("stale"),
        what=fields.text("what"),
        command=fields.text("command", ""),
    )
    fields.nothing_else()
    return rule


def _step(fields: "_Fields", path: Path) -> str:
    step = fields.text("step")
    if step not in STEPS:
        raise ProgrammeError((*path, "step"), f"moet een van {', '.join(STEPS)} zijn")
    return step
