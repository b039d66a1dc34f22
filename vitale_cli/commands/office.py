"""`vitale init` and `vitale config`: this installation."""

from typing import TYPE_CHECKING

from vitale_cli import terminal

if TYPE_CHECKING:
    from vitale_core.app import Setting


def init() -> None:
    """Maak de map, de database en de sleutel van deze installatie. Nog eens draaien kan geen kwaad."""
    from vitale_core.app import build, read_settings

    settings = read_settings()
    new = not (settings.home / "secret").exists()
    app = build(settings)
    try:
        programmes = sorted(path.stem for path in app.programmes.glob("*.yaml"))
    finally:
        app.database.dispose()
    home = settings.home.resolve()
    document = {"home": home, "programmes": programmes, "new": new}
    terminal.show(document, terminal.facts({"map": home, "programma's": ", ".join(programmes)}))
    terminal.say("Klaar." if new else "Alles was er al; de database is bijgewerkt.")
    terminal.say("Instellingen: vitale config. Daarna: vitale cohort create --help")


def config() -> None:
    """De instellingen, met waar ze vandaan komen. Geheimen blijven verborgen."""
    from vitale_core.app import read_settings, shown_settings

    settings = shown_settings(read_settings())
    document = {s.variable: {"value": s.value, "source": s.source, "meaning": s.meaning} for s in settings}
    terminal.show({"settings": document}, terminal.table(("instelling", "waarde", "bron"), [_row(s) for s in settings]))
    terminal.say("Wijzig ze in de omgeving of in .env; een voorbeeld staat in deployments/.env.example.")


def _row(setting: "Setting") -> tuple[str, str, str]:
    return setting.variable, setting.value or "-", setting.source
