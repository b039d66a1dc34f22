"""The date of a terugkomdag: fixed beforehand, or chosen by a person out of a poll."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import dates, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.facts import CohortFacts
from vitale_core.domain.occasions import shared_anchors
from vitale_core.domain.states import (
    HAS_A_SEAT,
    CohortStatus,
    EnrolmentStatus,
    SessionKind,
    SessionStatus,
)
from vitale_core.planning.polling import DateChoice, Moment, Vote
from vitale_core.planning.polling import choose_date as rank
from vitale_core.steps import audit, facts, ledger, repolling, tasks
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import Attendance, Cohort, CourseSession, Enrolment, PollAnswer, PollOption

STEP = "terugkomdag"
CHOOSE = "choose-date"
TAKES_PLACE = frozenset({CohortStatus.CONFIRMED, CohortStatus.RUNNING, CohortStatus.EVALUATING})
CHOICES = frozenset(get_args(Vote))
"""What somebody can say about a date: yes, if_needed, no."""

FIRST_WEEK, LAST_WEEK, NO_LATER = 8, 13, 26
"""Weeks after the last training day: a terugkomdag two to three months later; after a summer at most half a year."""

FEWEST, MOST = 3, 5
MOST_OFFERED = 8
WEEKDAYS = (1, 3, 0, 2, 4)
"""Tuesday and Thursday first: most part-timers work then."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one date stands in the poll; the numbers are enrolment ids, `silent` did not answer."""

    option: PollOption
    possible: bool  # the trainer has no other session that day
    coming: tuple[int, ...]
    if_needed: tuple[int, ...]
    cannot: tuple[int, ...]
    silent: tuple[int, ...]
    twice_absent: tuple[int, ...]  # cannot come, and missed the last training day


def set_options(
    session: Session,
    meeting: CourseSession,
    options: Sequence[tuple[datetime, datetime]],
    *,
    by: str,
    now: datetime,
    bureau: Bureau,
) -> list[PollOption]:
    """Put these dates to the vote instead of the present ones; answers about a date that stays are kept.

    Who had the mail about the former dates hears of the new ones once, by the same mail in a next version; one that
    did not leave yet names the new dates by itself. Returns the options in order of time. Refuses a date that is past
    or too early, and a session that has a date.
    """
    cohort = _undated(session, meeting)
    wanted = dict(sorted(options))
    if not 2 <= len(wanted) <= MOST_OFFERED:  # noqa: PLR2004 - one date is no choice
        raise Refused(f"Een prikker heeft 2 tot {MOST_OFFERED} momenten, niet {len(wanted)}.")
    known = facts.load(session, cohort, bureau=bureau)
    last = shared_anchors(known)["last_day"]
    for start, end in wanted.items():
        dates.check_span(start, end)
        if start <= now or (last is not None and start <= last):
            raise Refused(f"{worktime.moment_in_words(start)} ligt niet na de training, of is al voorbij.")
    present = {o.starts_at: o for o in options_of(session, meeting)}
    changed = bool(present) and {start: o.ends_at for start, o in present.items()} != wanted
    for start, option in present.items():
        if wanted.get(start) != option.ends_at:
            for answer in session.scalars(select(PollAnswer).where(PollAnswer.option_id == option.id)):
                session.delete(answer)
            session.flush()
            session.delete(option)
    session.flush()
    for start, end in wanted.items():
        if start not in present or present[start].ends_at != end:
            session.add(PollOption(cohort_id=cohort.id, session_id=meeting.id, starts_at=start, ends_at=end))
    session.flush()
    _note(session, cohort, meeting, "poll set", by=by, now=now)
    if changed:
        repolling.tell_again(session, known, meeting, first=min(wanted), now=now, bureau=bureau)
    return options_of(session, meeting)


def options_of(session: Session, meeting: CourseSession) -> list[PollOption]:
    """Return the dates of the poll in order."""
    query = select(PollOption).where(PollOption.session_id == meeting.id).order_by(PollOption.starts_at)
    return list(session.scalars(query))


