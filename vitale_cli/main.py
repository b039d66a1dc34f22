"""The command `vitale`: find the command, run it, and say in one line what went wrong.

Nothing heavy is imported before it is needed: `vitale --help` answers at once.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cyclopts import App, CycloptsError, Group

from vitale_cli import options, terminal
from vitale_cli.desk import NotNow, home
from vitale_cli.dutch import DutchHelp, mistake
from vitale_core.domain.errors import NeedsApproval, NotFound, Refused, TemporaryFailure, Uncertain, VitaleError

OK, BUG, WRONG, NOT_THERE, NEEDS_A_YES, ATTENTION, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130

START, PEOPLE, POST, MORE = "Beginnen", "Lichtingen en mensen", "Klok en post", "Beheer"

COMMANDS = (
    ("demo", "vitale_cli.commands.demo:demo", START, "Speel een hele lichting af, van aanmelding tot evaluatie."),
    ("init", "vitale_cli.commands.office:init", START, "Maak de database en de sleutel van deze installatie."),
    ("up", "vitale_cli.commands.running:up", START, "Start server, klok, pagina's en postbus op deze computer."),
    ("doctor", "vitale_cli.commands.running:doctor", START, "Kijk na of alles er is om te draaien."),
    ("today", "vitale_cli.commands.today:today", START, "Wat vandaag aandacht vraagt."),
    ("cohort", "vitale_cli.commands.cohort:app", PEOPLE, "Lichtingen maken, bekijken, verplaatsen en afzeggen."),
    ("import", "vitale_cli.commands.imports:people", PEOPLE, "Lees aanmeldingen uit een CSV- of Excelbestand."),
    ("person", "vitale_cli.commands.person:app", PEOPLE, "Deelnemers toelaten, afmelden, vervangen, wissen."),
    ("host", "vitale_cli.commands.host:app", PEOPLE, "Gastheren en hun projecten."),
    ("groups", "vitale_cli.commands.groups:app", PEOPLE, "Groepen en werkbezoeken voorstellen en goedkeuren."),
    ("visit", "vitale_cli.commands.visit:app", PEOPLE, "Wat gastheren antwoorden."),
    ("poll", "vitale_cli.commands.poll:app", PEOPLE, "De datumprikker van de terugkomdag."),
    ("answer", "vitale_cli.commands.answer:app", PEOPLE, "Een antwoord noteren dat iemand per telefoon gaf."),
    ("attendance", "vitale_cli.commands.attendance:app", PEOPLE, "Wie er was."),
    ("eval", "vitale_cli.commands.evaluation:app", PEOPLE, "Evaluaties."),
    ("tick", "vitale_cli.commands.tick:tick", POST, "Doe nu wat nodig is, en verstuur en lees de mail."),
    ("run", "vitale_cli.commands.running:run", POST, "Doe een stap via Prefect."),
    ("mail", "vitale_cli.commands.mail:app", POST, "Mails bekijken, goedkeuren, tegenhouden."),
    ("serve", "vitale_cli.commands.running:serve_app", POST, "Start een deel apart: pagina's, klok of postbus."),
    ("simulate", "vitale_cli.commands.simulate:simulate", POST, "Oefen een lichting op een kopie; er gaat niets weg."),
    ("plan", "vitale_cli.commands.plan:plan", MORE, "Los een planbestand op."),
    ("config", "vitale_cli.commands.office:config", MORE, "De instellingen, met waar ze vandaan komen."),
    ("db", "vitale_cli.commands.db:app", MORE, "De database bijwerken en bewaren."),
)

EVERYWHERE = """\
Bij elke opdracht:
  --json      de gegevens als een JSON-document
  --quiet     alleen de gegevens
  --no-color  zonder kleur
  --dry-run   laat zien wat er zou gebeuren
  --yes       vraag niet om bevestiging
  --now T     het is nu T: 2027-03-08T09:00 (met VITALE_CLOCK=virtual)
  --set-back  zet die klok met --now ook terug; wat later gebeurde, blijft staan"""


def make_app() -> App:
    """Return the command line, with every command still to be imported."""
    app = App(
        name="vitale",
        help="Het bureau achter een training: van aanmelding tot evaluatie.",
        help_epilogue=EVERYWHERE,
        help_formatter=DutchHelp(),
        help_format="plaintext",
        version=version,
        group_commands=Group("Opdrachten"),
        group_arguments=Group("Gegevens"),
        group_parameters=Group("Opties"),
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,  # `main` says what Ctrl-C left behind
    )
    app["--help"].help = "Deze uitleg."
    app["--version"].help = "Het versienummer."
    groups = {name: Group.create_ordered(name) for name in (START, PEOPLE, POST, MORE)}
    for place, (name, path, group, text) in enumerate(COMMANDS):
        app.command(path, name=name, group=groups[group], help=text, sort_key=place)
    app["--help"].group = app["--version"].group = groups[MORE]
    return app


def version() -> str:
    """Return the version of this installation."""
    from importlib import metadata

    return metadata.version("vitale")


def main(arguments: Sequence[str] | None = None) -> int:  # noqa: PLR0911 - one exit per sort of error
    """Run one command and return its exit code.

    0 ok, 1 a bug, 2 wrong usage, 3 not found, 4 needs a yes, 5 attention needed, 6 something outside cannot be reached.
    """
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except options.NowNeedsAMoment:
        return _failed(WRONG, "Na --now hoort een moment.", "Bijvoorbeeld: --now 2027-03-08T09:00")
    except CycloptsError as problem:
        return _failed(WRONG, *mistake(problem))
    except VitaleError as problem:
        return _failed(_code_of(problem), problem.message, problem.remedy)
    except KeyboardInterrupt:
        return _failed(INTERRUPTED, "Onderbroken. Wat al gedaan was, is bewaard.")
    except BrokenPipeError:
        return _reader_gone()
    except Exception as problem:  # noqa: BLE001 - the last door: an operator gets a sentence, the log gets the rest
        if _is_unreachable(problem):
            reason = type(getattr(problem, "orig", problem)).__name__
            return _failed(UNREACHABLE, f"De database is niet bereikbaar ({reason}).", "Er is niets gewijzigd.")
        return _failed(BUG, f"Dit had niet mogen gebeuren ({type(problem).__name__}).", _write_down(problem))


def _run(arguments: Sequence[str]) -> int:
    words = options.take(arguments)
    app = make_app()
    if not words:
        app.help_print()
        return OK
    try:
        result = app(words)
    except NotNow as shown:
        terminal.show(shown.document, "")
        terminal.say("Er is niets gewijzigd (--dry-run).")
        return OK
    return result if isinstance(result, int) and not isinstance(result, bool) else OK


def _reader_gone() -> int:
    """End quietly when the other end of a pipe closed, as `vitale mail list | head` does."""
    with suppress(OSError, ValueError):  # a stream without a file behind it has nothing left to flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK


def _failed(code: int, message: str, remedy: str = "") -> int:
    terminal.complain(message, remedy)
    return code


def _code_of(problem: VitaleError) -> int:
    codes = ((NotFound, NOT_THERE), (NeedsApproval, NEEDS_A_YES), (Refused, WRONG), (TemporaryFailure, UNREACHABLE))
    default = ATTENTION if isinstance(problem, Uncertain) else BUG
    return next((code for kind, code in codes if isinstance(problem, kind)), default)


def _is_unreachable(problem: Exception) -> bool:
    """Say whether the database could not be reached or was held too long; only when its library was loaded."""
    loaded = sys.modules.get("sqlalchemy.exc")
    return loaded is not None and isinstance(problem, loaded.OperationalError)


def _write_down(problem: Exception) -> str:
    """Keep the traceback, without the values in it, where the operator can find it; say where."""
    try:
        folder = home() / "log"
        folder.mkdir(parents=True, exist_ok=True)
    except Exception:  # noqa: BLE001 - also when nothing works any more
        folder = Path(tempfile.gettempdir())
    path = folder / f"fout-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
    frames = "".join(traceback.format_tb(problem.__traceback__))
    chain = " <- ".join(type(p).__name__ for p in _causes(problem))
    path.write_text(f"{chain}\n{frames}", encoding="utf-8")
    return f"Waar het misging, zonder persoonsgegevens: {path}"


def _causes(problem: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while problem is not None and problem not in found:
        found.append(problem)
        problem = problem.__cause__ or problem.__context__
    return found


if __name__ == "__main__":
    sys.exit(main())
