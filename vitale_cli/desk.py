"""Where a command works: the parts of the installation, and what time it is there."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vitale_cli import options, terminal
from vitale_core.domain import labels, worktime
from vitale_core.domain.errors import NeedsApproval, Refused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vitale_core.app import App
    from vitale_core.domain.bureau import Bureau
    from vitale_core.steps.consequences import Consequences, MailAhead, TaskAhead
    from vitale_core.store.database import Database

T = TypeVar("T")

OPERATOR = "operator"
MOST_NAMES = 4
MOST_TASKS = 3


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts a command works with, and the moment it happens."""

    app: "App"
    now: datetime

    @property
    def database(self) -> "Database":
        """The facts."""
        return self.app.database

    @property
    def bureau(self) -> "Bureau":
        """What is the same for every cohort."""
        return self.app.bureau

    @property
    def at(self) -> dict[str, Any]:
        """What every step wants to know: `step(session, ..., **desk.at)`."""
        return {"now": self.now, "bureau": self.app.bureau}

    def carry_out(self, change: "Callable[[Session], T]", *, what: str) -> T:
        """Show what a change will do, ask, and do it; NeedsApproval when nobody said yes.

        With --dry-run it ends after showing: NotNow, which is no error.
        """
        from vitale_core.steps.consequences import rehearse

        seen = rehearse(self.database, change, now=self.now, bureau=self.bureau)
        terminal.say(describe(seen, what))
        if options.current().dry_run:
            raise NotNow(as_document(seen))
        if not options.current().yes:
            if not terminal.can_ask():
                raise NeedsApproval(
                    "Er is niets gewijzigd: dit vraagt om een bevestiging.", remedy="Herhaal met --yes."
                )
            if not terminal.ask("Doen?"):
                raise NeedsApproval("Er is niets gewijzigd.")
        with self.write() as session:
            return change(session)

    def do(self, change: "Callable[[Session], T]", *, what: str) -> T:
        """Do it without asking; with --dry-run only show what it would do, and return what it would return."""
        if options.current().dry_run:
            from vitale_core.steps.consequences import rehearse

            seen = rehearse(self.database, change, now=self.now, bureau=self.bureau)
            terminal.say(describe(seen, what))
            terminal.say("Er is niets opgeslagen (--dry-run).")
            return seen.result
        with self.write() as session:
            return change(session)

    @contextmanager
    def write(self) -> "Iterator[Session]":
        """Give a session whose changes are kept; on a virtual clock its moment is remembered with them."""
        from vitale_core.steps import clock

        with self.database.write() as session:
            if is_virtual(self.app) and options.current().now:
                clock.stand_at(session, self.now, back=options.current().set_back)
            yield session


class NotNow(Exception):
    """The operator only wanted to see it; `document` says what would happen."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Keep what was shown, for --json."""
        super().__init__("dry run")
        self.document = document


@contextmanager
def open_desk() -> "Iterator[Desk]":
    """Give the desk of this installation, its database up to date."""
    from vitale_core.app import build
    from vitale_core.steps import clock

    told = read_moment(options.current().now) if options.current().now else None
    app = build()
    try:
        with app.database.read() as session:
            virtual, back = is_virtual(app), options.current().set_back
            now = clock.moment(session, virtual=virtual, told=told, real=datetime.now(UTC), back=back)
            last = clock.put_at(session) if virtual else None
            if last is not None and now < last:
                _warn_of_going_back(last, now, mails=clock.not_undone(session, now))
        yield Desk(app, now)
    finally:
        app.database.dispose()


def _warn_of_going_back(last: datetime, now: datetime, *, mails: int) -> None:
    terminal.warn(
        f"De klok gaat terug, van {worktime.moment_in_words(last)} naar {worktime.moment_in_words(now)}. Wat daarna "
        f"gebeurde, wordt niet teruggedraaid: {labels.counted(mails, 'mail blijft', 'mails blijven')} verstuurd, en "
        "antwoorden en besluiten blijven staan."
    )


def is_virtual(app: "App") -> bool:
    """Say whether the clock of this installation can be told."""
    return app.settings.clock.value == "virtual"


# ------------------------------------------------------------------------------------------ what somebody typed


