"""Invitations: every calendar shows what is true; and the changes of a date that a person makes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from flows.running import Done, carry_out, core_flow, step_task, the_app
from vitale_core.domain import labels, worktime
from vitale_core.steps import changes, cohorts, visits

advance = step_task("invitations")


@core_flow("invitations.move-session", "move {cohort} {session}")
async def move_session(
    cohort: str,
    session: str,
    start: datetime,
    by: str = "operator",
    location: str = "",
    minutes: int = 0,
    *,
    only_look: bool = False,
) -> str:
    """Moves one session: calendars are updated, who is concerned gets one mail with old and new, reminders follow.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        session: name of the session, such as dagdeel-3, werkbezoek-1 or terugkomdag
        start: when it begins now
        by: who moves it
        location: where it is now; empty: where it was
        minutes: how long it takes now; 0: as long as before
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = cohorts.get(facts, cohort)
        begins = start if start.tzinfo else worktime.wall_clock(start.date(), start.time(), ZoneInfo(row.zone))
        ends = begins.astimezone(UTC) + timedelta(minutes=minutes) if minutes else None
        warnings = changes.move_session(
            facts, row, session, start=begins, end=ends, location=location or None, by=by, now=now, bureau=bureau
        )
        return Done(row.code, " ".join([f"{session} van {row.code} is verplaatst.", *warnings]))

    return await carry_out(work, only_look=only_look)


@core_flow("invitations.move-day", "move {cohort} {day}")
async def move_day(
    cohort: str, day: str, to: date, by: str = "operator", location: str = "", *, only_look: bool = False
) -> str:
    """Moves all sessions of one day to another date, at the same times, and if asked to another place.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        day: the day of the programme, such as day1, day2 or terugkomdag
        to: the new date
        by: who moves it
        location: where it is now; empty: where it was
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = cohorts.get(facts, cohort)
        warnings = changes.move_day(facts, row, day, to=to, location=location or None, by=by, now=now, bureau=bureau)
        return Done(row.code, " ".join([f"{day} van {row.code} is verplaatst.", *warnings]))

    return await carry_out(work, only_look=only_look)


@core_flow("invitations.change-place", "place {cohort} {what}")
async def change_place(cohort: str, what: str, location: str, by: str = "operator", *, only_look: bool = False) -> str:
    """Gives a session or a whole day another place, at the same time.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        what: the session or the day, such as dagdeel-3 or day2
        location: where it is now
        by: who changes it
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = cohorts.get(facts, cohort)
        one_session = what in {meeting.name for meeting in row.sessions}
        move = changes.move_session if one_session else changes.move_day
        warnings = move(facts, row, what, location=location, by=by, now=now, bureau=bureau)
        return Done(row.code, " ".join([f"{what} van {row.code} heeft een andere plaats.", *warnings]))

    return await carry_out(work, only_look=only_look)


@core_flow("invitations.cancel-session", "cancel {cohort} {session}")
async def cancel_session(
    cohort: str, session: str, reason: str, by: str = "operator", *, only_look: bool = False
) -> str:
    """Cancels one session: it leaves the calendars, and who is concerned reads why.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        session: name of the session, such as dagdeel-3 or werkbezoek-1
        reason: why; participants read this
        by: who cancels it
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = cohorts.get(facts, cohort)
        visits.cancel_session(facts, row, session, by=by, reason=reason, now=now, bureau=bureau)
        return Done(row.code, f"{session} van {row.code} gaat niet door.")

    return await carry_out(work, only_look=only_look)


@core_flow("invitations.cancel-cohort", "cancel {cohort}")
async def cancel_cohort(cohort: str, reason: str, by: str = "operator", *, only_look: bool = False) -> str:
    """Cancels a whole cohort: calendars are cleared and everybody hears it once.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        reason: why; participants read this
        by: who cancels it
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = cohorts.cancel(facts, cohorts.get(facts, cohort), by=by, reason=reason, now=now, bureau=bureau)
        return Done(row.code, f"Lichting {row.code} is nu: {labels.of_state(row.status)}.")

    return await carry_out(work, only_look=only_look)


@core_flow("invitations.restore-cohort", "restore {cohort}")
async def restore_cohort(cohort: str, by: str = "operator", *, only_look: bool = False) -> str:
    """Takes the cancellation of a cohort back: everybody is invited anew.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        by: who restores it
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = cohorts.restore(facts, cohorts.get(facts, cohort), by=by, now=now, bureau=bureau)
        return Done(row.code, f"Lichting {row.code} is nu: {labels.of_state(row.status)}.")

    return await carry_out(work, only_look=only_look)
