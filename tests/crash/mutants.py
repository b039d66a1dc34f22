"""Deliberate defects. Each must be caught by the harness: one that catches nothing proves nothing.

A mutant replaces one piece of the program, in the process of one life only.
"""

import hashlib
import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from pathlib import Path

from sqlalchemy import select, update

from tests.crash.life import Life
from tests.post import PlainLetters
from vitale_core import faults
from vitale_core.adapters.journal import SendJournal
from vitale_core.adapters.mailbox import MaildirBox
from vitale_core.adapters.smtp import SmtpConnections
from vitale_core.domain import delivery
from vitale_core.domain.delivery import Decision, Stage, Verdict
from vitale_core.domain.states import MessageStatus
from vitale_core.steps import ledger
from vitale_core.steps.post import claiming, clerk, inbox, preparing, recording, settling
from vitale_core.steps.post import rounds as post
from vitale_core.store.records import Message, Note

MUTANTS: dict[str, Callable[[], None]] = {}
BOXES: list[Path] = []
MODES: dict[str, tuple[str, ...]] = {}
"""How each is caught quickest: arguments of the harness."""


def plant(where: object, name: str, piece: object) -> None:
    """Put another piece in the place of a good one."""
    setattr(where, name, piece)


def mutant(*arguments: str):
    """Name a defect by its function."""

    def named(plant: Callable[[], None]) -> Callable[[], None]:
        name = plant.__name__.replace("_", "-")
        MUTANTS[name], MODES[name] = plant, arguments
        return plant

    return named


# ----------------------------------------------------------------------------------------------------- the journal


@mutant("restore")
def the_journal_is_not_asked() -> None:
    plant(SendJournal, "last", lambda _self, _message_id: None)


@mutant("restore", "--case", "medium")
def what_was_read_is_forgotten() -> None:
    plant(inbox, "is_older", lambda _database, _journal: False)


# ------------------------------------------------------------------------------------------------ marks and leases


@mutant("enum", "--at", "smtp: dot answered")
def nothing_is_marked() -> None:
    async def mark(_self, _mail):
        return None

    plant(clerk.Clerk, "mark", mark)


@mutant("enum", "--at", "smtp: dot answered")
def marked_after_the_dot() -> None:
    hand_over = SmtpConnections.hand_over

    async def late(self, parcel, mark, following):
        async def nothing():
            return None

        ending = await hand_over(self, parcel, nothing, following)
        if ending.stage is Stage.DOT:
            await mark()
        return ending

    plant(SmtpConnections, "hand_over", late)


@mutant("enum", "--at", "smtp: before the dot")
def sent_before_it_is_sent() -> None:
    write_down = recording.write_down

    def sent(session, results, marks, *, now):
        written = write_down(session, results, marks, now=now)
        ours = Message.id.in_(written.allowed)
        session.execute(update(Message).where(ours).values(status=MessageStatus.SENT, ended_at=now))
        return written

    plant(clerk, "write_down", sent)


@mutant("enum", "--every", "3")
def nobody_recovers() -> None:
    plant(post, "recover", lambda *_args, **_options: 0)


@mutant("enum", "--at", "smtp: dot answered")
def marked_mails_go_again() -> None:
    the_journal_is_not_asked()  # alone it stops them too: two guards, each enough
    recover_one = claiming._recover_one

    def forgetful(session, message, journal, now):
        message.marked_at = None
        recover_one(session, message, journal, now)

    plant(claiming, "_recover_one", forgetful)


@mutant("two", "--every", "4")
def no_token_and_no_lease() -> None:
    write_down = recording.write_down

    def trusting(session, results, marks, *, now):
        written = write_down(session, results, [], now=now)
        ids = frozenset(mail.parcel.id for mail in marks)
        session.execute(update(Message).where(Message.id.in_(ids)).values(marked_at=now))
        return replace(written, allowed=ids)

    plant(clerk, "write_down", trusting)
    take = claiming._take

    def shared(session, rows, lease_until):
        mails = take(session, rows, lease_until)
        ids = [mail.parcel.id for mail in mails]
        session.execute(update(Message).where(Message.id.in_(ids)).values(status=MessageStatus.QUEUED))
        return mails

    plant(claiming, "_take", shared)


@mutant("enum", "--case", "many", "--at", "smtp: dot answered")
def results_are_kept_for_the_end() -> None:
    """No bound on what is not on disk yet."""
    close = clerk.Clerk.close

    def later(self, result):
        self.__dict__.setdefault("kept", []).append(result)
        self._open -= 1

    def at_the_end(self):
        self._results += self.__dict__.pop("kept", [])
        self.write()
        close(self)

    plant(clerk.Clerk, "record", later)
    plant(clerk.Clerk, "close", at_the_end)