def read_moment(text: str) -> datetime:
    """Read a moment: wall-clock time in the Netherlands, or with an offset of its own."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"'{text}' is geen moment.", remedy="Schrijf 2027-03-08T09:00.") from None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return worktime.wall_clock(moment.date(), moment.time())


def read_date(text: str) -> date:
    """Read a date: 2027-03-18."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"'{text}' is geen datum.", remedy="Schrijf 2027-03-18.") from None


def read_moment_or_date(text: str, usual: time | None) -> datetime:
    """Read a moment; a bare date gets the usual time of day."""
    if usual is not None and len(text) == len("2027-03-18"):
        return worktime.wall_clock(read_date(text), usual)
    return read_moment(text)


def choose(what: str, text: str, known: Mapping[str, T]) -> T:
    """Return the choice with this name; Refused names the choices."""
    try:
        return known[text.casefold()]
    except KeyError:
        near = difflib.get_close_matches(text, list(known), n=1)
        hint = f"Bedoel je {near[0]}? " if near else ""
        raise Refused(f"'{text}' is geen {what}.", remedy=f"{hint}Kies uit: {', '.join(known)}.") from None


# ------------------------------------------------------------------------------------------ what would happen


def describe(seen: "Consequences[Any]", what: str) -> str:
    """Return in a few lines what a change will do."""
    lines = [what]
    lines += _mail_lines("mail", seen.letters)
    lines += _mail_lines("agenda", seen.calendar)
    lines += _mail_lines("vervalt", seen.taken_back)
    lines += [f"  lijst    {one.name} van {one.cohort}: {one.before} wordt {one.after}" for one in seen.lists]
    lines += _task_lines(seen.tasks)
    lines += [f"  let op   {conflict.sentence}" for conflict in seen.conflicts]
    if not (seen.mails or seen.taken_back):
        lines.append("  Niemand krijgt hier nu een mail van.")
    if any(mail.approval for mail in seen.mails):
        lines.append("  Een deel wacht daarna op je goedkeuring: vitale mail list --status awaiting-approval")
    return "\n".join(lines)


def as_document(seen: "Consequences[Any]") -> dict[str, Any]:
    """Return what a change will do as JSON."""

    def mails(some: "tuple[MailAhead, ...]") -> list[dict[str, Any]]:
        return [{"kind": m.kind, "person": m.person, "name": m.name, "approval": m.approval} for m in some]

    return {
        "dry_run": True,
        "mails": mails(seen.letters),
        "calendar": mails(seen.calendar),
        "taken_back": mails(seen.taken_back),
        "tasks": [{"what": task.what, "command": task.command} for task in seen.tasks],
        "lists": [{"cohort": o.cohort, "list": o.name, "before": o.before, "after": o.after} for o in seen.lists],
        "conflicts": [conflict.sentence for conflict in seen.conflicts],
    }


def _mail_lines(word: str, mails: "tuple[MailAhead, ...]") -> list[str]:
    by_kind: dict[str, list[MailAhead]] = {}
    for mail in mails:
        by_kind.setdefault(mail.kind, []).append(mail)
    return [f"  {word:<8} {len(some)} x {labels.of_kind(kind)}: {_names(some)}" for kind, some in by_kind.items()]


def _task_lines(tasks: "tuple[TaskAhead, ...]") -> list[str]:
    """Return the tasks; of a kind with many only the first few, and how many more there are."""
    by_kind: dict[str, list[str]] = {}
    for task in tasks:
        by_kind.setdefault(task.kind, []).append(f"  taak     {task.what}")
    lines = []
    for some in by_kind.values():
        more = len(some) - MOST_TASKS
        lines += some if more <= 1 else [*some[:MOST_TASKS], f"  taak     en {more} andere zoals deze"]
    return lines


def _names(mails: "list[MailAhead]") -> str:
    names = list(dict.fromkeys(mail.name or f"persoon {mail.person}" for mail in mails))
    more = len(names) - MOST_NAMES
    others = "ander" if more == 1 else "anderen"
    return ", ".join(names[:MOST_NAMES]) + (f" en {more} {others}" if more > 0 else "")


def home() -> Path:
    """Return the folder of this installation."""
    from vitale_core.app import read_settings

    return read_settings().home
