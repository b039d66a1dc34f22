"""What a participant tells at intake: work, wishes, travel, needs, and where they stand now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import evaluation as rules
from vitale_core.domain import worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import LIVE, RoundStatus
from vitale_core.steps import evaluation, people, screening, tasks, waiting_list
from vitale_core.steps.programmes import programme_of
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import Enrolment, Intake, Needs, Receipt, Round

LEAST, MOST = 1, 5
MOST_SEATS = 9


@dataclass(frozen=True, slots=True)
class IntakeForm:
    """The intake. `available` None means unknown; `baseline` maps "1".."5" (outcomes) to 1..5."""

    role: str = ""
    casus: str = ""
    experience: int | None = None
    themes: Sequence[str] = ()
    available: Sequence[str] | None = None
    home: str = ""
    seats: int = 0
    wish_with: str = ""
    wish_without: str = ""
    food: str = ""
    access: Sequence[str] = ()
    needs_note: str = ""
    needs_consent: bool = False
    baseline: Mapping[str, int] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


def answer_intake(session: Session, enrolment: Enrolment, form: IntakeForm, *, now: datetime, bureau: Bureau) -> Intake:
    """Keep the intake; it may be changed until day 1. The baseline is taken once, without a name."""
    del bureau
    lock_cohort(session, enrolment.cohort_id)
    session.refresh(enrolment)
    if enrolment.status not in LIVE:
        raise Refused("Je doet niet (meer) mee aan deze training; de intake is gesloten.")
    begins = waiting_list.first_start(enrolment.cohort)
    if begins is not None and begins <= now:
        raise Refused(f"De training begon op {worktime.moment_in_words(begins)}; de intake is gesloten.")
    if form.experience is not None and not LEAST <= form.experience <= MOST:
        raise Refused("Ervaring is een cijfer van 1 tot 5.")
    if not 0 <= form.seats <= MOST_SEATS:
        raise Refused(f"Het aantal zitplaatsen is een getal van 0 tot {MOST_SEATS}.")
    told = {
        "role": people.clean_line(form.role),
        "casus": people.clean_text(form.casus),
        "experience": form.experience,
        "seats": form.seats,
        "themes": sorted({people.clean_line(theme, longest=60).casefold() for theme in form.themes}),
        "available": None if form.available is None else sorted(set(form.available)),
        "home": people.clean_line(form.home, longest=80),
        "wish_with": people.clean_text(form.wish_with),
        "wish_without": people.clean_text(form.wish_without),
        "extra": {name: people.clean_text(screening.in_words(value)) for name, value in form.extra.items()},
    }
    intake = enrolment.intake
    if intake is None:
        intake = Intake(cohort_id=enrolment.cohort_id, enrolment=enrolment)
        session.add(intake)
    for name, value in {**told, "answered_at": now}.items():
        setattr(intake, name, value)
    _keep_needs(session, enrolment, form, now=now)
    _keep_baseline(session, enrolment, form)
    session.flush()
    if intake.casus:  # the rest can be told in parts; this is what we ask after
        tasks.close_tasks_of(
            session,
            cohort_id=enrolment.cohort_id,
            kind="intake-silent",
            by="deelnemer",
            now=now,
            enrolment_id=enrolment.id,
        )
    return intake


def missing(intake: Intake | None) -> list[str] | None:
    """Return what is still asked of an intake, in Dutch: nothing, some of it after an import, or None for all of it."""
    if intake is None:
        return None
    asked = {"casus": intake.casus, "rol": intake.role, "ervaring": intake.experience}
    return [] if intake.casus else [what for what, told in asked.items() if not told]


def _keep_needs(session: Session, enrolment: Enrolment, form: IntakeForm, *, now: datetime) -> None:
    """Keep food and access apart, and only with consent; who empties the fields takes them back."""
    needs = session.scalar(select(Needs).where(Needs.enrolment_id == enrolment.id))
    if not (form.food or form.access or form.needs_note):
        if needs is not None:
            session.delete(needs)
        return
    if not form.needs_consent:
        raise Refused("Geef aan dat we deze gegevens mogen bewaren, of laat ze leeg.")
    if needs is None:
        needs = Needs(cohort_id=enrolment.cohort_id, enrolment_id=enrolment.id)
        session.add(needs)
    needs.food, needs.note = people.clean_text(form.food, longest=500), people.clean_text(form.needs_note, longest=1000)
    needs.access = sorted({people.clean_line(code, longest=40).casefold() for code in form.access})
    needs.told_at = now


def _keep_baseline(session: Session, enrolment: Enrolment, form: IntakeForm) -> None:
    """Store the baseline as an anonymous sheet, once; later changes of the intake leave it alone."""
    if not form.baseline:
        return
    plans = [plan for plan in programme_of(enrolment.cohort).rounds if plan.name == "baseline"]
    baseline = session.scalar(select(Round).where(Round.cohort_id == enrolment.cohort_id, Round.name == "baseline"))
    if not plans or (baseline is not None and baseline.status is not RoundStatus.OPEN):
        return
    if baseline is None:
        baseline = Round(
            cohort_id=enrolment.cohort_id,
            name="baseline",
            status=RoundStatus.OPEN,
            opens_at=enrolment.cohort.created_at,
        )
        session.add(baseline)
        session.flush()
    given = select(Receipt.id).where(Receipt.round_id == baseline.id, Receipt.enrolment_id == enrolment.id)
    if session.scalar(given):
        return
    outcomes = programme_of(enrolment.cohort).outcomes
    for name, value in form.baseline.items():
        if not (name.isdigit() and 1 <= int(name) <= len(outcomes) and LEAST <= value <= MOST):
            raise Refused("Een antwoord op de nulmeting is een cijfer van 1 tot 5.")
    answers = {rules.outcome(int(name)): value for name, value in sorted(form.baseline.items())}
    evaluation.keep_sheet(session, baseline, enrolment, answers)
