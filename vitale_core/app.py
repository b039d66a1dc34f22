"""The only place where the parts meet: settings in, one frozen App out."""

import os
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from sqlalchemy.engine import make_url

from vitale_core.adapters import calendar_nl, incoming, trainer_calendar
from vitale_core.adapters import programmes as programme_files
from vitale_core.adapters.journal import SendJournal
from vitale_core.adapters.letters import MessageRenderer, load_letters
from vitale_core.adapters.mailbox import open_mailbox
from vitale_core.adapters.smtp import SmtpServer
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused, TemporaryFailure
from vitale_core.settings import Settings, source_of
from vitale_core.steps.content import content
from vitale_core.store.database import Database, open_database
from vitale_core.store.records import Note
from vitale_core.store.schema import current, upgrade

__all__ = ["App", "Settings", "build", "bureau_of"]

HOUSE = Path(__file__).parents[1] / "templates"


@dataclass(frozen=True)
class App:
    """Everything a face needs to let the steps do their work. Parts are made when first used."""

    settings: Settings
    bureau: Bureau
    database: Database
    templates: Path

    @property
    def secret(self) -> bytes:
        """The key of links, Message-IDs and bounce addresses of this installation."""
        return self.bureau.secret

    @cached_property
    def renderer(self) -> MessageRenderer:
        """Makes the bytes of a message."""
        own = self.settings.templates
        letters = load_letters(*([own / "mail"] if own else []))
        return MessageRenderer(letters, self.bureau, self.secret, content)

    @cached_property
    def server(self) -> SmtpServer:
        """The relay that mail is handed to."""
        s = self.settings
        return SmtpServer(
            host=s.smtp_host,
            port=s.smtp_port,
            tls=s.smtp_tls,
            user=s.smtp_user,
            password=s.read_secret("smtp_password"),
            size=s.smtp_connections,
        )

    @cached_property
    def journal(self) -> SendJournal:
        """The send journal that belongs to this database."""
        return SendJournal(self.settings.home / "journal", _journal_name(self.database))

    @cached_property
    def mailbox(self) -> Any:  # noqa: ANN401 - Maildir or IMAP, one protocol
        """The inbox that answers and bounces come into."""
        s = self.settings
        return open_mailbox(s.inbox or str(s.home / "inbox"), password=s.read_secret("inbox_password"))

    def busy(self, source: str, *, first: date, last: date) -> list[tuple[datetime, datetime]]:
        """Return when the owner of a calendar is busy; `source` is a path or an address."""
        return trainer_calendar.read(source, first=first, last=last)

    def sender_of(self, raw: bytes) -> str:
        """Return the address a mail came from."""
        return incoming.sender_of(raw)

    @cached_property
    def programmes(self) -> Path:
        """The folder of programme files."""
        return self.templates / "programmes"

    def programme(self, slug: str) -> dict[str, Any]:
        """Return the checked document of a programme file."""
        return programme_files.load(self.programmes, slug)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it may be shown; secrets are masked."""

    variable: str
    value: str
    source: str
    meaning: str


def read_settings() -> Settings:
    """Read the settings; Refused names each variable that does not fit, and why."""
    try:
        return Settings()
    except ValidationError as problem:
        told = [_told(error["loc"], error["msg"]) for error in problem.errors(include_input=False, include_url=False)]
        raise Refused(
            "; ".join(told) + ".", remedy="Kijk naar de omgeving en naar .env; wat kan: vitale config."
        ) from None


def _told(place: tuple[int | str, ...], message: str) -> str:
    name = f"VITALE_{str(place[0]).upper()}: " if place else ""
    return name + message.removeprefix("Value error, ")


def shown_settings(settings: Settings) -> list[Setting]:
    """Return every setting with its value, where it comes from and what it means."""
    return [
        Setting(f"VITALE_{name.upper()}", _shown(getattr(settings, name)), source_of(name), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    text = "" if value is None else str(value)
    if "://" in text and "@" in text:
        return make_url(text).render_as_string(hide_password=True)
    return text


def versions_of(settings: Settings) -> tuple[str | None, str | None]:
    """Return the version of the database (None: it has no tables yet) and the newest one of this code."""
    path = make_url(settings.url).database
    if make_url(settings.url).get_backend_name() == "sqlite" and not (path and Path(path).exists()):
        return None, current("sqlite://")[1]
    return current(settings.url)


def build(settings: Settings | None = None) -> App:
    """Put the parts together; the database is brought up to date, the secret made once."""
    settings = settings or read_settings()
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        upgrade(settings.url)
    except OSError as error:
        raise TemporaryFailure(
            f"De map van Vitale is niet te beschrijven ({error.strerror}); er is niets gewijzigd.",
            remedy="Kijk naar VITALE_HOME.",
        ) from error
    database = open_database(settings.url)
    _journal_name(database)  # before the first mail: a copy without it would send again all that left since
    database.dispose()  # until somebody needs it
    return App(settings, bureau_of(settings), database, settings.templates or HOUSE)


def bureau_of(settings: Settings) -> Bureau:
    """Return what texts and rules must know of the bureau."""
    mail_name, mail_address = parseaddr(settings.mail_from)
    operator_name, operator_address = parseaddr(settings.operator)
    return Bureau(
        mail_name=mail_name or mail_address,
        mail_address=mail_address,
        operator_name=operator_name or "Operator",
        operator_address=operator_address,
        phone=settings.phone,
        base_url=settings.base_url,
        secret=_secret(settings),
        region=settings.region,
        holidays=calendar_nl.public_holidays(),
        school_holidays=calendar_nl.school_holidays((settings.templates or HOUSE) / "schoolvakanties.yaml"),
    )


def _secret(settings: Settings) -> bytes:
    """Return the installation's secret; without a setting it is made once, readable by its owner only."""
    given = settings.read_secret("secret")
    if given:
        return given.encode()
    path = settings.home / "secret"
    try:
        with open(path, "x", encoding="ascii", opener=_only_for_the_owner) as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    secret = path.read_text(encoding="ascii").strip()
    if not secret:
        raise Refused(f"{path.name} in VITALE_HOME is leeg.", remedy="Zet de geheime sleutel terug uit een kopie.")
    return secret.encode()


def _only_for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _journal_name(database: Database) -> str:
    """Return the name of the send journal, kept in the database so that a restored copy finds it."""
    with database.read() as session:
        if note := session.get(Note, "journal"):
            return note.value
    with database.write() as session:
        note = session.get(Note, "journal")
        if note is None:
            note = Note(name="journal", value=secrets.token_hex(8))
            session.add(note)
        return note.value
