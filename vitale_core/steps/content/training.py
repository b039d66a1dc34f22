"""What the mails around a training day say, to participants and to the trainer."""

from collections.abc import Collection

from sqlalchemy import select

from vitale_core.domain.errors import Refused
from vitale_core.domain.states import HAS_A_SEAT, Answer
from vitale_core.steps.content.case import Case, Facts
from vitale_core.steps.content.days import day_with, training_day_after
from vitale_core.steps.content.werkbezoek import visit_facts, visit_of
from vitale_core.store.records import Enrolment, Intake, Invitation, Visit

CASUS_LENGTH = 800  # of each participant, in the list for the trainer
_WORDS = {
    Answer.NEEDS_ACTION: "nog niet",
    Answer.ACCEPTED: "komt",
    Answer.TENTATIVE: "misschien",
    Answer.DECLINED: "komt niet",
}


def preparation(case: Case) -> Facts:
    """Return the day, what happens there, one's own casus and, on the day it is told of, the visit.

    The casus can be changed until the training begins, like the whole intake.
    """
    day = _day(case)
    visit = visit_of(case, before=day["start"])
    facts = visit_facts(case, visit) if visit else None
    tells = facts is not None and training_day_after(case, facts["start"]) == day["start"]
    return {
        "day": day,
        "casus": _casus(case, case.enrolment.id),
        "open": case.now < case.first_day,
        "visit": facts if tells else None,
    }


def reminder(case: Case) -> Facts:
    """Return when and where, of a day or of a visit."""
    visit = case.session.get(Visit, case.message.payload.get("visit") or 0)
    if visit is not None:
        facts = visit_facts(case, visit)
        moment = {name: facts[name] for name in ("title", "start", "end", "location")}
        return {**moment, "what": "je werkbezoek", "visit": facts, "parts": []}
    day = _day(case)
    moment = {name: day[name] for name in ("what", "start", "end", "location", "parts")}
    return {**moment, "title": day["label"], "visit": None}


def participant_list(case: Case) -> Facts:
    """Return who is expected that day, what they said, and the casus they bring."""
    day = _day(case)
    sessions = {s["id"] for s in day["sessions"]}
    seated = case.session.scalars(
        select(Enrolment).where(Enrolment.cohort_id == case.cohort.id, Enrolment.status.in_(HAS_A_SEAT))
    ).all()
    answers: dict[int | None, list[Answer]] = {}
    for enrolment_id, answer in case.session.execute(
        select(Invitation.enrolment_id, Invitation.answer)
        .where(Invitation.session_id.in_(sessions), Invitation.cancelled_at.is_(None))
        .order_by(Invitation.id)
    ):
        answers.setdefault(enrolment_id, []).append(answer)
    people = [
        {
            "name": e.person.name or "",
            "work": ", ".join(part for part in (e.person.function, e.person.organisation) if part),
            "answer": _in_words(answers.get(e.id, [])),
            "casus": _casus(case, e.id)[:CASUS_LENGTH],
        }
        for e in sorted(seated, key=lambda e: (e.person.name or "").casefold())
    ]
    return {"day": day, "people": people, "coming": sum(person["answer"] == "komt" for person in people)}


def _day(case: Case) -> Facts:
    day = day_with(case, case.message.subject)
    if day is None:
        raise Refused("Deze dag gaat niet door.")
    return day


def _casus(case: Case, enrolment_id: int) -> str:
    return case.session.scalar(select(Intake.casus).where(Intake.enrolment_id == enrolment_id)) or ""


def _in_words(answers: Collection[Answer]) -> str:
    said = set(answers) or {Answer.NEEDS_ACTION}
    return _WORDS[said.pop()] if len(said) == 1 else "komt een deel" if Answer.DECLINED in said else "misschien"
