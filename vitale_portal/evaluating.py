"""Looking back: the anonymous evaluations, and under one's own name what somebody means to do and did."""

from collections.abc import Iterable

from starlette.responses import Response

from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.evaluation import NUMBER, Asked, asked
from vitale_core.domain.programme import Programme, RoundPlan
from vitale_core.domain.states import HAS_A_SEAT
from vitale_core.steps import evaluation
from vitale_portal import questions, standing
from vitale_portal.doors import Call
from vitale_portal.forms import Choice, Field, Filled, Form, Kind, Part, form
from vitale_portal.standing import Standing

BASELINE = "baseline"
OF_ITSELF = frozenset({BASELINE})
"""Rounds that are answered elsewhere: the baseline is part of the intake."""

INTENTION: Form = form(
    Field(
        "voornemen",
        "Wat ga je anders doen, en wanneer?",
        "je voornemen",
        "long",
        most=1000,
        missing="Schrijf op wat je anders gaat doen.",
        hint="Eén ding is genoeg. Klein is goed.",
    )
)
APPLIED: Form = form(
    Field(
        "toegepast",
        "Wat heb je ermee gedaan?",
        "wat je ermee hebt gedaan",
        "long",
        most=3000,
        missing="Schrijf op wat je ermee hebt gedaan. ‘Nog niets’ mag ook.",
        hint="Wat lukte, wat hielp, en wat hield je tegen?",
    )
)


def show(call: Call) -> Response:
    """Show one evaluation: to fill in, done, or closed."""
    s = _seated(call)
    plan = plan_of(s, str(call.path["round"]))
    sheet = sheet_of(s.programme, plan)
    current = s.open_round(plan.name)
    return call.page(
        "participant/evaluation.html",
        s=s,
        plan=plan,
        form=sheet,
        filled=call.filled or sheet.shown({}),
        answered=plan.name in s.receipts,
        current=current,
        to_come=not any(r.name == plan.name for r in s.rounds),
    )


def send(call: Call) -> Response:
    """Keep one sheet without a name, and apart from it that this person answered."""
    s = _seated(call)
    plan = plan_of(s, str(call.path["round"]))
    filled = call.fill(sheet_of(s.programme, plan))
    evaluation.answer_round(call.session, s.enrolment, plan.name, answers(s, plan, filled), now=call.now)
    return call.to(f"evaluatie/{plan.name}")


def show_intention(call: Call) -> Response:
    """Show what somebody means to do."""
    s = _seated(call)
    known = {"voornemen": s.intention.words if s.intention else ""}
    return call.page("participant/intention.html", s=s, form=INTENTION, filled=call.filled or INTENTION.shown(known))


def send_intention(call: Call) -> Response:
    """Keep what somebody means to do, in their own words."""
    s = _seated(call)
    filled = call.fill(INTENTION)
    evaluation.write_intention(call.session, s.enrolment, filled.string("voornemen"), now=call.now)
    return call.to("voornemen")


def show_applied(call: Call) -> Response:
    """Play back what somebody meant to do, and ask what came of it."""
    s = _seated(call)
    known = {"toegepast": s.intention.applied if s.intention else ""}
    return call.page(
        "participant/applied.html",
        s=s,
        form=APPLIED,
        filled=call.filled or APPLIED.shown(known),
        transfer=next((r.name for r in s.rounds if s.open_round(r.name) and r.name.startswith("transfer")), ""),
    )


def send_applied(call: Call) -> Response:
    """Keep what came of it."""
    s = _seated(call)
    filled = call.fill(APPLIED)
    evaluation.tell_applied(call.session, s.enrolment, filled.string("toegepast"), now=call.now)
    return call.to("toepassing")


def plan_of(s: Standing, name: str) -> RoundPlan:
    """Return the plan of a round, or NotFound; a second terugkomdag asks what the first asked."""
    exact = [plan for plan in s.programme.rounds if plan.name == name and name not in OF_ITSELF]
    if exact:
        return exact[0]
    raise NotFound("Deze evaluatie is er niet.")


def sheet_of(programme: Programme, plan: RoundPlan) -> Form:
    """Return the questions of a round in the order in which people think: now, then, the rest."""
    every = asked(programme, plan)
    parts = []
    now, before = _about(every, "outcome"), _about(every, "before")
    if now:
        text = "Hoe sterk geldt dit nu voor jou?"
        parts.append(Part(_outcomes(now, "nu"), title="Waar sta je nu?", text=text))
    if before:
        text = "Kijk terug: hoe sterk gold dit voor jou vóór de training?"
        parts.append(Part(_outcomes(before, "vóór de training"), title="En waar stond je?", text=text))
    rest = tuple(_field(question) for question in _about(every, "question"))
    if rest:
        parts.append(Part(rest, title="De training" if now else ""))
    return Form(tuple(parts))


def answers(s: Standing, plan: RoundPlan, filled: Filled) -> dict[str, object]:
    """Return what was answered, by question; what was left open is left out."""
    names = [question.name for question in asked(s.programme, plan)]
    return {name: filled.values[name] for name in names if filled.values.get(name) not in {None, ""}}


def _about(every: Iterable[Asked], about: str) -> list[Asked]:
    return [question for question in every if question.about == about]


def _outcomes(found: list[Asked], moment: str) -> tuple[Field, ...]:
    return tuple(
        Field(
            question.name,
            question.label,
            f"uitspraak {number} ({moment})",
            "scale",
            missing=f"Kies een cijfer bij uitspraak {number} ({moment}).",
            required=question.required,
            options=questions.FIVE,
            ends=questions.NOT_AT_ALL_TO_FULLY,
        )
        for number, question in enumerate(found, start=1)
    )


def _field(question: Asked) -> Field:
    """Return a question of the round itself; a likelihood from 0 to 10 is chosen, not typed."""
    kind: Kind = "scale" if question.kind == "number" else questions.KINDS[question.kind]
    options: tuple[Choice, ...] = ()
    ends = None
    if question.kind == "number":
        options = tuple(Choice(str(n), str(n)) for n in NUMBER)
        ends = ("zeker niet", "zeker wel")
    elif question.kind == "scale":
        options, ends = questions.FIVE, questions.NOT_AT_ALL_TO_FULLY
    elif question.values:
        options = tuple(Choice(value, label) for value, label in zip(question.values, question.labels, strict=True))
    return Field(
        question.name,
        question.label,
        f"de vraag ‘{question.label}’",
        kind,
        missing=f"Beantwoord de vraag ‘{question.label}’.",
        required=question.required,
        options=options,
        most=questions.EVALUATION_TEXT if kind == "long" else 200,
        ends=ends,
    )


def _seated(call: Call) -> Standing:
    s = standing.of(call)
    if s.enrolment.status not in HAS_A_SEAT:
        raise Refused("Deze pagina is er voor wie meedoet.", remedy="Op je overzicht zie je hoe het nu staat.")
    return s