# ----------------------------------------------------------------------------------------------- ledger and outbox


@mutant("enum", "--every", "1")
def outbox_in_a_second_transaction() -> None:
    def begin_day(self, database, day, now):
        with database.write() as session:
            if session.get(Note, f"step/{day}"):
                return
            session.add(Note(name=f"step/{day}", value="done"))
        with database.write() as session:
            self.owe(session, day, now)

    plant(Life, "begin_day", begin_day)


@mutant("enum", "--every", "1")
def a_new_key_each_time() -> None:
    """The outbox goes first, in its own transaction, and the key is made up."""
    owe = ledger.owe

    def made_up(session, cohort, **facts):
        return owe(session, cohort, **facts, key=os.urandom(8).hex())

    plant(ledger, "owe", made_up)

    def begin_day(self, database, day, now):
        with database.write() as session:
            if session.get(Note, f"step/{day}"):
                return
            self.owe(session, day, now)
        with database.write() as session:
            session.add(Note(name=f"step/{day}", value="done"))

    plant(Life, "begin_day", begin_day)


@mutant("enum", "--every", "50")
def new_bytes_for_each_attempt() -> None:
    the_journal_is_not_asked()  # it would stop a mail whose attempts are forgotten
    recover = claiming.recover

    def render_again(session, *, now, journal):
        before = set(session.scalars(select(Message.id).where(Message.repeated_at.is_(None))))
        count = recover(session, now=now, journal=journal)
        session.flush()
        session.execute(
            update(Message)
            .where(Message.id.in_(before), Message.repeated_at.is_not(None))
            .values(attempts=0, rendered_version=None)
        )
        session.expire_all()
        return count

    plant(post, "recover", render_again)
    render = PlainLetters.render

    def other_words(self, session, message, *, now):
        self.words = hashlib.sha256(os.urandom(8)).hexdigest()
        return render(self, session, message, now=now)

    plant(PlainLetters, "render", other_words)


# --------------------------------------------------------------------------------------- truth at the moment of sending


@mutant("enum", "--every", "50")
def a_cancel_that_only_says_so() -> None:
    cancel = settling.cancel

    def says_so(session, number, **options):
        message = cancel(session, number, **options)
        message.status, message.ended_at = MessageStatus.QUEUED, None
        return message

    plant(settling, "cancel", says_so)


@mutant("enum", "--every", "50")
def stale_mails_go() -> None:
    plant(post, "skip_stale", lambda *_args, **_options: 0)
    for module in (claiming, preparing):
        plant(
            module,
            "end_stale",
            lambda _session, message, *, now: plant(message, "stale_at", now + timedelta(days=1)),
        )


# ------------------------------------------------------------------------------------------------ what answers mean


def _judging(change: Callable[[delivery.Ending, Decision], Decision]) -> None:
    judge = delivery.judge

    @wraps(judge)
    def wrong(ending, *, attempts, seed):
        return change(ending, judge(ending, attempts=attempts, seed=seed))

    plant(recording, "judge", wrong)


@mutant("enum", "--case", "full", "--every", "50")
def out_of_step_is_for_good() -> None:
    _judging(lambda ending, decision: Decision(Verdict.FAILED, "nee") if ending.code == 503 else decision)


@mutant("enum", "--every", "50")
def a_lost_answer_is_a_refusal() -> None:
    _judging(
        lambda _ending, decision: (
            Decision(Verdict.AGAIN, "opnieuw", timedelta(minutes=5))
            if decision.verdict is Verdict.UNCERTAIN
            else decision
        )
    )


@mutant("enum", "--case", "full", "--every", "50")
def a_lost_answer_is_a_yes() -> None:
    _judging(lambda _ending, decision: Decision(Verdict.SENT) if decision.verdict is Verdict.UNCERTAIN else decision)


# ------------------------------------------------------------------------------------------------------- the inbox


@mutant("enum", "--at", "inbox: moved too early")
def moved_before_it_is_committed() -> None:
    handle = inbox.handle

    def moved(database, raw, **options):
        MaildirBox(BOXES[0]).done(raw.source)
        faults.point("inbox: moved too early")
        return handle(database, raw, **options)

    made = MaildirBox.__init__

    def remember(self, folder):
        BOXES[:] = [folder]
        made(self, folder)

    plant(MaildirBox, "__init__", remember)
    plant(inbox, "handle", moved)


@mutant("enum", "--at", "inbox: committed")
def handled_again() -> None:
    remember = inbox._remember

    def by_chance(session, raw, digest, handled, *, now):
        return remember(session, raw, f"{digest}-{random.random()}", handled, now=now)

    plant(inbox, "_remember", by_chance)