def vote(session: Session, enrolment: Enrolment, session_id: int, choices: Mapping[int, str], *, now: datetime) -> None:
    """Keep what somebody said about each date; it may be changed until the date is chosen.

    `choices` maps every option to yes, if_needed or no; a date that is left out counts as not answered.
    """
    meeting = session.get(CourseSession, session_id)
    if meeting is None or meeting.cohort_id != enrolment.cohort_id:
        raise NotFound("Deze prikker bestaat niet.")
    _undated(session, meeting)
    if enrolment.status not in HAS_A_SEAT:
        raise Refused("Je doet niet (meer) mee aan deze training.")
    options = {o.id for o in options_of(session, meeting)}
    if not choices or set(choices) - options:
        raise Refused("Dit zijn niet de data van deze prikker.", remedy="Laad de pagina opnieuw.")
    for choice in choices.values():
        if choice not in CHOICES:
            raise Refused("Kies per datum: ja, liever niet of nee.")
    given = {
        a.option_id: a
        for a in session.scalars(
            select(PollAnswer).where(PollAnswer.enrolment_id == enrolment.id, PollAnswer.option_id.in_(options))
        )
    }
    for option_id, choice in choices.items():
        answer = given.get(option_id)
        if answer is None:
            answer = PollAnswer(cohort_id=enrolment.cohort_id, option_id=option_id, enrolment_id=enrolment.id)
            session.add(answer)
        answer.choice, answer.answered_at = choice, now
    session.flush()


def standings(session: Session, meeting: CourseSession, *, count: int | None = None) -> list[Standing]:
    """Return how the dates stand, best first: trainer free, most who come, fewest who miss two days in a row."""
    options = options_of(session, meeting)
    cohort = session.get_one(Cohort, meeting.cohort_id)
    people = _seated(session, cohort)
    votes: dict[str, dict[str, Vote]] = {str(e): {} for e in people}
    answers = select(PollAnswer).where(PollAnswer.option_id.in_([o.id for o in options]))
    for answer in session.scalars(answers):
        if answer.enrolment_id in people:
            votes[str(answer.enrolment_id)][str(answer.option_id)] = answer.choice  # type: ignore[assignment]
    busy = _trainer_days(session, cohort)
    zone = ZoneInfo(cohort.zone)
    moments = [Moment(str(o.id), worktime.local(o.starts_at, zone).date() not in busy) for o in options]
    missed = {str(e) for e in _missed_last_day(session, cohort)}
    ranked = rank(moments, votes, missed_last=missed, count=len(options) if count is None else count)
    by_id = {str(o.id): o for o in options}
    return [_standing(by_id[choice.moment.id], choice) for choice in ranked]


def choose_date(
    session: Session, meeting: CourseSession, option_id: int, *, by: str, now: datetime, bureau: Bureau
) -> CourseSession:
    """Give the session the date of one option; everybody is invited when the cohort is looked at next.

    Choosing the same date again is harmless; another date is a move (`changes.move_session`).
    """
    option = session.get(PollOption, option_id)
    if option is None or option.session_id != meeting.id:
        raise NotFound(f"Datum {option_id} hoort niet bij {meeting.name}.")
    if meeting.starts_at == option.starts_at:
        return meeting
    cohort = _undated(session, meeting)
    if option.starts_at <= now:
        raise Refused(f"{worktime.moment_in_words(option.starts_at)} is al voorbij.", remedy="Kies een latere datum.")
    del bureau  # the invitations follow when the cohort is looked at, which it is at once
    repolling.take_back(session, meeting, now=now)
    option.chosen_at = now
    meeting.starts_at, meeting.ends_at = option.starts_at, option.ends_at
    tasks.close_tasks_of(session, cohort_id=cohort.id, kind=CHOOSE, by=by, now=now)
    _note(session, cohort, meeting, "date chosen", by=by, now=now)
    session.flush()
    return meeting


