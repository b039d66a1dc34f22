"""The frame of every flow: the app, the clock, what is repeated, and what Prefect may know.

Prefect keeps all that a run says: its parameters, names, logs and errors. So nothing about people comes out of the
core: ids, codes and dates go in, and an error that we did not write ourselves is told by its type and its place.
"""

import asyncio
import logging
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar
from uuid import UUID

from prefect import flow, get_client, get_run_logger, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.filesystems import WritableFileSystem
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from vitale_core import app as core
from vitale_core.domain import labels
from vitale_core.domain.errors import NotFound, Refused, TemporaryFailure, VitaleError
from vitale_core.steps import clock as clocks
from vitale_core.steps import failures, lifecycle
from vitale_core.steps.consequences import Consequences, rehearse
from vitale_core.store.records import Base, Cohort

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound=Base)

RETRY_AFTER: list[float] = [2, 10]
"""Seconds. What lasts longer waits for the next tick: its rows are still there."""

OURS = frozenset({"flows", "vitale_core", "vitale_portal", "vitale_cli"})

log = logging.getLogger("vitale.flows")


class Broken(VitaleError):
    """A mistake of ours, told without what it was about: type, file and line."""

    def __init__(self, code: str) -> None:
        """Keep the code, `KeyError@vitale_core/steps/intake.py:60`."""
        super().__init__(f"Er ging iets mis in Vitale zelf: {code}.", remedy="vitale doctor")
        self.code = code


class Nowhere(WritableFileSystem):
    """Where flows keep their results: nowhere. Prefect writes down each error of a flow, whatever it is told.

    A flow that names no place at all asks the server for one, twice a run.
    """

    _block_type_slug = "vitale-nowhere"
    _block_document_id = UUID(int=0)  # Prefect wants a place that it knows; this one nobody looks up

    async def read_path(self, path: str) -> bytes:
        """Find nothing."""
        raise FileNotFoundError(path)

    async def write_path(self, path: str, content: bytes) -> None:
        """Forget it."""


class _InUse:
    """The app of this process, and its virtual clock if it has one: built when first asked for, or given."""

    app: core.App | None = None
    clock: Callable[[], datetime] | None = None


def the_app() -> core.App:
    """Return the app of this process; the first call reads the settings and opens the database."""
    if _InUse.app is None:
        _InUse.app = core.build()
    return _InUse.app


def use(app: core.App | None, clock: Callable[[], datetime] | None = None) -> None:
    """Let flows in this process work with this app, and on this virtual clock; None: what the settings say."""
    _InUse.app, _InUse.clock = app, clock


def present(session: Session, told: datetime | None = None) -> datetime:
    """Return what time it is for this database, in UTC: the clock, or what was told on a virtual one.

    The virtual clock of this process does not lag behind a moment that a run was told since.
    """
    if told is None and _InUse.clock is not None:
        told = max(filter(None, (_InUse.clock(), clocks.put_at(session))))
    if told is not None and told.tzinfo is None:
        raise Refused("Bij een moment hoort een tijdzone, zoals 2027-03-18T09:00+01:00.")
    virtual = the_app().settings.clock == "virtual"
    return clocks.moment(session, virtual=virtual, told=told, real=datetime.now(UTC)).astimezone(UTC)


async def in_transaction(work: Callable[[Session], R]) -> R:
    """Do work of the core in a thread and in one transaction, and commit it."""

    def whole() -> R:
        with the_app().database.write() as session:
            return work(session)

    return await in_core(whole)


