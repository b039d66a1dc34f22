"""`vitale doctor`: what is wrong here, in plain words, with what to do. Also the first thing `vitale up` does."""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from vitale_cli import reasons
from vitale_cli import server as prefect
from vitale_core.domain import labels
from vitale_core.domain.errors import Refused, VitaleError
from vitale_core.versions import wrong_versions

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vitale_core.app import Settings

ENOUGH_ROOM = 500_000_000
"""Bytes: the database, two weeks of copies, and the history of Prefect."""

UP_TO_DATE = "De database is bij"
SOON = timedelta(minutes=10)
PATIENCE = 10
"""Seconds for an answer of a mail server: whoever runs this sits and waits."""


class Level(StrEnum):
    """How bad it is."""

    GOOD = "good"
    ATTENTION = "attention"  # it runs, but somebody should look
    WRONG = "wrong"  # it does not run


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `what` is a stable name; the sentence and the remedy are Dutch."""

    what: str
    level: Level
    sentence: str
    remedy: str = ""

    def __str__(self) -> str:
        mark = {Level.GOOD: "goed ", Level.ATTENTION: "let op", Level.WRONG: "fout "}[self.level]
        return f"{mark}  {self.sentence}{f' {self.remedy}' if self.remedy else ''}"


def doctor(settings: "Settings", *, server: bool, trail: bool = True) -> list[Finding]:
    """Look at everything; `server`: also at the Prefect server and the clock that should be running now.

    `trail`: also at every row of who did what, which takes a while when there are many.

    Nothing is changed. Versions come first: with wrong ones nothing else that is found can be trusted.
    """
    found = list(_versions())
    if any(finding.level is Level.WRONG for finding in found):
        return found
    found += [*_home(settings), *_database(settings), *_mail(settings), *_links(settings), *_clock(settings)]
    readable = any(finding.sentence.startswith(UP_TO_DATE) for finding in found)
    if trail and readable:
        found += _trail(settings)
    if server:
        found += _prefect(settings.home.resolve() / "prefect")
        found += _overdue(settings) if readable else []
    return found


def _versions() -> Iterator[Finding]:
    wrong = wrong_versions()
    for sentence in wrong:
        yield Finding("versions", Level.WRONG, sentence)
    if not wrong:
        yield Finding("versions", Level.GOOD, "De versies van Prefect, FastAPI en SQLAlchemy zijn getest.")


def _home(settings: "Settings") -> Iterator[Finding]:
    home = settings.home.resolve()
    place = next(path for path in (home, *home.parents) if path.exists())
    if not os.access(place, os.W_OK):
        yield Finding("home", Level.WRONG, f"In {place} mag Vitale niet schrijven.", "Kies een map met VITALE_HOME.")
        return
    room = shutil.disk_usage(place).free
    if room < ENOUGH_ROOM:
        yield Finding(
            "home", Level.ATTENTION, f"Op de schijf van {home} is nog {room // 1_000_000} MB vrij.", "Maak ruimte."
        )
    else:
        yield Finding("home", Level.GOOD, f"Alles staat in {home}.")
    secret = home / "secret"
    if secret.exists() and secret.stat().st_mode & 0o077:
        yield Finding("secret", Level.ATTENTION, f"{secret} is leesbaar voor anderen.", f"Draai: chmod 600 {secret}")


def _database(settings: "Settings") -> Iterator[Finding]:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from vitale_core.store.schema import current

    url = make_url(settings.url)
    kind = url.get_backend_name()
    if kind == "sqlite" and not Path(url.database or "").exists():
        yield Finding("database", Level.GOOD, "Er is nog geen database; `vitale up` of `vitale init` maakt hem.")
        return
    try:
        have, newest = current(settings.url)
    except Refused as refusal:
        yield Finding("database", Level.WRONG, refusal.message, refusal.remedy)
        return
    except (SQLAlchemyError, OSError, ImportError) as error:
        yield Finding(
            "database",
            Level.WRONG,
            f"De database ({kind}) is niet te gebruiken: {reasons.of_database(error)}.",
            "Kijk naar VITALE_DATABASE_URL, en of de server draait.",
        )
        return
    if have == newest:
        yield Finding("database", Level.GOOD, f"{UP_TO_DATE} ({kind}): versie {have}.")
    elif have is None or _is_older(settings.url, have):
        yield Finding(
            "database", Level.ATTENTION, f"De database is van een oudere versie ({have}).", "Draai: vitale db upgrade"
        )
    else:
        yield Finding(
            "database",
            Level.WRONG,
            f"De database is van een nieuwere Vitale ({have}) dan deze ({newest}).",
            "Installeer de nieuwe versie weer.",
        )


def _is_older(url: str, revision: str) -> bool:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    from vitale_core.store.schema import configuration

    try:
        return ScriptDirectory.from_config(configuration(url)).get_revision(revision) is not None
    except CommandError:
        return False


def _mail(settings: "Settings") -> Iterator[Finding]:
    if settings.smtp_host in prefect.LOOPBACKS:
        sentence = f"Mail gaat naar poort {settings.smtp_port} op deze computer."
        yield Finding("relay", Level.GOOD, sentence)
    else:
        yield _relay(settings.smtp_host, settings.smtp_port)
    if "://" in settings.inbox:
        yield _inbox(settings)


def _relay(host: str, port: int) -> Finding:
    try:
        with socket.create_connection((host, port), timeout=PATIENCE):
            return Finding("relay", Level.GOOD, f"De mailserver {host}:{port} antwoordt.")
    except OSError as error:
        return Finding(
            "relay",
            Level.ATTENTION,
            f"De mailserver {host}:{port} is niet te bereiken: {reasons.of_network(error)}. Er gaat niets verloren.",
            "Kijk naar VITALE_SMTP_HOST, VITALE_SMTP_PORT en het netwerk.",
        )


def _inbox(settings: "Settings") -> Finding:
    """Log in as reading mail does; an open port alone says nothing of the password or the folder."""
    from vitale_core.adapters.mailbox import ImapBox, open_mailbox

    try:
        box = open_mailbox(settings.inbox, password=settings.read_secret("inbox_password"))
        if isinstance(box, ImapBox):
            box.patience = PATIENCE
        box.check()
    except Refused as refusal:
        return Finding("inbox", Level.ATTENTION, refusal.message, refusal.remedy)
    except VitaleError as problem:
        return Finding(
            "inbox",
            Level.ATTENTION,
            f"{problem.message} Mail blijft er wachten; er gaat niets verloren.",
            f"Het gaat om {urlsplit(settings.inbox).hostname} in VITALE_INBOX.",
        )
    return Finding("inbox", Level.GOOD, f"De inbox op {urlsplit(settings.inbox).hostname} laat ons binnen.")


def _links(settings: "Settings") -> Iterator[Finding]:
    host = urlsplit(settings.base_url).hostname or ""
    if host in prefect.LOOPBACKS and settings.smtp_host not in prefect.LOOPBACKS:
        yield Finding(
            "links",
            Level.ATTENTION,
            f"Links in mails wijzen naar {settings.base_url}: dat werkt alleen op deze computer.",
            "Zet VITALE_BASE_URL op het adres van het portaal.",
        )


def _clock(settings: "Settings") -> Iterator[Finding]:
    if settings.clock == "virtual":
        yield Finding(
            "clock", Level.ATTENTION, "De klok is virtueel: alleen om te oefenen.", "Haal VITALE_CLOCK weg voor echt."
        )


@contextmanager
def _facts(settings: "Settings") -> "Iterator[Session]":
    """Give a session that reads, and leave the database alone afterwards."""
    from vitale_core.store.database import open_database

    database = open_database(settings.url)
    try:
        with database.read() as session:
            yield session
    finally:
        database.dispose()


def _trail(settings: "Settings") -> Iterator[Finding]:
    """Look whether somebody changed or removed what was written down of who did what."""
    from vitale_core.steps import audit

    with _facts(settings) as session:
        broken = audit.broken_links(session)
    if broken:
        yield Finding(
            "trail",
            Level.ATTENTION,
            f"Het logboek is niet heel: {labels.counted(len(broken), 'regel past', 'regels passen')} niet op wat eraan "
            f"voorafgaat (de eerste is nummer {broken[0]}). Er is buiten Vitale om iets veranderd of weggehaald.",
            "Zoek uit wie in de database kan schrijven, en vergelijk met een oudere kopie.",
        )
    else:
        yield Finding("trail", Level.GOOD, "Het logboek is heel.")


# ------------------------------------------------------------------------------------------------ a running Prefect


def _prefect(home: Path) -> Iterator[Finding]:
    address = os.environ.get("PREFECT_API_URL", "").removesuffix("/api") or prefect.find(home)
    if not address or not prefect.answers(f"{address}/api"):
        yield Finding("prefect", Level.WRONG, "Er draait geen Prefect-server.", "Start alles met: vitale up")
        return
    yield Finding("prefect", Level.GOOD, f"Prefect draait op {address}.")
    try:
        yield from _schedules(f"{address}/api")
        yield from _stuck(f"{address}/api")
    except (HTTPError, HTTPException, ValueError, KeyError, TypeError):
        sentence = f"Wat op {address} antwoordt, is geen Prefect zoals wij dat kennen."
        yield Finding("prefect", Level.WRONG, sentence, "Start alles opnieuw: vitale up")
    except OSError as error:
        sentence = f"Prefect geeft geen antwoord: {reasons.of_network(error)}."
        yield Finding("prefect", Level.WRONG, sentence, "Start alles opnieuw: vitale up")


def _schedules(api: str) -> Iterator[Finding]:
    """Look for future runs: with wrong libraries Prefect looks healthy and plans nothing."""
    deployments = _ask(api, "deployments/filter", {"limit": 200})
    planned = [d for d in deployments if not d["paused"] and any(s["active"] for s in d["schedules"])]
    if not planned:
        yield Finding("schedules", Level.WRONG, "Er staat niets ingepland; de klok loopt niet.", "Start met: vitale up")
        return
    now = datetime.now(UTC)
    for deployment in planned:
        coming = {
            "deployments": {"id": {"any_": [deployment["id"]]}},
            "flow_runs": {
                "state": {"type": {"any_": ["SCHEDULED"]}},
                "next_scheduled_start_time": {"after_": now.isoformat()},
            },
        }
        if not _ask(api, "flow_runs/count", coming):
            yield Finding(
                "schedules",
                Level.WRONG,
                f"{deployment['name']} is niet ingepland, terwijl dat wel zou moeten.",
                "Kijk eerst naar de versies; start daarna opnieuw: vitale up",
            )
            return
    yield Finding("schedules", Level.GOOD, f"{len(planned)} vaste momenten zijn ingepland.")
    if any(deployment["status"] != "READY" for deployment in planned):
        yield Finding(
            "worker", Level.WRONG, "Niemand haalt het ingeplande werk op.", "Start het weer: vitale up, of de worker."
        )
    else:
        yield Finding("worker", Level.GOOD, "Het ingeplande werk wordt opgehaald.")


def _stuck(api: str) -> Iterator[Finding]:
    before = (datetime.now(UTC) - SOON).isoformat()
    waiting = {"flow_runs": {"state": {"type": {"any_": ["PENDING"]}}, "expected_start_time": {"before_": before}}}
    if number := _ask(api, "flow_runs/count", waiting):
        yield Finding(
            "stuck",
            Level.ATTENTION,
            f"{number} runs wachten langer dan tien minuten op hun start.",
            "Wis ze in Prefect.",
        )


def _ask(api: str, path: str, question: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    headers = {"content-type": "application/json"}
    request = Request(f"{api}/{path}", json.dumps(question).encode(), headers)  # noqa: S310 - http(s), from our settings
    with urlopen(request, timeout=10) as response:  # noqa: S310 - the same
        return json.load(response)


def _overdue(settings: "Settings") -> Iterator[Finding]:
    """Look for cohorts and mails that are due for more than an hour."""
    from vitale_core.app import bureau_of
    from vitale_core.steps.post.waiting import overdue

    with _facts(settings) as session:
        cohorts, mails = overdue(session, now=datetime.now(UTC), bureau=bureau_of(settings))
    if cohorts or mails:
        yield Finding(
            "overdue",
            Level.ATTENTION,
            f"Al langer dan een uur blijven liggen: {labels.counted(cohorts, 'lichting', 'lichtingen')}, "
            f"{labels.counted(mails, 'mail', 'mails')}.",
            "Draai: vitale tick, en lees wat er misgaat.",
        )
    else:
        yield Finding("overdue", Level.GOOD, "Er blijft niets liggen.")
