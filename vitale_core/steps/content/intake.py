"""What the mails of the intake say."""

from datetime import datetime

from sqlalchemy import select

from vitale_core.domain.errors import Refused
from vitale_core.domain.states import CohortStatus, EnrolmentStatus
from vitale_core.steps.content.case import Case, Facts
from vitale_core.steps.content.days import diary, first_of, other_cohorts, visit_window
from vitale_core.steps.programmes import programme_of
from vitale_core.steps.waiting_list import place_on_list
from vitale_core.store.records import Enrolment, Invitation, Offer

_GOES_AHEAD = frozenset({CohortStatus.CONFIRMED, CohortStatus.RUNNING, CohortStatus.EVALUATING})


def receipt(case: Case) -> Facts:
    """Return the days that somebody applied for, and whether it is decided already: then another mail tells what."""
    return {"days": diary(case), "decided": case.enrolment.status is not EnrolmentStatus.APPLIED}


def seat_confirmed(case: Case) -> Facts:
    """Return the days, when the visits are, and whether it is sure already."""
    days = diary(case)
    return {
        "days": days,
        "late_from": _late(case, first_of(days)),
        "visits": visit_window(case),
        "goes_ahead": case.cohort.status in _GOES_AHEAD,
        "minimum": case.cohort.minimum,
    }


def _late(case: Case, first: datetime | None) -> datetime | None:
    """Return the day on which somebody joins who comes in after the first day; None for everybody else."""
    return first if first is not None and first > case.first_day else None


def waitlisted(case: Case) -> Facts:
    """Return the place on the waiting list."""
    position = place_on_list(case.session, case.enrolment)
    if position is None:
        raise Refused("Deze persoon staat niet meer op de wachtlijst.")
    return {"days": diary(case), "position": position, "capacity": case.cohort.capacity}


def offer(case: Case) -> Facts:
    """Return until when a seat is or was held."""
    held = case.session.scalar(
        select(Offer).where(Offer.enrolment_id == case.enrolment.id).order_by(Offer.id.desc()).limit(1)
    )
    if held is None:
        raise Refused("Voor deze persoon wordt geen plek vastgehouden.")
    return {"days": diary(case), "deadline": held.deadline, "others": other_cohorts(case)}


def ended(case: Case) -> Facts:
    """Return what else is possible for who is not in it."""
    return {"others": other_cohorts(case), "invited": _invited(case)}


def questions(case: Case) -> Facts:
    """Return what the intake asks about, and whether this is the last time."""
    numbers = [rule.nr for rule in case.programme.rules if rule.kind is case.kind]
    return {
        "visits": case.programme.has_visits,
        "last": case.message.payload.get("nr", 0) == max(numbers, default=0),
    }


def substituted(case: Case) -> Facts:
    """Return who took over."""
    taker = case.session.scalar(select(Enrolment).where(Enrolment.replaces_id == case.enrolment.id))
    return {"colleague": taker.person.name if taker else None, "invited": _invited(case)}


def transferred(case: Case) -> Facts:
    """Return the old and the new days; the page is the one of the new cohort."""
    moved = case.session.scalar(select(Enrolment).where(Enrolment.transferred_from_id == case.enrolment.id))
    if moved is None:
        raise Refused("De nieuwe lichting van deze deelnemer is niet bekend.")
    new_days = diary(case, moved.cohort)
    page = case.page(enrolment=moved)
    return {
        "old_days": diary(case),
        "days": new_days,
        "waits": moved.confirmed_at is None,
        "first_day": first_of(new_days),
        "answers": moved.intake is not None,
        "visits": programme_of(moved.cohort).has_visits,
        "invited": _invited(case),
        "page": page,
        "todo": page,
    }


def cohort_cancelled(case: Case) -> Facts:
    """Return what does not happen, why, and what else is possible."""
    return {
        "days": diary(case),
        "reason": str(case.cohort.settings.get("reason", "")),
        "others": other_cohorts(case),
        "invited": _invited(case),
    }


def _invited(case: Case) -> bool:
    """Say whether there is something in somebody's calendar to take out."""
    sent = select(Invitation.id).where(Invitation.enrolment_id == case.enrolment.id).limit(1)
    return case.session.scalar(sent) is not None