async def in_core(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do work of the sync core in a thread; what goes wrong comes out without anything personal in it."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except Exception as error:  # noqa: BLE001 - raised again below, as what Prefect may know
        trouble = tellable(error)
    raise trouble


def tellable(error: Exception) -> VitaleError:
    """Return the error as it may be told: our own sentences as they are, others by type and place.

    Neither carries the error that caused it: Prefect would print that too.
    """
    if isinstance(error, VitaleError):
        told: VitaleError = error
    elif isinstance(error, (OperationalError, InterfaceError, ConnectionError, TimeoutError)):
        told = TemporaryFailure(f"Er was even geen verbinding ({_code(error)}).")
    else:
        told = Broken(_code(error))
        log.error("%s", told.message)
    told.__cause__ = told.__context__ = None
    return told.with_traceback(None)


def passes_by_itself(_task: Any, _run: Any, state: Any) -> bool:  # noqa: ANN401 - Prefect's own types
    """Whether a failed task may be tried again: only when nobody has to do anything for it."""
    return isinstance(error_of(state), TemporaryFailure)


def error_of(state: Any) -> Exception | None:  # noqa: ANN401 - a Prefect state
    """Return the error with which a run ended, if this process knows it."""
    found = getattr(state.data, "result", state.data)
    return found if isinstance(found, Exception) else None


def tell_operator(flow: Any, flow_run: Any, state: Any) -> None:  # noqa: ANN401 - Prefect's own types
    """Owe the operator a mail about a run that failed or crashed; ids only.

    Whoever asks for what a rule refuses reads so in the run itself.
    """
    error = error_of(state)
    if isinstance(error, Refused):
        return
    code = getattr(error, "code", None) or (type(error).__name__ if error else state.name)
    app = the_app()
    with app.database.write() as session:
        now = present(session)
        failures.tell(session, flow=flow.name, run=str(flow_run.id), code=code, now=now, bureau=app.bureau)


class Done(NamedTuple):
    """What an operator's flow did: the code of the cohort and a sentence without names."""

    cohort: str
    sentence: str


async def decide(work: Callable[[Session, datetime], Done]) -> str:
    """Do what a person decided, in one transaction; tag the run with its cohort and say what was done."""
    done = await in_transaction(lambda session: work(session, present(session)))
    if done.cohort and (number := runtime.flow_run.id):
        async with get_client() as client:
            tags = [*runtime.flow_run.tags, f"cohort:{done.cohort}"]
            await client.update_flow_run(UUID(number), tags=tags)
        get_run_logger().info("%s", done.sentence)
    return done.sentence


async def carry_out(work: Callable[[Session, datetime], Done], *, only_look: bool) -> str:
    """Say what a change would do, in numbers without names; then do it, unless somebody only wanted to look."""
    app = the_app()

    def look() -> str:
        with app.database.read() as session:
            now = present(session)
        return told(rehearse(app.database, lambda session: work(session, now), now=now, bureau=app.bureau))

    ahead = await in_core(look)
    if runtime.flow_run.id:
        get_run_logger().info("%s", ahead)
    if only_look:
        return f"Er is nog niets gedaan. {ahead}"
    return await decide(work)


def told(seen: Consequences[Done]) -> str:
    """Return the consequences of a change as Prefect may know them."""
    counted = Counter(labels.of_kind(mail.kind) for mail in seen.mails)
    taken_back = Counter(labels.of_kind(mail.kind) for mail in seen.taken_back)
    parts = [f"{count} x {kind}" for kind, count in counted.items()]
    parts += [f"vervalt: {count} x {kind}" for kind, count in taken_back.items()]
    parts += [f"{one.name}: {one.before} wordt {one.after}" for one in seen.lists]
    parts += [f"taak: {task.what.rstrip('.')}" for task in seen.tasks]
    parts += [f"let op: {conflict.without_names.rstrip('.')}" for conflict in seen.conflicts]
    return f"Gevolgen: {'; '.join(parts)}." if parts else "Niemand krijgt hier nu een mail van."


def found(session: Session, record: type[T], number: int, what: str) -> T:
    """Return the record with this number. Raises NotFound: "Bezoek 7 bestaat niet."."""
    row = session.get(record, number)
    if row is None:
        raise NotFound(f"{what} {number} bestaat niet.", remedy="vitale today")
    return row


def step_task(step: str) -> Any:  # noqa: ANN401 - a Prefect task
    """Make the task that advances one cohort through one step."""

    @core_task(step)
    async def advance(cohort: int, now: datetime) -> None:
        bureau = the_app().bureau
        await in_transaction(
            lambda session: lifecycle.advance(session, session.get_one(Cohort, cohort), step, now=now, bureau=bureau)
        )

    return advance


def core_flow(name: str, run_name: str | Callable[[], str], **options: Any) -> Callable[[Callable[P, R]], Any]:
    """Make a flow out of a coroutine: named, without results, and with a mail to the operator when it fails."""
    return flow(
        name=name,
        flow_run_name=run_name,
        persist_result=False,
        result_storage=Nowhere(),
        log_prints=False,
        on_failure=[tell_operator],
        on_crashed=[tell_operator],
        **options,
    )


def core_task(name: str) -> Callable[[Callable[P, R]], Any]:
    """Make a task out of a coroutine: never from a cache, repeated only for what passes by itself."""
    return task(
        name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        log_prints=False,
        retries=len(RETRY_AFTER),
        retry_delay_seconds=RETRY_AFTER,
        retry_jitter_factor=0.3,
        retry_condition_fn=passes_by_itself,
    )


def _code(error: Exception) -> str:
    """Return `KeyError@vitale_core/steps/intake.py:60`: the last place in our own code."""
    place = "buiten Vitale"
    for frame in traceback.extract_tb(error.__traceback__):
        parts = Path(frame.filename).parts
        ours = next((i for i, part in enumerate(parts) if part in OURS), None)
        if ours is not None and "site-packages" not in parts:
            place = f"{'/'.join(parts[ours:])}:{frame.lineno}"
    return f"{type(error).__name__}@{place}"
