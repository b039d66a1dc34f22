"""A participant's own page: what to do now, the days, the group, and the doors to everything else."""

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from vitale_core.domain import worktime
from vitale_core.domain.states import (
    HAS_A_SEAT,
    Answer,
    CohortStatus,
    EnrolmentStatus,
    SessionKind,
    SessionStatus,
    VisitStatus,
)
from vitale_portal import standing
from vitale_portal.doors import Call
from vitale_portal.standing import Gathering, Standing

WENT_ON = frozenset({VisitStatus.CONFIRMED, VisitStatus.HELD, VisitStatus.REPORTED})
WILL_BE = frozenset({CohortStatus.CONFIRMED, CohortStatus.RUNNING, CohortStatus.EVALUATING, CohortStatus.CLOSED})
ANSWERS = {
    Answer.NEEDS_ACTION: ("nog geen antwoord", "warn"),
    Answer.ACCEPTED: ("je komt", "ok"),
    Answer.TENTATIVE: ("misschien", "warn"),
    Answer.DECLINED: ("je komt niet", "bad"),
}


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do now, with the button that does it."""

    title: str
    text: str
    page: str
    button: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the way: been, here or ahead."""

    name: str
    state: str


def show(call: Call) -> Response:
    """Show the overview."""
    s = standing.of(call)
    seated = s.enrolment.status in HAS_A_SEAT
    return call.page(
        "participant/overview.html",
        s=s,
        status=s.enrolment.status.value,
        cohort_status=s.cohort.status.value,
        seated=seated,
        todos=todos(s) if s.cohort.status is not CohortStatus.CANCELLED else [],
        way=way(s) if seated else [],
        next=next_gathering(s) if seated else None,
        answers=ANSWERS,
        until=days_until,
        today=worktime.local(call.now).date(),
        may_stop=s.enrolment.status in {EnrolmentStatus.APPLIED, EnrolmentStatus.WAITLISTED, EnrolmentStatus.CONFIRMED},
        over=all(day.cancelled or (day.end is not None and day.end <= call.now) for day in s.gatherings),
        after_training=any(r.name != "baseline" for r in s.rounds),
        dates_are_sure=s.cohort.status in WILL_BE,
    )


def todos(s: Standing) -> list[Todo]:
    """Return what waits for this person, the most urgent first."""
    if s.enrolment.status is EnrolmentStatus.OFFERED and s.offer:
        return [
            Todo(
                "Er is een plek vrij. Wil je meedoen?",
                "We houden de plek voor je vast. Zeg ja of nee.",
                "aanbod",
                "Laat weten of je meedoet",
                s.offer.deadline,
            )
        ]
    if s.enrolment.status not in HAS_A_SEAT:
        return []
    return [*_before(s), *_visit(s), *_after(s)]


def _before(s: Standing) -> list[Todo]:
    found = []
    starts = [day.start for day in s.gatherings if day.start and day.sessions[0].kind is SessionKind.DAGDEEL]
    if (s.intake is None or not s.intake.casus) and starts and s.now < starts[0]:
        text = "Met jouw antwoorden bereiden we de training voor. Het kost je ongeveer vijf minuten."
        found.append(Todo("Vertel over je werk", text, "intake", "Vul de vragen in", starts[0]))
    waiting = s.unanswered
    if waiting:
        names = "de dagen" if len(waiting) > 1 else waiting[0].session.title
        deadline = s.moment(s.programme.rsvp_deadline)
        until = deadline if deadline and deadline > s.now else None
        found.append(Todo("Kom je?", f"Laat weten of je bij {names} bent.", "rsvp", "Laat weten of je komt", until))
    for session in s.open_polls:
        if not s.voted(session.id):
            until = s.moment(s.programme.poll_deadline)
            text = "Er zijn een paar data. Zeg bij elke datum of je kunt."
            found.append(Todo(f"Wanneer kun je op de {session.title.lower()}?", text, "prikker", "Kies je data", until))
    return found


def _visit(s: Standing) -> list[Todo]:
    visit = s.visit
    if visit is None or visit.status not in WENT_ON or visit.reported_at is not None:
        return []
    ended = (visit.session.ends_at if visit.session else None) or visit.slot.ends_at
    if s.now < ended or s.cohort.status is CohortStatus.CLOSED:
        return []
    told = min((day.start for day in s.gatherings if day.start and day.start > ended), default=None)
    text = "Schrijf kort op wat je groepje zag en wat jullie aanraden. Eén van jullie vult het in."
    until = told if told and told > s.now else None
    return [Todo("Wat haalden jullie op bij het werkbezoek?", text, "verslag", "Schrijf het op", until)]


def _goes_on_today(s: Standing) -> bool:
    """Say whether a dagdeel of today is still to begin: nobody can judge it yet, and answers cannot be changed."""
    today = worktime.local(s.now).date()
    return any(
        m.kind is SessionKind.DAGDEEL
        and m.status is not SessionStatus.CANCELLED
        and m.starts_at is not None
        and m.starts_at > s.now
        and worktime.local(m.starts_at).date() == today
        for m in s.sessions
    )


def _after(s: Standing) -> list[Todo]:
    found = []
    for plan in s.programme.rounds:
        current = s.open_round(plan.name)
        if current and plan.name != "baseline" and plan.name not in s.receipts and not _goes_on_today(s):
            text = "Je antwoorden staan los van je naam. Het kost je ongeveer vier minuten."
            found.append(Todo(plan.title, text, f"evaluatie/{plan.name}", "Vul de vragen in", current.closes_at))
    transfer = next((s.open_round(p.name) for p in s.programme.rounds if p.name.startswith("transfer")), None)
    if transfer and not (s.intention and s.intention.applied):
        text = "Op de terugkomdag praten we daarover verder."
        found.append(Todo("Wat heb je toegepast?", text, "toepassing", "Vertel het kort", transfer.closes_at))
    return found


def way(s: Standing) -> list[Stage]:
    """Return the stages of the training, with where this person is now."""
    stages = [("Aanmelding", True), ("Over je werk", s.intake is not None and bool(s.intake.casus))]
    stages += [(day.title, bool(day.end and day.end <= s.now)) for day in s.gatherings if not day.cancelled]
    if s.programme.has_visits and not any(day.title == "Werkbezoek" for day in s.gatherings):
        training = [n for n, (name, _) in enumerate(stages) if name.startswith("Dag ")]
        place = training[0] + 1 if training else len(stages)
        stages.insert(place, ("Werkbezoek", False))
    been = [done for _name, done in stages]
    here = been.index(False) if False in been else len(been)
    return [Stage(name, "been" if done else "here" if n == here else "ahead") for n, (name, done) in enumerate(stages)]


def next_gathering(s: Standing) -> Gathering | None:
    """Return the first gathering that is not over."""
    coming = (day for day in s.gatherings if day.end and day.end > s.now and not day.cancelled)
    return next(coming, None)


def days_until(moment: datetime, now: datetime) -> int:
    """Return how many calendar days away a moment is."""
    return (worktime.local(moment).date() - worktime.local(now).date()).days


__all__ = ["ANSWERS", "SessionStatus", "Todo", "days_until", "next_gathering", "show", "todos", "way"]
