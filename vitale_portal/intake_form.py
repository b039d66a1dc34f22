"""The intake and, apart, the dates and wishes in it, which people change most."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, cast, select
from starlette.responses import Response

from vitale_core.domain.errors import Refused
from vitale_core.domain.states import HAS_A_SEAT
from vitale_core.steps import answers, hosts
from vitale_core.store.records import Needs, Project
from vitale_portal import questions, standing
from vitale_portal.doors import Call, Unfilled
from vitale_portal.forms import Choice, Field, Filled, Form, Part
from vitale_portal.standing import Standing
from vitale_portal.views import clock, day

ROLES = ("beleidsadviseur", "projectleider", "programmamedewerker", "iets anders")
SEATS = (
    Choice("0", "Met het openbaar vervoer, de fiets of lopend"),
    Choice("1", "Met de auto; er kan niemand meerijden"),
    Choice("2", "Met de auto; er kan 1 collega meerijden"),
    Choice("3", "Met de auto; er kunnen 2 collega’s meerijden"),
    Choice("4", "Met de auto; er kunnen 3 collega’s meerijden"),
    Choice("5", "Met de auto; er kunnen 4 collega’s meerijden"),
)
NONE = "geen"
ACCESS = {"rolstoel": "Ik gebruik een rolstoel", "lift": "Ik kan geen trappen lopen"}
LATER, ERASE, ANEW = "laat", "wis", "nieuw"
BASELINE = "baseline"
MOST_TIMES = 60
TIMES = "half days to choose from"

_ACCESS = select(cast(Project.access, Text)).where(Project.active.is_(True)).distinct()
_NEEDS = select(Needs).where(Needs.enrolment_id == bindparam("enrolment"))

Times = dict[tuple[datetime, datetime], list[int]]  # the ids of the slots at that time


def show(call: Call) -> Response:
    """Show the intake."""
    s = _seated(call)
    told = _needs(call, s)
    form = intake_form(call, s, told)
    return call.page(
        "participant/intake.html",
        s=s,
        form=form,
        filled=call.filled or form.shown(_known(call, s, form)),
        closed=_closed(s),
        told=told,
        begins=_begins(s),
    )


def send(call: Call) -> Response:
    """Keep the intake."""
    s = _seated(call)
    told = _needs(call, s)
    form = intake_form(call, s, told)
    filled = call.fill(form)
    food, note = filled.string("eten"), filled.string("nodig")
    access = filled.many("toegang")
    chosen = filled.string("behoeften") if told else ANEW
    if told and chosen == LATER and not (food or note or access):
        food, note, access, consent = told.food, told.note, [str(code) for code in told.access], True
    elif chosen == ERASE:
        food, note, access, consent = "", "", [], False
    else:
        consent = filled.ticked("mag")
    if (food or note or access) and not consent:
        filled.problems["mag"] = "Zet een vinkje als we mogen bewaren wat je over eten of toegankelijkheid schrijft."
        raise Unfilled(filled)
    kept = answers.IntakeForm(
        role=filled.string("rol"),
        casus=filled.string("casus"),
        experience=filled.number("ervaring"),
        food=food,
        access=access,
        needs_note=note,
        needs_consent=consent,
        baseline={
            field.name.removeprefix("uitkomst-"): value
            for field in form.fields
            if field.name.startswith("uitkomst-") and (value := filled.number(field.name)) is not None
        },
        extra={q.name: filled.values.get(f"vraag-{q.name}") or "" for q in s.programme.intake},
    )
    kept = _with_old_wishes(kept, s) if _sent_before(s) else replace(kept, **_wishes(call, s, filled))
    answers.answer_intake(call.session, s.enrolment, kept, now=call.now, bureau=call.bureau)
    return call.to("intake")


def show_wishes(call: Call) -> Response:
    """Show the dates and wishes; they come after the intake."""
    s = _seated(call)
    if s.intake is None:
        raise Refused("Vertel ons eerst over je werk.", remedy="Dat staat bovenaan je overzicht.")
    form = wishes_form(call, s)
    return call.page(
        "participant/wishes.html",
        s=s,
        form=form,
        filled=call.filled or form.shown(_known(call, s, form)),
        closed=_closed(s),
        begins=_begins(s),
    )


def send_wishes(call: Call) -> Response:
    """Keep the dates and wishes; the rest of the intake stays as it is."""
    s = _seated(call)
    if s.intake is None:
        raise Refused("Vertel ons eerst over je werk.", remedy="Dat staat bovenaan je overzicht.")
    filled = call.fill(wishes_form(call, s))
    told = _needs(call, s)
    kept = answers.IntakeForm(
        role=s.intake.role,
        casus=s.intake.casus,
        experience=s.intake.experience,
        food=told.food if told else "",
        access=[str(code) for code in told.access] if told else [],
        needs_note=told.note if told else "",
        needs_consent=told is not None,
        extra=s.intake.extra,
        **_wishes(call, s, filled),
    )
    answers.answer_intake(call.session, s.enrolment, kept, now=call.now, bureau=call.bureau)
    return call.to("wensen")


def intake_form(call: Call, s: Standing, told: Needs | None) -> Form:
    """Return the whole intake; who sent it before finds dates and wishes on their own page."""
    parts = [_work(s)]
    if BASELINE not in s.receipts and any(plan.name == BASELINE for plan in s.programme.rounds):
        parts.append(_baseline(s))
    if not _sent_before(s):
        parts += wishes_form(call, s).parts
    parts.append(_needs_part(call, told))
    return Form(tuple(parts))


def wishes_form(call: Call, s: Standing) -> Form:
    """Return the questions about themes and, in a programme with visits, dates, travel and company."""
    themes = Field(
        "themas",
        "Welke thema’s spelen in jouw werk?",
        "de thema’s",
        "several",
        required=False,
        options=tuple(Choice(theme.value, theme.label) for theme in s.programme.themes),
    )
    parts = [Part((themes,), title="Thema’s")] if s.programme.themes else []
    if s.programme.has_visits:
        parts.append(_visit_part(_times(call, s)))
    return Form(tuple(parts))


def _work(s: Standing) -> Part:
    return Part(
        (
            Field(
                "rol",
                "Wat is je rol?",
                "je rol",
                "choice",
                missing="Kies je rol.",
                options=tuple(Choice(role, role[:1].upper() + role[1:]) for role in ROLES),
            ),
            Field(
                "ervaring",
                "Hoeveel ervaring heb je met participatie?",
                "je ervaring",
                "scale",
                missing="Kies een cijfer bij je ervaring met participatie.",
                options=questions.FIVE,
                ends=("nog geen", "heel veel"),
            ),
            Field(
                "casus",
                "Welke casus uit je eigen werk neem je mee?",
                "je casus",
                "long",
                least=20,
                most=1500,
                missing="Beschrijf de casus die je meeneemt.",
                hint="Drie tot vijf zinnen is genoeg. Noem geen namen van inwoners.",
            ),
            *questions.fields(s.programme.intake, "vraag-"),
        ),
        title="Je werk",
    )


def _baseline(s: Standing) -> Part:
    return Part(
        questions.outcomes(s.programme.outcomes, "uitkomst-", asked="waar sta je nu"),
        title="Waar sta je nu?",
        text="Hoe sterk geldt dit nu voor jou? We bewaren deze cijfers zonder je naam. Je vult ze één keer in.",
    )


def _visit_part(times: Times) -> Part:
    fields = []
    if times:
        moments = tuple(
            Choice(str(slots[0]), f"{day(start)}, {clock(start)} tot {clock(end)} uur")
            for (start, end), slots in times.items()
        )
        fields.append(
            Field(
                "kan",
                "Op welke momenten kun je op werkbezoek?",
                "de momenten",
                "several",
                required=False,
                hint="Kruis alles aan wat kan. Hoe meer, hoe beter we je kunnen indelen.",
                options=(*moments, Choice(NONE, "Ik kan op geen van deze momenten")),
            )
        )
    fields += [
        Field("woonplaats", "Vanuit welke plaats vertrek je?", "je vertrekplaats", required=False, most=80),
        Field("vervoer", "Hoe reis je naar het werkbezoek?", "je vervoer", "choice", required=False, options=SEATS),
        Field(
            "samen",
            "Met wie wil je graag in een groepje?",
            "met wie je graag gaat",
            required=False,
            hint="Noem hooguit twee namen. We houden er rekening mee, maar beloven niets.",
        ),
        Field(
            "liever-niet",
            "Met wie liever niet?",
            "met wie je liever niet gaat",
            required=False,
            hint="Alleen wij lezen dit.",
        ),
    ]
    return Part(tuple(fields), title="Het werkbezoek", text="Je gaat met een groepje van drie of vier op bezoek.")


def _needs_part(call: Call, told: Needs | None) -> Part:
    fields = []
    if told is not None:
        fields.append(
            Field(
                "behoeften",
                "Wat doen we met wat je eerder vertelde?",
                "wat je eerder vertelde",
                "choice",
                missing="Kies wat we doen met wat je eerder over eten of toegankelijkheid vertelde.",
                options=(
                    Choice(LATER, "Laat staan wat ik eerder vertelde"),
                    Choice(ANEW, "Vervang het door wat ik hieronder schrijf"),
                    Choice(ERASE, "Wis het"),
                ),
            )
        )
    codes = {
        str(code).casefold(): ACCESS.get(str(code).casefold(), str(code))
        for access in call.session.scalars(_ACCESS)
        for code in json.loads(access)
    }
    fields += [
        Field("eten", "Wat moeten we weten over eten?", "wat je over eten schrijft", required=False, most=500),
        Field(
            "toegang",
            "Wat heb je op een locatie nodig?",
            "wat je op een locatie nodig hebt",
            "several",
            required=False,
            options=tuple(Choice(code, label) for code, label in sorted((ACCESS | codes).items())),
        ),
        Field("nodig", "Wat moeten we verder weten?", "wat we verder moeten weten", "long", required=False, most=1000),
        Field(
            "mag",
            "Jullie mogen dit bewaren tot na de laatste bijeenkomst.",
            "je toestemming",
            "tick",
            required=False,
        ),
    ]
    return Part(
        tuple(fields),
        title="Eten en toegankelijkheid",
        text="Dit is privé. We bewaren het apart, laten het op geen enkele pagina zien en wissen het als eerste.",
    )


def _seated(call: Call) -> Standing:
    s = standing.of(call)
    if s.enrolment.status not in HAS_A_SEAT:
        raise Refused("Deze vragen zijn er voor wie een plek heeft.", remedy="Op je overzicht zie je hoe het nu staat.")
    return s


def _sent_before(s: Standing) -> bool:
    """Say whether the intake was sent; an import knows a part of it, but never the casus."""
    return s.intake is not None and bool(s.intake.casus)


def _begins(s: Standing) -> datetime | None:
    return min((m.starts_at for m in s.sessions if m.starts_at), default=None)


def _closed(s: Standing) -> bool:
    begins = _begins(s)
    return begins is not None and begins <= s.now


def _needs(call: Call, s: Standing) -> Needs | None:
    return call.session.scalar(_NEEDS, {"enrolment": s.enrolment.id})


def _times(call: Call, s: Standing) -> Times:
    """Return the moments on which some project can receive a group; people choose a moment, not a project.

    They are looked up once for a request: a form needs them to ask, to fill in and to read.
    """
    kept: Times | None = call.session.info.get(TIMES)
    if kept is not None:
        return kept
    times: Times = {}
    for slot, start, end in hosts.open_times(call.session, s.cohort, now=call.now, bureau=call.bureau):
        times.setdefault((start, end), []).append(slot)
    call.session.info[TIMES] = dict(sorted(times.items())[:MOST_TIMES])
    return _times(call, s)


def _wishes(call: Call, s: Standing, filled: Filled) -> dict[str, Any]:
    """Return what was said about themes, dates, travel and company, as the intake wants it."""
    available: Sequence[str] | None = s.intake.available if s.intake else None
    chosen = filled.many("kan")
    if "kan" in filled.values:
        by_first = {str(slots[0]): slots for slots in _times(call, s).values()}
        ids = [str(slot) for first in chosen if first in by_first for slot in by_first[first]]
        available = ids if chosen else None
    return {
        "themes": filled.many("themas"),
        "available": available,
        "home": filled.string("woonplaats"),
        "seats": int(filled.string("vervoer") or 0),
        "wish_with": filled.string("samen"),
        "wish_without": filled.string("liever-niet"),
    }


def _with_old_wishes(kept: answers.IntakeForm, s: Standing) -> answers.IntakeForm:
    assert s.intake is not None  # noqa: S101 - the caller looked
    return replace(
        kept,
        themes=s.intake.themes,
        available=s.intake.available,
        home=s.intake.home,
        seats=s.intake.seats,
        wish_with=s.intake.wish_with,
        wish_without=s.intake.wish_without,
    )


def _known(call: Call, s: Standing, form: Form) -> dict[str, object]:
    """Return what we know already, by field; never what somebody told about food or access."""
    if s.intake is None:
        return {}
    known: dict[str, object] = {
        "rol": s.intake.role,
        "ervaring": s.intake.experience,
        "casus": s.intake.casus,
        "themas": s.intake.themes,
        "woonplaats": s.intake.home,
        "vervoer": s.intake.seats if s.intake.seats or s.intake.casus else "",
        "samen": s.intake.wish_with,
        "liever-niet": s.intake.wish_without,
    }
    known |= {f"vraag-{name}": text for name, text in s.intake.extra.items()}
    if s.intake.available is not None and any(field.name == "kan" for field in form.fields):
        ticked = {str(slot) for slot in s.intake.available}
        firsts = [str(slots[0]) for slots in _times(call, s).values() if not ticked.isdisjoint(map(str, slots))]
        known["kan"] = firsts or [NONE]
    return known
