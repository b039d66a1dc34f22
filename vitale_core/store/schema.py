"""Make the tables, and bring those of an older version up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from vitale_core.store.database import check_library

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest version; an up-to-date one is left alone.

    Each migration is one transaction on both databases: after a crash it is the old version or
    the new one. SQLite is switched to WAL here, and only here.
    """
    parsed = make_url(url)
    check_library(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            if parsed.database != ":memory:":
                Path(parsed.database).touch(mode=0o600)  # personal data; its log gets the same rights from SQLite
        engine = create_engine(url)
        with engine.connect() as connection:
            mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
            if mode != "wal":
                connection.execute(text("PRAGMA journal_mode=WAL"))
        engine.dispose()
    command.upgrade(configuration(url), "head")


def current(url: str) -> tuple[str | None, str | None]:
    """Return the revision of the database and the newest one of this code."""
    check_library(url)
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            have = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    return have, ScriptDirectory.from_config(configuration(url)).get_current_head()


def configuration(url: str) -> Config:
    """Return the Alembic configuration for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config
