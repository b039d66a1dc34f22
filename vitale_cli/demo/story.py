"""Who does what when, apart from what people do because of a mail: the operator, and a few surprises."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_cli.demo import cast
from vitale_cli.demo.actors import People
from vitale_cli.demo.stage import Stage
from vitale_core.adapters import sheets
from vitale_core.domain import worktime
from vitale_core.domain.rows import HOSTS, PEOPLE
from vitale_core.domain.states import EnrolmentStatus, PlanStatus, SessionKind
from vitale_core.steps import cohorts, imports, intake, programmes, terugkomdag
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Plan

OPERATOR = "Operator"
OPENS = date(2027, 1, 11)
END = datetime(2027, 12, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a moment; its deed returns the line for the log, or nothing."""

    at: datetime
    deed: Callable[[], Any]  # a coroutine or a plain call; gives str | None


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a moment on the wall clock of Amsterdam."""
    return worktime.wall_clock(day, time(hour, minute))


class Story:
    """The operator's part of the lifecycle, through the operator's doors."""

    def __init__(self, stage: Stage, people: People) -> None:
        """Take the stage; nothing happens yet."""
        self._stage = stage
        self._people = people

    def events(self) -> Iterator[Event]:
        """Give everything that is sure to happen."""
        yield Event(at(OPENS, 9, 30), self._open)
        yield Event(at(OPENS, 10), self._import_hosts)
        for number, a in enumerate(a for a in cast.APPLICANTS if a.door == "portal"):
            day = OPENS + timedelta(days=1 + number // 3)
            yield Event(at(day, 11 + number % 3 * 2, 10), partial(self._people.apply, a, self._stage.portal))
        yield Event(at(OPENS + timedelta(days=2), 9, 40), self._import_people)
        yield Event(at(OPENS + timedelta(days=7), 10), self._screen)
        yield Event(at(date(2027, 2, 8), 14), lambda: self._people.withdraw(cast.WITHDRAWS))
        yield Event(at(date(2027, 2, 26), 10), self._go)
        yield Event(at(date(2027, 3, 8), 10), self._propose)
        yield Event(at(date(2027, 3, 8), 15), self._approve)
        yield Event(at(date(2027, 3, 11), 9, 30), self._propose)  # one host refused
        yield Event(at(date(2027, 3, 11), 9, 45), self._approve)
        yield Event(at(date(2027, 3, 12), 11), lambda: self._people.send_colleague(cast.SENDS_COLLEAGUE))
        yield Event(at(cast.DAY1, 16, 45), lambda: self._people.attend("dag 1"))
        yield Event(at(date(2027, 4, 7), 9, 30), self._move_day_2)
        yield Event(at(cast.DAY2_MOVED, 16, 45), lambda: self._people.attend("dag 2"))
        yield Event(at(date(2027, 5, 18), 10), self._choose_date)
        yield Event(at(date(2027, 5, 7), 10), self._close_attendance)

    def on_terugkomdag(self, end: datetime) -> Iterator[Event]:
        """Give what happens once its date is known."""
        yield Event(end + timedelta(minutes=15), lambda: self._people.attend("de terugkomdag"))
        yield Event(end + timedelta(days=1), self._close_attendance)

    # ------------------------------------------------------------------ the operator

    def _open(self) -> str:
        app = self._stage.app
        with app.database.write() as session:
            version = programmes.pin(session, app.programme(cast.PROGRAMME), now=self._now)
            _, warnings = cohorts.create(
                session,
                code=cast.CODE,
                programme=version,
                days={"day1": cast.DAY1, "day2": cast.DAY2},
                location=cast.LOCATION,
                trainer_name=cast.TRAINER[0],
                trainer_email=cast.TRAINER[1],
                now=self._now,
                bureau=app.bureau,
            )
        return f"{cast.CODE} staat open voor aanmelding" + (f" ({'; '.join(warnings)})" if warnings else "")

    def _import_hosts(self) -> str:
        sheet = sheets.read(self._file("gastheren.csv", cast.host_file()), HOSTS)
        with self._stage.app.database.write() as session:
            report, _ = imports.import_hosts(session, sheet, now=self._now)
        return f"{report.made} projecten van gastheren ingelezen"

    def _import_people(self) -> str:
        sheet = sheets.read(self._file("deelnemers.csv", cast.people_file()), PEOPLE)
        with self._stage.app.database.write() as session:
            cohort = cohorts.get(session, cast.CODE)
            report = imports.import_people(session, cohort, sheet, now=self._now, bureau=self._stage.app.bureau)
        return f"{report.added} aanmeldingen uit Excel ingelezen"

    def _screen(self) -> str:
        with self._stage.app.database.write() as session:
            waiting = session.scalars(
                select(Enrolment).where(Enrolment.status == EnrolmentStatus.APPLIED).order_by(Enrolment.applied_at)
            ).all()
            for enrolment in waiting:
                intake.confirm(session, enrolment, by=OPERATOR, now=self._now, bureau=self._stage.app.bureau)
            seated = sum(e.status is EnrolmentStatus.CONFIRMED for e in waiting)
        return f"{seated} mensen hebben een plek, {len(waiting) - seated} staan op de wachtlijst"

    async def _go(self) -> str:
        from flows import intake as flow

        return str(await flow.go_or_no_go(cast.CODE, flow.GoOrNoGo.GO, OPERATOR))

    async def _propose(self) -> str | None:
        from flows import groups as flow

        if self._plan(PlanStatus.APPROVED) and not self._needs_replanning():
            return None
        return str(await flow.propose_groups(cast.CODE, OPERATOR))

    async def _approve(self) -> str | None:
        from flows import groups as flow

        plan = self._plan(PlanStatus.PROPOSED)
        if plan is None:
            return None
        return str(await flow.approve_groups(cast.CODE, plan, flow.Decision.APPROVE, OPERATOR))

    async def _move_day_2(self) -> str:
        from flows import invitations as flow

        said = await flow.move_day(cast.CODE, "day2", cast.DAY2_MOVED, OPERATOR)
        return str(said).replace("day2", "Dag 2", 1)

    async def _choose_date(self) -> str | None:
        from flows import terugkomdag as flow

        with self._stage.app.database.read() as session:
            back = cohorts.find_session(session, self.cohort(session), "terugkomdag")
            best = next((standing.option.id for standing in terugkomdag.standings(session, back)), None)
        return str(await flow.choose_date(cast.CODE, best, OPERATOR)) if best is not None else None

    async def _close_attendance(self) -> str | None:
        from flows import evaluation as flow

        said = None
        for name in self._held():
            said = str(await flow.close_attendance(cast.CODE, name, OPERATOR, flow.Rest.PRESENT))
        return said

    # ------------------------------------------------------------------ what the operator sees

    def _file(self, name: str, content: bytes) -> Path:
        path = self._stage.home / name
        path.write_bytes(content)
        return path

    @property
    def _now(self) -> datetime:
        return self._stage.clock.now

    def _plan(self, status: PlanStatus) -> int | None:
        with self._stage.app.database.read() as session:
            return session.scalar(select(Plan.version).where(Plan.status == status).order_by(Plan.version.desc()))

    def _needs_replanning(self) -> bool:
        with self._stage.app.database.read() as session:
            return self._refused(session)

    @staticmethod
    def _refused(session: Session) -> bool:
        from vitale_core.domain.states import VisitStatus
        from vitale_core.store.records import Visit

        return session.scalar(select(Visit.id).where(Visit.status == VisitStatus.REFUSED)) is not None

    def _held(self) -> list[str]:
        with self._stage.app.database.read() as session:
            query = select(CourseSession.name).where(
                CourseSession.ends_at <= self._now, CourseSession.attendance_closed_at.is_(None)
            )
            return list(session.scalars(query.order_by(CourseSession.starts_at)))

    def terugkomdag(self) -> datetime | None:
        """Return when the terugkomdag ends, once it has a date."""
        with self._stage.app.database.read() as session:
            query = select(CourseSession.ends_at).where(CourseSession.kind == SessionKind.TERUGKOMDAG)
            return session.scalar(query)

    def cohort(self, session: Session) -> Cohort:
        """Return the cohort of the demo."""
        return cohorts.get(session, cast.CODE)
