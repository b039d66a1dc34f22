"""The clock: every five minutes each cohort that is due goes through the steps with work, and mail comes and goes.

A tick costs what is due. It may run at any time, twice, late, or beside another one: what it does follows from the
facts and is locked there. It tries everything before it fails.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from prefect import runtime
from prefect.deployments.flow_runs import arun_deployment
from sqlalchemy.orm import Session

from flows import evaluation, groups, intake, invitations, overview, post, reminders, terugkomdag, werkbezoek
from flows.running import core_flow, error_of, in_core, in_transaction, present, tellable, the_app
from vitale_core.domain import worktime
from vitale_core.domain.errors import VitaleError
from vitale_core.steps import clock, lifecycle, privacy
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import Cohort

STEPS: dict[str, Any] = {
    "intake": intake.advance,
    "groups": groups.advance,
    "werkbezoek": werkbezoek.advance,
    "invitations": invitations.advance,
    "reminders": reminders.advance,
    "terugkomdag": terugkomdag.advance,
    "evaluation": evaluation.advance,
}

ROUNDS = 3
"""So often a cohort goes through its steps in one tick while its facts keep changing."""


@dataclass(frozen=True, slots=True)
class Due:
    """A cohort with work to do, as it was when we looked."""

    cohort: int
    code: str
    version: int
    since: datetime
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What did not work, without personal data."""

    where: str
    code: str


class NotEverythingDone(VitaleError):
    """Some of the work failed; the rest was done. What failed is still due."""

    def __init__(self, troubles: list[Trouble]) -> None:
        """Name each place with what went wrong there."""
        named = ", ".join(f"{trouble.where} ({trouble.code})" for trouble in troubles)
        super().__init__(f"Niet gelukt, de rest wel: {named}.", remedy="vitale doctor")
        self.code = ", ".join(sorted({trouble.code for trouble in troubles}))


def _name() -> str:
    now = runtime.flow_run.parameters.get("now") or runtime.flow_run.scheduled_start_time
    return f"tick {worktime.local(moment_of(now)):%Y-%m-%d %H.%M}"


def moment_of(now: datetime | str) -> datetime:
    """Return the moment that a run was given, which Prefect may hand back as text."""
    return datetime.fromisoformat(now) if isinstance(now, str) else now


@core_flow("lifecycle.tick", _name)
async def tick(now: datetime | None = None) -> dict[str, int]:
    """Does everything that is due: reads the inbox, advances each cohort, sends the mail.

    Safe to run at any time, twice, or late.

    Args:
        now: another moment than this one; only on the virtual clock of a demo or a rehearsal
    """
    at = await in_transaction(lambda session: start(session, now))
    troubles: list[Trouble] = []
    read = await post.read_if_any(at)
    troubles += _trouble("inbox", read)
    due = await in_core(look, at)
    for item in due:
        if isinstance(item, Trouble):
            troubles.append(item)
        elif the_app().settings.dispatch == "deployment":
            await _dispatch(item, at, told=now)
        else:
            troubles += await _advance(item, at)
    delivered = await post.deliver_if_any(at)
    troubles += _trouble("post", delivered)
    await in_transaction(lambda session: privacy.finish_erasures(session, now=at))
    if troubles:
        raise NotEverythingDone(troubles)
    return {"due": len(due)}


def _name_of_cohort() -> str:
    number = runtime.flow_run.parameters["cohort"]
    with the_app().database.read() as session:
        cohort = session.get(Cohort, number)
        return f"advance-{cohort.code if cohort else number}"


@core_flow("lifecycle.advance", _name_of_cohort)
async def advance(cohort: int, now: datetime | None = None) -> None:
    """Advances one cohort; the tick starts this on the work pool when VITALE_DISPATCH=deployment.

    Args:
        cohort: number of the cohort in the database
        now: another moment than this one; only on a virtual clock
    """
    at = await in_transaction(lambda session: present(session, now))
    due = await in_transaction(lambda session: _look_at(session, cohort, at))
    if troubles := await _advance(due, at):
        raise NotEverythingDone(troubles)


def start(session: Session, now: datetime | None) -> datetime:
    """Return what time it is; a virtual clock that is told so stands there from now on."""
    at = present(session, now)
    if now is not None:
        clock.stand_at(session, at)
    return at


def look(at: datetime) -> list[Due | Trouble]:
    """Return the cohorts that are due with the steps that have work; one that cannot be read does not hide the rest."""
    app = the_app()
    with app.database.read() as session:
        cohorts = lifecycle.due_cohorts(session, at)
    found: list[Due | Trouble] = []
    for cohort in cohorts:
        try:
            with app.database.write() as session:
                found.append(_look_at(session, cohort, at))
        except Exception as error:  # noqa: BLE001 - told below; the other cohorts go on
            found.append(Trouble(f"cohort {cohort}", _code(tellable(error))))
    return found


async def _advance(due: Due, at: datetime) -> list[Trouble]:
    """Take one cohort through its steps until its facts stand still, and set when it is due next."""
    code, worked, troubles = due.code, False, list[Trouble]()
    for _ in range(ROUNDS):
        for step in due.steps:
            run = STEPS[step].with_options(task_run_name=f"{step}-{code}", tags=[f"cohort:{code}"])
            troubles += _trouble(f"{step}-{code}", await run(due.cohort, at, return_state=True))
        worked = worked or bool(due.steps)
        if troubles:
            return troubles
        again = await in_transaction(partial(_settle, seen=due, at=at))
        if again is None:
            break
        due = again
    if not worked:
        return []
    show = overview.show.with_options(task_run_name=f"overview-{code}", tags=[f"cohort:{code}"])
    return _trouble(f"overview-{code}", await show(due.cohort, at, return_state=True))


def _settle(session: Session, *, seen: Due, at: datetime) -> Due | None:
    """Set when the cohort is due next, unless its facts changed since we looked: then return how it looks now."""
    cohort = lock_cohort(session, seen.cohort)
    if cohort.version != seen.version:
        return _look_at(session, seen.cohort, at)
    lifecycle.settle(session, cohort, now=at, bureau=the_app().bureau)
    return None


def _look_at(session: Session, cohort_id: int, at: datetime) -> Due:
    cohort = session.get_one(Cohort, cohort_id)
    steps = lifecycle.steps_due(session, cohort, now=at, bureau=the_app().bureau)
    return Due(cohort.id, cohort.code, cohort.version, cohort.next_due_at or at, tuple(steps))


async def _dispatch(due: Due, at: datetime, *, told: datetime | None) -> None:
    """Start a run for one cohort on the work pool; once for these facts and this moment, and again after an hour."""
    await arun_deployment(
        "lifecycle.advance/cohort",
        parameters={"cohort": due.cohort, "now": told},
        flow_run_name=f"advance-{due.code}",
        tags=[f"cohort:{due.code}"],
        idempotency_key=f"cohort-{due.cohort}-{due.version}-{due.since:%Y%m%d%H%M}-{at:%Y%m%d%H}",
        timeout=0,
        as_subflow=False,
    )


def _trouble(where: str, state: Any) -> list[Trouble]:  # noqa: ANN401 - a Prefect state, or None when nothing ran
    if state is None or state.is_completed():
        return []
    error = error_of(state)
    return [Trouble(where, _code(error) if error else state.name)]


def _code(error: Exception) -> str:
    return str(getattr(error, "code", type(error).__name__))
