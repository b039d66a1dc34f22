"""`vitale db`: the database."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from vitale_cli import options, terminal
from vitale_cli.parser import commands
from vitale_core.domain.errors import NeedsApproval, NotFound, Refused

MOST_NAMED = 3
"""So many copies are named; the folder holds the rest."""

app = commands("db", "De database bijwerken en bewaren.")


@app.command
def upgrade() -> None:
    """Breng de database naar de nieuwste versie."""
    from vitale_core.app import build, read_settings, versions_of

    settings = read_settings()
    before, _ = versions_of(settings)
    build(settings).database.dispose()
    after, _ = versions_of(settings)
    terminal.show({"from": before, "to": after}, "")
    terminal.say("De database was al bij." if before == after else f"De database is nu versie {after}.")


@app.command
def status() -> int:
    """Welke versie de database heeft."""
    from vitale_core.app import read_settings, versions_of

    have, newest = versions_of(read_settings())
    up_to_date = have == newest
    terminal.show(
        {"version": have, "newest": newest, "up_to_date": up_to_date},
        terminal.facts({"database": have or "nog niet gemaakt", "nieuwste": newest}),
    )
    if not up_to_date:
        terminal.say("Bijwerken: vitale db upgrade")
    return 0 if up_to_date else 5


@app.command
def backup(to: Annotated[Path | None, Parameter(help="map; anders VITALE_HOME/backups")] = None) -> None:
    """Maak een kopie van de database, ook terwijl alles draait."""
    from vitale_core.app import read_settings
    from vitale_core.store import copies

    settings = read_settings()
    made = copies.back_up(settings.url, to or settings.home / "backups", now=datetime.now(UTC))
    if made is None:
        raise Refused("PostgreSQL kopieert zichzelf met zijn eigen gereedschap.", remedy="Zie docs/scale.md.")
    terminal.show({"backup": made}, str(made))


@app.command
def restore(copy: Annotated[Path, Parameter(help="een kopie, uit VITALE_HOME/backups")]) -> None:
    """Zet een kopie terug; wat sindsdien gebeurde is dan weg. De huidige database wordt eerst bewaard.

    Mail die sindsdien wegging, gaat niet nog eens, en mail die sindsdien binnenkwam, wordt opnieuw gelezen: dat weet
    het verzendjournaal buiten de database.
    """
    from sqlalchemy.engine import make_url

    from vitale_core.app import build, read_settings
    from vitale_core.store import copies

    settings = read_settings()
    parsed = make_url(settings.url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise Refused("Dit kan alleen met SQLite.", remedy="Zie docs/scale.md voor PostgreSQL.")
    if not copy.is_file():
        raise NotFound(f"De kopie {copy} bestaat niet.", remedy=_known(settings.home / "backups"))
    if not _is_whole(copy):
        raise Refused(
            f"{copy.name} is geen goede kopie van een Vitale-database; er is niets gewijzigd.",
            remedy=_known(settings.home / "backups", but=copy),
        )
    database = Path(parsed.database)
    terminal.say(f"{copy.name} komt in de plaats van {database.name}. Stop eerst vitale up.")
    if options.current().dry_run:
        return
    if not options.current().yes and not (terminal.can_ask() and terminal.ask("Doen?")):
        raise NeedsApproval("Er is niets gewijzigd.", remedy="Herhaal met --yes.")
    kept = None
    if database.exists():
        kept = copies.back_up(settings.url, settings.home / "backups", now=datetime.now(UTC))
    with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(database)) as target:
        source.backup(target)
    build(settings).database.dispose()
    terminal.show({"restored": copy, "kept": kept}, "")
    terminal.say(f"Teruggezet. De vorige staat in {kept}." if kept else "Teruggezet.")


def _known(folder: Path, *, but: Path | None = None) -> str:
    """Return which copies there are, the newest first, as the command that puts one back."""
    found = sorted((p for p in folder.glob("vitale-*.db") if but is None or p.resolve() != but.resolve()), reverse=True)
    if not found:
        return f"In {folder} staat geen andere kopie. Een nieuwe: vitale db backup"
    more = len(found) - MOST_NAMED
    names = ", ".join(str(path) for path in found[1:MOST_NAMED])
    others = f" Of een oudere: {names}{f' en nog {more}' if more > 0 else ''}." if names else ""
    return f"De nieuwste terugzetten: vitale db restore {found[0]}.{others}"


def _is_whole(copy: Path) -> bool:
    """Say whether this is a copy of ours, and not damaged."""
    try:
        with closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            [(verdict,)] = connection.execute("PRAGMA quick_check").fetchall()
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.DatabaseError, ValueError):
        verdict = "no"
    return bool(verdict == "ok")
