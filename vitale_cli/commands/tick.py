"""`vitale tick`: everything that is due now, once, here, without a Prefect server."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vitale_cli import options, terminal
from vitale_cli.desk import is_virtual, open_desk
from vitale_cli.relay import embedded_mailbox
from vitale_core.domain import labels, worktime
from vitale_core.domain.errors import Refused, VitaleError

if TYPE_CHECKING:
    from vitale_cli.desk import Desk

ROUNDS = 20
"""So often everything is looked at again while facts keep changing."""


@dataclass(slots=True)
class Report:
    """What one tick did."""

    cohorts: set[str] = field(default_factory=set)
    owed: Counter[str] = field(default_factory=Counter)
    tasks: int = 0
    read: int = 0
    sent: int = 0
    skipped: int = 0
    deferred: int = 0
    failed: int = 0
    uncertain: int = 0
    broken: int = 0
    erased: int = 0
    trouble: list[str] = field(default_factory=list)
    inbox_closed: bool = False  # it could not be reached: in this tick nobody waits for it again
    relay_rests: bool = False

    def document(self, now: datetime) -> dict[str, Any]:
        """Return it with stable keys."""
        return {
            "now": now,
            "cohorts": sorted(self.cohorts),
            "owed": dict(sorted(self.owed.items())),
            "tasks": self.tasks,
            "read": self.read,
            "sent": self.sent,
            "skipped": self.skipped,
            "deferred": self.deferred,
            "failed": self.failed,
            "uncertain": self.uncertain,
            "broken": self.broken,
            "erased": self.erased,
            "trouble": self.trouble,
        }


def tick() -> int:
    """Doe nu alles wat nodig is: lees de mail, breng elke lichting verder en verstuur wat klaarstaat.

    Veilig op elk moment, ook twee keer of te laat. Met --now T op een virtuele klok.
    """
    if options.current().dry_run:
        raise Refused("Een tick kan niet op proef.", remedy="Oefen op een kopie: vitale simulate CODE")
    report = Report()
    with open_desk() as desk:
        first = _latest(desk)
        for _ in range(ROUNDS):
            if not (_read_inbox(desk, report) + _advance(desk, report)):
                break
        else:
            report.trouble.append("de feiten blijven veranderen; draai de tick nog eens")
        _count_new(desk, report, *first)
        _remember_the_clock(desk)
        with embedded_mailbox(desk.app.settings) as port:
            _deliver(desk, report, port)
        if _read_inbox(desk, report):
            _advance(desk, report)
        _finish_erasures(desk, report)
    terminal.show(report.document(desk.now), _text(report, desk.now))
    for trouble in report.trouble:
        terminal.warn(trouble)
    if report.deferred:
        terminal.say("Wat nu niet kon, wordt later vanzelf opnieuw geprobeerd.")
    if report.failed or report.uncertain:
        terminal.say("Wat mislukte of onzeker is, staat in: vitale today")
    return _exit_code(report)


def _remember_the_clock(desk: "Desk") -> None:
    """Write down by which clock mail leaves, before it does."""
    from vitale_core.steps import clock
    from vitale_core.steps.post.waiting import mail_waits

    with desk.write() as session:
        if not is_virtual(desk.app) and mail_waits(session, **desk.at):
            clock.mailed_for_real(session)


def _advance(desk: "Desk", report: Report) -> int:
    """Bring every due cohort up to date, each in a transaction of its own; return how many were due.

    A cohort that cannot is told of, and the others go on.
    """
    from vitale_core.steps import lifecycle
    from vitale_core.store.database import lock_cohort

    with desk.database.read() as session:
        due = lifecycle.due_cohorts(session, desk.now)
    done = 0
    for number in due:
        try:
            with desk.database.write() as session:
                cohort = lock_cohort(session, number)
                for step in lifecycle.steps_due(session, cohort, **desk.at):
                    lifecycle.advance(session, cohort, step, **desk.at)
                report.cohorts.add(cohort.code)
                lifecycle.settle(session, cohort, **desk.at)
            done += 1
        except VitaleError as problem:
            told = f"lichting {number}: {problem.message} {problem.remedy}".strip()
            if told not in report.trouble:
                report.trouble.append(told)
    return done


def _read_inbox(desk: "Desk", report: Report) -> int:
    from vitale_core.adapters.guarded import GuardedReader
    from vitale_core.steps.post.inbox import read_inbox
    from vitale_core.steps.replies import apply_reply

    if report.inbox_closed:
        return 0
    try:
        with GuardedReader() as read:
            found = read_inbox(
                desk.database,
                desk.app.mailbox,
                journal=desk.app.journal,
                read=read,
                apply_reply=apply_reply,
                **desk.at,
            )
    except VitaleError as problem:
        report.inbox_closed = True
        report.trouble.append(f"{problem.message} {problem.remedy}".strip())
        return 0
    report.read += found.read + found.again
    return found.read + found.again


def _deliver(desk: "Desk", report: Report, port: int) -> None:
    from vitale_core.steps.post.rounds import deliver_due

    virtual = is_virtual(desk.app)
    found = asyncio.run(
        deliver_due(
            desk.database,
            server=replace(desk.app.server, port=port),
            letters=desk.app.renderer,
            journal=desk.app.journal,
            now=(lambda: desk.now) if virtual else (lambda: datetime.now(UTC)),
            bureau=desk.bureau,
            unmarked=desk.app.settings.smtp_unmarked,
        )
    )
    for name in ("sent", "skipped", "deferred", "failed", "uncertain", "broken"):
        setattr(report, name, getattr(report, name) + getattr(found, name))
    if found.resting:
        report.relay_rests = True
        report.trouble.append("De mailserver doet het niet; de mails blijven klaarstaan. Waarom: vitale today")


def _finish_erasures(desk: "Desk", report: Report) -> None:
    """Erase who asked for it and whose last mail has now left."""
    from vitale_core.steps import privacy

    with desk.write() as session:
        report.erased = privacy.finish_erasures(session, now=desk.now)


def _latest(desk: "Desk") -> tuple[int, int]:
    """Return the newest mail and task, so that what comes can be counted."""
    from sqlalchemy import func, select

    from vitale_core.store.records import Message, Task

    with desk.database.read() as session:
        return session.scalar(select(func.max(Message.id))) or 0, session.scalar(select(func.max(Task.id))) or 0


def _count_new(desk: "Desk", report: Report, mail: int, task: int) -> None:
    from sqlalchemy import func, select

    from vitale_core.store.records import Message, Task

    with desk.database.read() as session:
        kinds = select(Message.kind, func.count()).where(Message.id > mail).group_by(Message.kind)
        report.owed.update(dict(session.execute(kinds).tuples().all()))
        report.tasks = session.scalar(select(func.count()).where(Task.id > task)) or 0


def _text(report: Report, now: datetime) -> str:
    lines = [f"Klok: {worktime.moment_in_words(now)}"]
    lines += [f"  {count:>3} x {labels.of_kind(kind)}" for kind, count in sorted(report.owed.items())]
    counts = (
        (len(report.cohorts), "lichting", "lichtingen"),
        (report.tasks, "nieuwe taak", "nieuwe taken"),
        (report.read, "mail gelezen", "mails gelezen"),
        (report.sent, "verstuurd", "verstuurd"),
        (report.skipped, "overgeslagen", "overgeslagen"),
        (report.deferred, "later opnieuw", "later opnieuw"),
        (report.failed, "mislukt", "mislukt"),
        (report.uncertain, "onzeker", "onzeker"),
        (report.broken, "brief kapot", "brieven kapot"),
        (report.erased, "gewist", "gewist"),
    )
    told = ", ".join(labels.counted(*one) for one in counts if one[0])
    return "\n".join([*lines, told or "Er was niets te doen."])


def _exit_code(report: Report) -> int:
    """Return 6 when the mail server or the inbox was out of reach, 5 when a person must look, else 0."""
    unreachable, attention = 6, 5
    if report.deferred or report.inbox_closed or report.relay_rests:
        return unreachable
    return attention if report.trouble or report.broken else 0
