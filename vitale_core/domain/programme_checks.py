"""What must hold between the fields of a programme, so that no rule of it fails on the day itself."""

import string
from collections.abc import Iterator, Sequence

from vitale_core.domain.audiences import AUDIENCES
from vitale_core.domain.moments import Moment
from vitale_core.domain.occasions import DEADLINES, SHARED
from vitale_core.domain.programme import Programme, Question, Rule, TaskRule
from vitale_core.domain.states import SessionKind

Path = tuple[str | int, ...]
CHOICES = frozenset({"choice", "several"})
WORDS = frozenset({"code", "enrolment", "subject", "visit"})
"""What is filled in in the sentence and the command of a task."""


class ProgrammeError(ValueError):
    """A field of a programme does not fit."""

    def __init__(self, path: tuple[str | int, ...], problem: str) -> None:
        """Keep where it is, as keys and positions, and what is wrong, in Dutch."""
        super().__init__(f"{'.'.join(map(str, path)) or 'het bestand'}: {problem}")
        self.path, self.problem = path, problem


def check(programme: Programme) -> None:
    """Refuse what would only fail later: doubles, unknown days, rules that cannot fire."""
    if programme.minimum > programme.capacity:
        raise ProgrammeError(("minimum",), f"{programme.minimum} is meer dan de capaciteit {programme.capacity}")
    if programme.group_max < programme.group_min:
        raise ProgrammeError(("groups", "max"), "is kleiner dan min")
    if programme.has_visits and programme.visit_from is None:
        raise ProgrammeError(("visit",), "ontbreekt, maar er is een werkbezoek")
    if programme.has_visits and not programme.group_max:
        raise ProgrammeError(("groups",), "ontbreekt, maar er is een werkbezoek")
    _no_doubles(("days",), programme.days)
    _no_doubles(("sessions",), [s.name for s in programme.sessions])
    _no_doubles(("audience",), [c.name for c in programme.audience])
    _no_doubles(("rounds",), [r.name for r in programme.rounds])
    _no_doubles(("mails",), [f"{r.name} {' '.join(r.only)}".strip() for r in programme.rules])
    _no_doubles(("tasks",), [task.kind for task in programme.tasks])
    for position, plan in enumerate(programme.sessions):
        if plan.end <= plan.start:
            raise ProgrammeError(("sessions", position, "end"), "is niet na het begin")
        if plan.kind is not SessionKind.WERKBEZOEK and plan.day not in programme.days:
            raise ProgrammeError(("sessions", position, "day"), f"'{plan.day}' staat niet bij days")
    for position, kind in enumerate(programme.certificate.sessions):
        if kind not in {s.kind for s in programme.sessions}:
            raise ProgrammeError(("certificate", "sessions", position), f"'{kind}' komt bij de sessies niet voor")
    _check_questions(programme)
    _check_moments(programme)
    _check_rules(programme)


def _check_questions(programme: Programme) -> None:
    forms: list[tuple[Path, Sequence[Question]]] = [
        (("application",), programme.application),
        (("intake",), programme.intake),
        *((("rounds", position, "questions"), plan.questions) for position, plan in enumerate(programme.rounds)),
    ]
    criteria = {criterion.name for criterion in programme.audience}
    for path, questions in forms:
        _no_doubles(path, [question.name for question in questions])
        for position, question in enumerate(questions):
            _no_doubles((*path, position, "options"), [option.value for option in question.options])
            if (question.kind in CHOICES) != bool(question.options):
                raise ProgrammeError((*path, position, "options"), f"past niet bij een vraag van soort {question.kind}")
            if question.criterion and question.criterion not in criteria:
                raise ProgrammeError((*path, position, "criterion"), f"'{question.criterion}' staat niet bij audience")


def _check_moments(programme: Programme) -> None:
    """Refuse moments outside the rules that count from something they can never know."""
    known = {*SHARED, *programme.days}
    for path, moment in _moments(programme):
        if moment is not None and moment.anchor not in known:
            raise ProgrammeError(path, f"'{moment.anchor}' is hier geen bekend moment")


def _moments(programme: Programme) -> Iterator[tuple[Path, Moment | None]]:
    yield ("rsvp_deadline",), programme.rsvp_deadline
    yield ("visit", "from"), programme.visit_from
    yield ("visit", "until"), programme.visit_until
    yield ("poll", "opens"), programme.poll_opens
    yield ("poll", "deadline"), programme.poll_deadline
    for position, plan in enumerate(programme.rounds):
        yield ("rounds", position, "opens"), plan.opens
        yield ("rounds", position, "closes"), plan.closes


def _check_rules(programme: Programme) -> None:
    known = {*SHARED, *DEADLINES, *programme.days}
    names = {n for s in programme.sessions for n in (s.day, s.name, str(s.kind))}
    for position, rule in enumerate(programme.rules):
        _check_rule(("mails", position), rule, known)
        for name in rule.only:
            if name not in names:
                raise ProgrammeError(("mails", position, "only"), f"'{name}' is geen dag of sessie")
    for position, task in enumerate(programme.tasks):
        _check_rule(("tasks", position), task, known)
        _check_words(("tasks", position, "what"), task.what)
        _check_words(("tasks", position, "command"), task.command)


def _check_rule(path: Path, rule: Rule | TaskRule, known: set[str]) -> None:
    if rule.to not in AUDIENCES:
        raise ProgrammeError((*path, "to"), f"'{rule.to}' is geen bekende groep ontvangers")
    for field in ("when", "stale", "not_before"):
        moment = getattr(rule, field, None)
        if moment is not None and moment.anchor not in known | AUDIENCES[rule.to].anchors:
            raise ProgrammeError((*path, field), f"'{moment.anchor}' is geen bekend moment voor '{rule.to}'")


def _check_words(path: Path, text: str) -> None:
    """Refuse a sentence with a place to fill in that nobody fills."""
    try:
        found = [place for place in string.Formatter().parse(text) if place[1] is not None]
        places = {f"{name}{form or ''}{turn or ''}" for _text, name, form, turn in found}
    except ValueError:
        places = {text}
    if not places <= WORDS:
        raise ProgrammeError(path, f"alleen {', '.join(f'{{{word}}}' for word in sorted(WORDS))} worden ingevuld")


def _no_doubles(path: Path, names: Sequence[str]) -> None:
    for position, name in enumerate(names):
        if name in names[:position]:
            raise ProgrammeError((*path, position), f"'{name}' staat er twee keer")
