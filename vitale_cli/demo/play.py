"""Play the demo: run the virtual clock from moment to moment, through a real Prefect server."""

import asyncio
import heapq
import inspect
import itertools
import random
import sys
import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from sqlalchemy import func, select

from vitale_cli.demo import cast, look, stage, story
from vitale_cli.demo.actors import People, local_time
from vitale_cli.demo.browser import PageProblem
from vitale_cli.mailview import Kept, read
from vitale_core.domain import labels, worktime
from vitale_core.domain.errors import VitaleError
from vitale_core.domain.states import MessageStatus
from vitale_core.store.records import Cohort, Message

TICK = timedelta(minutes=5)
READING_HOURS = ((8, 30), (12, 30), (17, 0))
BEGIN = story.at(story.OPENS, 9)
LAST = story.at(date(2027, 6, 16), 17)
"""About when the cohort is closed, for the length of the bar."""


def main(*, keep: Path | None = None, seed: int = cast.SEED, serve: bool = True) -> int:
    """Play the whole lifecycle; with `serve` keep everything open to look at until Ctrl-C. 0: all went well."""
    err = Console(stderr=True)
    err.print("[bold]Vitale[/bold] speelt één lichting, van aanmelding tot evaluatie.")
    err.print("Niets verlaat deze computer; alle adressen eindigen op .example.")
    began = time.monotonic()
    with stage.folder(keep) as home, stage.up(home, seed=seed, start=BEGIN) as on_stage:
        play = Play(on_stage, seed, err)
        asyncio.run(play.run())
        seconds = time.monotonic() - began
        with look.served(on_stage, play.log) as address:
            look.summary(on_stage, play.log, seconds, Console())
            if serve and sys.stdout.isatty():
                err.print(f"\nKijk rond: [bold]{address}[/bold]   (Ctrl-C stopt)")
                look.wait_for_the_end()
            elif serve:
                err.print("\nRondkijken kan als de demo in een terminal draait; de uitvoer gaat nu ergens anders heen.")
        return 0 if not play.troubles else 1


class Play:
    """The clock of the demo: what happens next, and then the tick."""

    def __init__(self, on_stage: stage.Stage, seed: int, console: Console) -> None:
        """Set the clock at the first event."""
        self._stage = on_stage
        self._dice = random.Random(seed)  # noqa: S311 - a story, no secret
        self._people = People(on_stage.app, on_stage.clock, self._dice)
        self._story = story.Story(on_stage, self._people)
        self._queue: list[tuple[datetime, int, Any]] = []
        self._count = itertools.count()
        self._console = console
        self._read = 0
        self._terugkomdag_planned = False
        self.log: list[tuple[datetime, str]] = []
        self.troubles: list[str] = []

    async def run(self) -> None:
        """Play until nothing more is owed and nobody does anything more."""
        for event in self._story.events():
            self._put(event.at, event.deed)
        with Progress(
            TextColumn("{task.fields[date]}"),
            BarColumn(),
            console=self._console,
            transient=True,
            refresh_per_second=2,
        ) as progress:
            bar = progress.add_task("", total=(LAST - BEGIN).days, date="")
            while (moment := self._next()) is not None and moment < story.END:
                self._stage.clock.now = max(moment, self._stage.clock.now)
                progress.update(bar, completed=(self._now - BEGIN).days, date=local_time(self._now))
                await self._happen()
                await self._tick()
                self._react()
            progress.update(bar, completed=progress.tasks[0].total)
        self._people.browser.close()

    @property
    def _now(self) -> datetime:
        return self._stage.clock.now

    def _put(self, moment: datetime, deed: Any) -> None:  # noqa: ANN401 - a call or a coroutine function
        heapq.heappush(self._queue, (moment, next(self._count), deed))

    def _next(self) -> datetime | None:
        """Return the next moment at which something happens or the clock has work; ticks come every 5 minutes."""
        with self._stage.app.database.read() as session:
            due = session.scalar(select(func.min(Cohort.next_due_at)))
            post = session.scalar(
                select(func.min(Message.next_attempt_at)).where(Message.status == MessageStatus.QUEUED)
            )
        inbox = self._now + TICK if any((self._stage.home / "inbox" / "new").glob("*")) else None
        work = min((m for m in (due, post, inbox) if m is not None), default=None)
        if work is not None:
            work = _next_tick(max(work, self._now + timedelta(seconds=1)))
        deed = self._queue[0][0] if self._queue else None
        return min((m for m in (work, deed) if m is not None), default=None)

    async def _happen(self) -> None:
        """Let everybody do what they planned for now."""
        while self._queue and self._queue[0][0] <= self._now:
            _, _, deed = heapq.heappop(self._queue)
            try:
                said = deed()
                said = await said if inspect.isawaitable(said) else said
            except (PageProblem, VitaleError) as problem:
                said = f"! {problem}"
                self.troubles.append(str(problem))
            if said:
                self._tell(said)
        self._plan_terugkomdag()

    async def _tick(self) -> None:
        try:
            await self._stage.tick(now=self._now)
        except VitaleError as problem:
            self.troubles.append(str(problem))
            self._tell(f"! {problem}")

    def _react(self) -> None:
        """Deliver the new mails to their readers, who decide what to do.

        In the order of the ledger's keys: in which order several connections brought them, no seed can say.
        """
        new = sorted(read(self._stage.sink, after=self._read), key=lambda mail: str(mail.message["X-Vitale-Key"]))
        self._read += len(new)
        for mail in new:
            for plan in self._people.get(mail):
                self._put(_when_they_read(self._now + plan.after), plan.deed)
        for kind, count in _counted(new):
            self._tell(f"  post: {count} × {labels.of_kind(kind)}")

    def _plan_terugkomdag(self) -> None:
        end = None if self._terugkomdag_planned else self._story.terugkomdag()
        if end is not None:
            self._terugkomdag_planned = True
            for event in self._story.on_terugkomdag(end):
                self._put(event.at, event.deed)

    def _tell(self, words: str) -> None:
        self.log.append((self._now, words))
        self._console.print(f"[dim]{local_time(self._now)}[/dim]  {words}", highlight=False)


def _next_tick(moment: datetime) -> datetime:
    late = timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    return moment if not late else moment - late + TICK


def _when_they_read(moment: datetime) -> datetime:
    """Return the first moment from then on at which people read their mail."""
    here = worktime.local(moment)
    today = (story.at(here.date(), *hour) for hour in READING_HOURS)
    return next((at for at in today if at >= moment), story.at(here.date() + timedelta(days=1), *READING_HOURS[0]))


def _counted(mails: Iterable[Kept]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for mail in mails:
        counts[mail.kind] = counts.get(mail.kind, 0) + 1
    return sorted(counts.items())
