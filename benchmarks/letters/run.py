"""Measures what one mail costs, where that goes, and what the usual way to write the same mail would cost.

Every mail is another reader's invitation with its calendar part: subject, text, page, calendar twice, read back. The
usual way fills in the same templates with the style sheet inlined for each mail, and writes with `email.message`.
All take turns in every round, so that a busy machine is busy for all; figures are medians of CPU time of one core.
Before anything is measured both ways are read back and must say the same. The last line is our whole way with the
facts looked up in SQLite, for the 48 invitations of one cohort of twelve.

    python benchmarks/letters/run.py [--rounds 15] [--mails 40]
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import select

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

from tests import training  # noqa: E402 - after its folder is known
from tests.letter_facts import facts_of  # noqa: E402 - the same
from vitale_core.adapters import letters, mime, wording  # noqa: E402 - the same
from vitale_core.domain.bureau import Bureau  # noqa: E402 - the same
from vitale_core.domain.kinds import Kind  # noqa: E402 - the same
from vitale_core.steps import invitations  # noqa: E402 - the same
from vitale_core.steps.content import content as find_content  # noqa: E402 - the same
from vitale_core.store.database import open_database  # noqa: E402 - the same
from vitale_core.store.records import Message  # noqa: E402 - the same
from vitale_core.store.schema import upgrade  # noqa: E402 - the same

BUREAU = Bureau()
SECRET = b"a secret of the benchmark"
KIND = Kind.CALENDAR_INVITATION
GOAL = 250  # mails a second on one core, with calendar part


@dataclass
class Reader:
    """Who gets a mail."""

    name: str
    email: str


@dataclass
class Row:
    """A row of the ledger."""

    id: int
    person: Reader
    payload: dict[str, Any]
    kind: str = KIND
    not_before: datetime = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
    key: str = field(init=False)
    message_id: str = field(init=False)

    def __post_init__(self) -> None:
        """Give each row its own marks."""
        self.key = f"1/{self.id}/{self.kind}/invitation-{self.id}/0"
        self.message_id = f"<{self.id:032x}@vitale.example>"


def rows(count: int) -> list[Row]:
    """Return invitations as a bureau sends them, no two alike."""
    return [
        Row(
            number,
            Reader(f"Deelnémer {number}", f"deelnemer.{number}@gemeente.example"),
            {
                "uid": f"{number:032x}@vitale.example",
                "sequence": number % 4,
                "stamp": "2027-03-01T08:00:00+00:00",
                "start": "2027-03-18T08:30:00+00:00",
                "end": "2027-03-18T11:30:00+00:00",
                "summary": f"Terreinverkenning {number} (Training overheidsparticipatie)",
                "location": "Het Kasteel, Melkweg 1, Groningen",
                "description": "Wat betekent dit begrip?\n\nKun je niet? Bel 06 50 26 61 75.",
                "address": f"deelnemer.{number}@gemeente.example",
                "session_name": "dagdeel-1",
                "host": False,
            },
        )
        for number in range(1, count + 1)
    ]


def content(_session: object, message: Row, **_: object) -> dict[str, Any]:
    """Return the facts of one invitation, as `steps.content` finds them."""
    reader = {"name": message.person.name, "greeting": message.person.name}
    return facts_of(KIND, reader=reader, page=f"https://training.vitale.example/m/{message.id:043d}")


class TheUsualWay:
    """The same templates with the style inlined for each mail, and `email.message`."""

    def __init__(self) -> None:
        """Compile the templates."""
        self._environment = Environment(
            loader=FileSystemLoader(letters.HOUSE),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(wording.FILTERS)
        self._inliner = CSSInliner(load_remote_stylesheets=False)

    def write(self, row: Row) -> bytes:
        """Return the mail."""
        facts = content(None, row)
        subject, text, html = (
            self._environment.get_template(f"{KIND}/{part}").render({**facts, "subject": ""}) for part in letters.PARTS
        )
        calendar = letters._calendar(  # noqa: SLF001 - the same calendar part for both
            KIND, row.payload, BUREAU, mime.Mailbox(row.person.name, row.person.email)
        ).content
        mail = EmailMessage(policy=policy.SMTP.clone(max_line_length=200))
        mail["From"] = Address(BUREAU.mail_name, addr_spec=BUREAU.mail_address)
        mail["To"] = Address(row.person.name, addr_spec=row.person.email)
        mail["Subject"] = subject.strip()
        mail["Date"] = format_datetime(row.not_before)
        mail["Message-ID"] = row.message_id
        mail.set_content(text)
        mail.add_alternative(self._inliner.inline(html), subtype="html")
        mail.add_alternative(
            calendar, "text", "calendar", params={"charset": "utf-8", "method": "REQUEST"}, cte="base64"
        )
        mail.add_attachment(calendar, "application", "ics", filename="invite.ics")
        return mail.as_bytes()


def check(ours: bytes, theirs: bytes) -> None:
    """Stop when the two ways do not say the same."""
    said = []
    for data in (ours, theirs):
        mail = message_from_bytes(data, policy=policy.default)
        parts = {part.get_content_type(): part for part in mail.walk() if not part.is_multipart()}
        body: Any = parts["text/plain"].get_payload(decode=True)
        said.append((body.decode().split(), parts["text/calendar"].get_payload(decode=True), str(mail["Subject"])))
    if said[0] != said[1]:
        sys.exit("The two ways do not say the same; there is nothing to compare.")


@contextmanager
def stopwatch(times: dict[str, list[float]], name: str, count: int) -> Iterator[None]:
    """Note the CPU seconds of each of `count` mails."""
    before = process_time()
    yield
    times.setdefault(name, []).append((process_time() - before) / count)


def measure(rounds: int, mails: int) -> dict[str, list[float]]:
    """Return the CPU seconds of one mail in each round: whole, by step, and the usual way."""
    before = process_time()
    made = letters.load_letters()
    times = {"load all templates, once": [process_time() - before]}
    renderer = letters.MessageRenderer(made, BUREAU, SECRET, content)
    usual, ledger, now = TheUsualWay(), rows(mails), datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
    check(renderer.render(None, ledger[0], now=now).mime, usual.write(ledger[0]))
    letter = made.render(KIND, content(None, ledger[0]))
    event = letters._calendar(KIND, ledger[0].payload, BUREAU, mime.Mailbox("Noor", "noor@gemeente.example"))  # noqa: SLF001
    mail = mime.Mail(
        sender=mime.Mailbox(BUREAU.mail_name, BUREAU.mail_address),
        recipient=mime.Mailbox("Noor", "noor@gemeente.example"),
        subject=letter.subject,
        date=now,
        message_id="<1@vitale.example>",
        text=letter.text,
        html=letter.html,
        calendar=event,
    )
    steps: dict[str, Callable[[Row], object]] = {
        "one mail, whole": lambda row: renderer.render(None, row, now=now),
        "  words: three templates": lambda row: made.render(KIND, content(None, row)),
        "  calendar part": lambda row: letters._calendar(KIND, row.payload, BUREAU, mail.recipient),  # noqa: SLF001
        "  bytes, read back": lambda _row: mime.write(mail),
        "the usual way": usual.write,
    }
    for _ in range(rounds):
        for name, step in steps.items():
            with stopwatch(times, name, mails):
                for row in ledger:
                    step(row)
    return times


def measure_from_database(rounds: int) -> list[float]:
    """Return the CPU seconds of one mail in each round, its facts looked up in a database."""
    seconds = []
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/facts.db"
        upgrade(url)
        database = open_database(url)
        with database.write() as session:
            cohort = training.a_cohort(session)
            training.some_enrolments(session, cohort)
            invitations.sync(session, cohort, now=training.NOW, bureau=training.BUREAU)
        renderer = letters.MessageRenderer(letters.load_letters(), training.BUREAU, SECRET, find_content)
        for _ in range(rounds):
            with database.write() as session:
                owed = session.scalars(select(Message).where(Message.kind == KIND)).all()
                before = process_time()
                for message in owed:
                    renderer.render(session, message, now=training.NOW)
                seconds.append((process_time() - before) / len(owed))
        database.dispose()
    return seconds


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--mails", type=int, default=40)
    chosen = arguments.parse_args()
    times = measure(chosen.rounds, chosen.mails)
    times["with facts from SQLite"] = measure_from_database(chosen.rounds)
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:<28}{median * 1000:>10.3f} ms{1 / median:>10.0f} /s")
    ours, usual = times["one mail, whole"], times["the usual way"]
    ratio = statistics.median(b / a for a, b in zip(ours, usual, strict=True))
    rate = 1 / statistics.median(times["with facts from SQLite"])
    print(f"\n{ratio:.1f} times as fast as the usual way; {rate:.0f} mails a second a core, the goal is {GOAL}")
    sys.exit(0 if rate >= GOAL else 1)


if __name__ == "__main__":
    main()
