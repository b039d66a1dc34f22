"""`vitale import` and `vitale host import`: lists from a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from cyclopts import Parameter

from vitale_cli import options, terminal
from vitale_cli.desk import Desk, open_desk
from vitale_cli.parser import Code
from vitale_core.domain.rows import HOSTS, PEOPLE, RowProblem, RowsRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.orm import Session

    from vitale_core.domain.rows import Sheet

T = TypeVar("T")

File = Annotated[Path, Parameter(help="CSV- of Excelbestand met kolomnamen op de eerste rij")]
SkipBad = Annotated[bool, Parameter(negative="", help="sla rijen over die niet passen, en neem de rest")]


def people(code: Code, file: File, *, skip_bad: SkipBad = False) -> None:
    """Lees aanmeldingen uit een CSV- of Excelbestand.

    Kolommen, in het Nederlands of Engels en in elke volgorde: naam en e-mail; en als ze er zijn organisatie, afdeling,
    functie, telefoon, woonplaats, rol, ervaring, thema's, beschikbaar, zitplaatsen, behoeften en wensen. Hetzelfde
    bestand nog eens verandert niets.
    """
    from vitale_core.adapters import sheets
    from vitale_core.steps import cohorts, imports

    with open_desk() as desk:
        with desk.database.read() as session:
            cohorts.get(session, code)
        sheet = sheets.read(file, PEOPLE)

        def change(session: "Session") -> imports.PeopleImported:
            cohort = cohorts.get(session, code)
            return imports.import_people(session, cohort, sheet, skip_bad=skip_bad, **desk.at)

        done = _do(desk, change, f"{file.name} zou dit doen:", sheet)
    document = {"added": done.added, "known": done.known, "intakes": done.intakes}
    _report(document, done.skipped, done.remarks, sheet)
    terminal.say(f"{done.added} nieuw, {done.known} stonden er al, {len(done.skipped)} overgeslagen.")
    if done.intakes:
        terminal.say(f"Van {done.intakes} staat een deel van de intake nu al klaar; de rest vullen ze zelf aan.")
    if done.added and not options.current().dry_run:
        terminal.say(f"Volgende: vitale person list {code}; dan vitale person confirm {code} --all")


def hosts(file: File, *, skip_bad: SkipBad = False) -> None:
    """Lees gastheren en hun projecten uit een CSV- of Excelbestand.

    Kolommen: project, organisatie, contactpersoon, e-mail en plaats; en als ze er zijn adres, thema's, momenten
    (2027-04-08T13:00/15:30; 2027-04-13T09:00/11:30), minimum, maximum, toegankelijkheid, ov, verzamelen,
    ingang, parkeren, contact op de dag en praktisch.
    """
    from vitale_core.adapters import sheets
    from vitale_core.steps import imports

    with open_desk() as desk:
        sheet = sheets.read(file, HOSTS)

        def change(session: "Session") -> tuple[Any, tuple[RowProblem, ...]]:
            return imports.import_hosts(session, sheet, now=desk.now, skip_bad=skip_bad)

        done, skipped = _do(desk, change, f"{file.name} zou dit doen:", sheet)
    document = {"added": done.made, "changed": done.changed, "same": done.same, "slots": done.slots}
    _report(document, skipped, sheet.remarks, sheet)
    terminal.say(f"{done.made} nieuw, {done.changed} gewijzigd, {done.same} gelijk; {done.slots} nieuwe momenten.")


def _do(desk: Desk, change: "Callable[[Session], T]", what: str, sheet: "Sheet") -> T:
    """Do it, or with --dry-run only look; rows that do not fit are listed."""
    try:
        return desk.do(change, what=what)
    except RowsRefused as refusal:
        _report({"added": 0}, refusal.problems, (), sheet)
        raise


def _report(
    document: dict[str, Any], problems: "Iterable[RowProblem]", remarks: "Iterable[str]", sheet: "Sheet"
) -> None:
    """Tell what was left out. People read the columns as their file has them; --json has our names."""
    rows = [(p.row, p.column or "-", p.problem) for p in problems]
    if options.current().json:
        listed = [{"row": row, "column": column, "problem": problem} for row, column, problem in rows]
        terminal.show({**document, "problems": listed, "remarks": list(remarks)}, "")
        return
    if rows:
        named = [(row, sheet.headers.get(column, column), problem) for row, column, problem in rows]
        terminal.complain_table(("rij", "kolom", "wat er niet klopt"), named)
    for remark in remarks:
        terminal.warn(remark)
