"""All VITALE_* settings, read once, from the environment and `.env`.

This is the only module that looks at the environment. Secrets come as a value or as a path in
the same name with `_FILE`; they are masked wherever settings are shown.
"""

import os
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Tls(StrEnum):
    """How the connection to the relay is protected; never guessed."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class Clock(StrEnum):
    """`virtual` lets a command say what time it is."""

    REAL = "real"
    VIRTUAL = "virtual"


class Dispatch(StrEnum):
    """Where a tick does the work of a cohort."""

    INLINE = "inline"  # in the run of the tick
    DEPLOYMENT = "deployment"  # in one run per due cohort, on the work pool


T = TypeVar("T")

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DATABASES = ("sqlite:", "postgresql+psycopg:")
REGIONS = ("noord", "midden", "zuid")


class Settings(BaseSettings):
    """What this installation is told from outside."""

    model_config = SettingsConfigDict(env_prefix="VITALE_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(Path("var"), description="database, mailbox, Prefect home, backups")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in VITALE_HOME")
    smtp_host: str = Field("127.0.0.1", description="the relay; default: the embedded mailbox")
    smtp_port: int = Field(8025, description="port of the relay")
    smtp_tls: Tls = Field(Tls.NONE, description="none (loopback only), starttls or tls")
    smtp_user: str = Field("", description="login at the relay")
    smtp_password: SecretStr = Field(SecretStr(""), description="or VITALE_SMTP_PASSWORD_FILE")
    smtp_password_file: Path | None = Field(None, description="a file that holds the password")
    smtp_connections: int = Field(4, ge=1, le=50, description="kept connections to the relay")
    smtp_unmarked: int = Field(32, ge=1, le=1000, description="results not yet durable, at most")
    inbox: str = Field("", description="imaps://user@host/INBOX; empty: Maildir in VITALE_HOME")
    inbox_password: SecretStr = Field(SecretStr(""), description="or VITALE_INBOX_PASSWORD_FILE")
    inbox_password_file: Path | None = Field(None, description="a file that holds the password")
    mail_from: str = Field("Vitale Overheid <training@vitale.example>", description="From and ORGANIZER: it is read")
    operator: str = Field("Operator <operator@vitale.example>", description="who hears of failures and the digest")
    phone: str = Field("+31650266175", description="the number in the mails")
    region: str = Field("noord", description="school holidays: noord, midden or zuid")
    base_url: str = Field("http://127.0.0.1:8080", description="the only base of links in mails")
    portal_host: str = Field("127.0.0.1", description="address the portal listens on")
    portal_port: int = Field(8080, description="port the portal listens on")
    login_header: str = Field("", description="header in which your login proxy names the operator")
    clock: Clock = Field(Clock.REAL, description="virtual allows --now")
    dispatch: Dispatch = Field(Dispatch.INLINE, description="inline, or deployment: one run each")
    secret: SecretStr = Field(SecretStr(""), description="or VITALE_SECRET_FILE; keys the links")
    secret_file: Path | None = Field(None, description="default: VITALE_HOME/secret, made once")
    templates: Path | None = Field(None, description="a folder of own templates; empty: the house's")

    @field_validator("database_url")
    @classmethod
    def _a_database_we_know(cls, url: str) -> str:
        return _fits(url, not url or url.startswith(DATABASES), "moet beginnen met sqlite:/// of postgresql+psycopg://")

    @field_validator("mail_from", "operator")
    @classmethod
    def _one_mailbox(cls, text: str) -> str:
        local, _, domain = parseaddr(text)[1].partition("@")
        return _fits(text, bool(local and domain), "moet een adres zijn, zoals Vitale Overheid <training@bureau.nl>")

    @field_validator("region")
    @classmethod
    def _a_region_with_holidays(cls, text: str) -> str:
        return _fits(text, text in REGIONS, f"moet {', '.join(REGIONS[:-1])} of {REGIONS[-1]} zijn")

    @field_validator("smtp_password_file", "inbox_password_file", "secret_file")
    @classmethod
    def _a_file_with_something_in_it(cls, path: Path | None) -> Path | None:
        return _fits(path, path is None or _read(path) != "", "wijst naar een bestand dat er niet is, of leeg is")

    @field_validator("templates")
    @classmethod
    def _a_folder(cls, path: Path | None) -> Path | None:
        return _fits(path, path is None or path.is_dir(), "wijst naar een map die er niet is")

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.smtp_tls is Tls.NONE and self.smtp_host not in LOOPBACK:
            message = "VITALE_SMTP_TLS=none mag alleen voor een mailserver op deze computer"
            raise ValueError(message)
        if urlsplit(self.base_url).scheme not in {"http", "https"}:
            message = "VITALE_BASE_URL moet met http:// of https:// beginnen"
            raise ValueError(message)
        return self

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the domain database."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'vitale.db'}"

    def read_secret(self, name: str) -> str:
        """Return `smtp_password`, `inbox_password` or `secret`, from its value or its file."""
        path: Path | None = getattr(self, f"{name}_file")
        if path is not None:
            return _read(path)
        value: SecretStr = getattr(self, name)
        return value.get_secret_value()


def _fits(value: T, ok: bool, otherwise: str) -> T:  # noqa: FBT001 - reads as a sentence
    """Return the value of a setting, or refuse it with what it must be."""
    if not ok:
        raise ValueError(otherwise)
    return value


def _read(path: Path) -> str:
    """Return what is in the file of a secret; nothing when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def source_of(name: str) -> str:
    """Say where a setting comes from: the environment, `.env` or the default."""
    variable = f"VITALE_{name.upper()}"
    if variable in os.environ:
        return "omgeving"
    env_file = Path(".env")
    if env_file.exists() and any(
        line.split("=", 1)[0].strip() == variable for line in env_file.read_text(encoding="utf-8").splitlines()
    ):
        return ".env"
    return "standaard"
