"""The inbox of a test: a Maildir, what reads it, and what came of it."""

from collections import Counter
from functools import partial

from sqlalchemy import delete, select

from tests.post import BUREAU, TUESDAY, MemoryJournal, owe_mail
from vitale_core.adapters.incoming import read_mail
from vitale_core.adapters.mailbox import MaildirBox
from vitale_core.adapters.replies import calendar_reply
from vitale_core.domain.states import MessageStatus, TaskStatus
from vitale_core.steps.post.inbox import read_inbox
from vitale_core.store.records import Incoming, Message, Task


class Inbox:
    """The inbox of one test, as a Maildir."""

    def __init__(self, database, folder) -> None:
        self.database = database
        self.folder = folder
        self.box = MaildirBox(folder)
        self.journal = MemoryJournal()
        self.now = TUESDAY
        self.applied: list[tuple[str, str]] = []
        self.count = 0

    def put(self, mail: bytes) -> None:
        self.count += 1
        (self.folder / "new" / f"{self.count:04}.mail").write_bytes(mail)

    def read(self, **options):
        def apply_reply(session, reply, *, sender, now, bureau):
            self.applied.append((sender, reply.partstat))
            return "applied", "antwoord"

        return read_inbox(
            self.database,
            self.box,
            journal=self.journal,
            now=self.now,
            bureau=BUREAU,
            read=options.pop("read", partial(read_mail, calendar=calendar_reply)),
            apply_reply=options.pop("apply_reply", apply_reply),
            **options,
        )

    def in_folder(self, name: str) -> int:
        return len(list((self.folder / f".{name}" / "cur").iterdir()))

    def rows(self, column):
        with self.database.read() as session:
            return list(session.scalars(select(column).order_by(Incoming.id)))

    def sent(self, to: str = "anna@gemeente.test", **facts) -> tuple[int, str]:
        with self.database.write() as session:
            message = owe_mail(session, to, **{"status": MessageStatus.SENT, "ended_at": TUESDAY, **facts})
            return message.id, message.message_id

    def row(self, number: int) -> Message:
        with self.database.read() as session:
            row = session.get_one(Message, number)
            session.expunge(row)
            return row

    def told(self, kind: str) -> str:
        with self.database.read() as session:
            return session.scalars(select(Task.what).where(Task.kind == kind)).one()

    def tasks(self) -> Counter[str]:
        with self.database.read() as session:
            return Counter(session.scalars(select(Task.kind).where(Task.status == TaskStatus.OPEN)))


def an_older_copy_comes_back(inbox, *, knows: int = 0) -> None:
    """Take away what this database knows of all mails but the first ones."""
    with inbox.database.write() as session:
        session.execute(delete(Task))
        session.execute(delete(Incoming).where(Incoming.id > knows))