def advance(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> None:
    """Open a poll for what has no date, ask the operator to choose when it is over, owe the mails of this step."""
    if cohort.status in TAKES_PLACE:
        known = facts.load(session, cohort, bureau=bureau)
        anchors = {name: moment for name, moment in shared_anchors(known).items() if moment is not None}
        opens = known.programme.poll_opens.on(anchors, known.holidays, known.zone)
        deadline = anchors.get("poll_deadline")
        for meeting in _without_date(session, cohort):
            if opens is None or now < opens:
                continue
            if not options_of(session, meeting):
                _propose(session, known, meeting, now=now, bureau=bureau)
            if (deadline is not None and now >= deadline) or _everybody_answered(session, cohort, meeting):
                _ask_operator(session, facts.load(session, cohort, bureau=bureau), meeting, now=now)
    ledger.owe_due(session, cohort, steps={STEP}, now=now, bureau=bureau)


def suggest(known: CohortFacts, meeting: CourseSession, bureau: Bureau, busy: frozenset[date]) -> list[date]:
    """Return three to five days for a poll: working days outside holidays, each on another weekday when possible.

    Eight to thirteen weeks after the last training day, one in each week; the second terugkomdag eight weeks later
    again. When school holidays leave too few, later weeks are looked at.
    """
    last = shared_anchors(known)["last_day"]
    if last is None:
        return []
    nth = [s.id for s in known.sessions if s.kind is SessionKind.TERUGKOMDAG].index(meeting.id)
    monday = worktime.local(last, known.zone).date()
    monday -= timedelta(days=monday.weekday())
    found: list[date] = []
    for week in range(FIRST_WEEK + nth * FIRST_WEEK, NO_LATER + nth * FIRST_WEEK):
        if len(found) == MOST or (week > LAST_WEEK + nth * FIRST_WEEK and len(found) >= FEWEST):
            break
        used = [day.weekday() for day in found]
        weekdays = sorted(WEEKDAYS, key=lambda w: (used.count(w), WEEKDAYS.index(w)))
        days = (monday + timedelta(weeks=week, days=weekday) for weekday in weekdays)
        free = next((day for day in days if day not in busy and _good_day(day, bureau)), None)
        found += [free] if free else []
    return found


def _good_day(day: date, bureau: Bureau) -> bool:
    """Say whether nothing speaks against a day: no weekend, public or school holiday, last week of the year."""
    at_school = not any(first <= day <= last for first, last, _ in bureau.school_holidays.get(bureau.region, ()))
    last_week = day.month == dates.DECEMBER and day.day >= dates.CHRISTMAS_EVE
    return worktime.is_working_day(day, bureau.holidays) and at_school and not last_week


def _propose(session: Session, known: CohortFacts, meeting: CourseSession, *, now: datetime, bureau: Bureau) -> None:
    """Put dates to the vote; without good ones the operator gets a task."""
    cohort = session.get_one(Cohort, meeting.cohort_id)
    plan = known.programme.session(meeting.name)
    days = suggest(known, meeting, bureau, _trainer_days(session, cohort))
    options = [
        (worktime.wall_clock(day, plan.start, known.zone), worktime.wall_clock(day, plan.end, known.zone))
        for day in days
    ]
    options = [(start, end) for start, end in options if start > now + timedelta(weeks=2)]
    if len(options) >= FEWEST:
        set_options(session, meeting, options, by=audit.CLOCK, now=now, bureau=bureau)
        return
    tasks.owe_task(
        session,
        key=f"poll-options/{meeting.id}",
        kind="poll-options",
        what=f"Kies zelf data voor {meeting.name} van {cohort.code}: er zijn te weinig geschikte dagen gevonden.",
        command=f"vitale cohort move {cohort.code} {meeting.name} --start ...",
        cohort_id=cohort.id,
        now=now,
    )


def _ask_operator(session: Session, known: CohortFacts, meeting: CourseSession, *, now: datetime) -> None:
    """Ask for a choice, with the best three dates; once, in the place of the programme's own task."""
    key = _task_key(known, meeting)
    best = standings(session, meeting, count=3)
    if not best or key in known.done:
        return
    lines = [
        f"{worktime.moment_in_words(s.option.starts_at)} (datum {s.option.id}): {len(s.coming)} ja, "
        f"{len(s.if_needed)} liever niet, {len(s.cannot)} nee, {len(s.silent)} onbekend"
        f"{'' if s.possible else '; de trainer is bezet'}"
        for s in best
    ]
    tasks.owe_task(
        session,
        key=key,
        kind=CHOOSE,
        what=f"Kies de datum van {meeting.name} van {known.code}. Het best: {'. '.join(lines)}.",
        command=f"vitale run choose-date --param cohort={known.code} --param option={best[0].option.id}",
        cohort_id=known.id,
        now=now,
    )


def _task_key(known: CohortFacts, meeting: CourseSession) -> str:
    """Return the key under which the programme's rule asks for the same choice at the deadline: whoever is first."""
    return f"{known.id}/{known.operator}/task-{CHOOSE}/poll-{meeting.id}/0"


def _undated(session: Session, meeting: CourseSession) -> Cohort:
    """Return the cohort, held; refuse a session that has a date or does not take place."""
    cohort = lock_cohort(session, meeting.cohort_id)
    session.refresh(meeting)
    if meeting.starts_at is not None:
        raise Refused(
            f"{meeting.title} is op {worktime.moment_in_words(meeting.starts_at)}; er valt niets meer te kiezen."
        )
    if meeting.status is SessionStatus.CANCELLED or cohort.status in {CohortStatus.CANCELLED, CohortStatus.CLOSED}:
        raise Refused(f"{meeting.title} gaat niet door.")
    return cohort


def _without_date(session: Session, cohort: Cohort) -> Iterator[CourseSession]:
    query = select(CourseSession).where(CourseSession.cohort_id == cohort.id).order_by(CourseSession.position)
    for meeting in session.scalars(query).all():
        if meeting.starts_at is None and meeting.status is not SessionStatus.CANCELLED:
            yield meeting


def _seated(session: Session, cohort: Cohort) -> set[int]:
    query = select(Enrolment.id).where(Enrolment.cohort_id == cohort.id, Enrolment.status.in_(HAS_A_SEAT))
    return set(session.scalars(query))


def _everybody_answered(session: Session, cohort: Cohort, meeting: CourseSession) -> bool:
    answered = select(PollAnswer.enrolment_id).join(PollOption).where(PollOption.session_id == meeting.id)
    confirmed = select(Enrolment.id).where(
        Enrolment.cohort_id == cohort.id, Enrolment.status == EnrolmentStatus.CONFIRMED
    )
    people = set(session.scalars(confirmed))
    return bool(people) and people <= set(session.scalars(answered))


def _trainer_days(session: Session, cohort: Cohort) -> frozenset[date]:
    """Return the days on which the trainer has a session of another cohort."""
    query = (
        select(CourseSession.starts_at)
        .join(Cohort)
        .where(
            Cohort.trainer_id == cohort.trainer_id,
            Cohort.id != cohort.id,
            CourseSession.starts_at.is_not(None),
            CourseSession.kind != SessionKind.WERKBEZOEK,
            CourseSession.status != SessionStatus.CANCELLED,
        )
    )
    zone = ZoneInfo(cohort.zone)
    return frozenset(worktime.local(start, zone).date() for start in session.scalars(query) if start)


def _missed_last_day(session: Session, cohort: Cohort) -> set[int]:
    """Return who was noted as absent at the last session of the training."""
    last = (
        select(CourseSession.id)
        .where(CourseSession.cohort_id == cohort.id, CourseSession.kind == SessionKind.DAGDEEL)
        .order_by(CourseSession.starts_at.desc())
        .limit(1)
    )
    query = select(Attendance.enrolment_id).where(
        Attendance.session_id == last.scalar_subquery(), Attendance.presence == "absent"
    )
    return set(session.scalars(query))


def _standing(option: PollOption, choice: DateChoice) -> Standing:
    return Standing(
        option=option,
        possible=choice.moment.possible,
        coming=tuple(map(int, choice.coming)),
        if_needed=tuple(map(int, choice.if_needed)),
        cannot=tuple(map(int, choice.cannot)),
        silent=tuple(map(int, choice.silent)),
        twice_absent=tuple(map(int, choice.twice_absent)),
    )


def _note(session: Session, cohort: Cohort, meeting: CourseSession, what: str, *, by: str, now: datetime) -> None:
    audit.note(
        session,
        what=what,
        actor=by,
        cohort_id=cohort.id,
        object_kind="session",
        object_id=meeting.id,
        now=now,
    )
