"""Rows of an import: which columns a file may have, under which Dutch and English names, and what can be wrong.

The adapter reads a file into these values; the steps decide what they mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vitale_core.domain.errors import Refused


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one kind of file: our name to the other names it may have, compared without capitals or signs."""

    names: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]

    def word(self, name: str) -> str:
        """Return what people call a column."""
        return self.names[name][0]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as the spreadsheet shows it (the header is 1), and its filled cells by our names."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in one row: its number as the spreadsheet shows it, our name of the column and a Dutch sentence."""

    row: int
    column: str
    problem: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read. `problems` are rows that could not be read; `remarks` Dutch sentences about what was left out.

    `headers` has our name of each column to the words above it in the file.
    """

    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...] = ()
    remarks: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class RowsRefused(Refused):
    """Some rows do not fit; nothing was stored. `problems` lists them, in order of row."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        """Count them; the sentences themselves may quote what somebody typed and stay out of the message."""
        rows = len({problem.row for problem in problems})
        super().__init__(
            f"{rows} {'rij past' if rows == 1 else 'rijen passen'} niet; er is niets opgeslagen.",
            remedy="Verbeter het bestand, of importeer alleen de goede rijen met --skip-bad.",
        )
        self.problems = tuple(sorted(problems, key=lambda p: p.row))


PEOPLE = Columns(
    names={
        "name": ("naam", "volledige naam", "deelnemer", "full name"),
        "email": ("e-mail", "mail", "e-mailadres", "mailadres", "emailadres", "email address"),
        "organisation": ("organisatie", "organization", "gemeente", "werkgever"),
        "department": ("afdeling", "team"),
        "function": ("functie", "functietitel", "job title"),
        "phone": ("telefoon", "telefoonnummer", "tel", "mobiel", "telephone"),
        "home": ("woonplaats", "vertrekplaats", "reist vanuit", "home place"),
        "role": ("rol",),
        "experience": ("ervaring",),
        "themes": ("thema's", "thema", "theme"),
        "available": ("beschikbaar", "beschikbaarheid"),
        "seats": ("zitplaatsen", "plaatsen in auto", "car seats"),
        "needs": ("behoeften", "voorzieningen", "rekening houden met"),
        "wishes": ("wensen", "wens"),
    },
    required=("name", "email"),
)

HOSTS = Columns(
    names={
        "project": ("project", "participatieproject", "projectnaam"),
        "organisation": ("organisatie", "organization", "gastheer"),
        "contact": ("contactpersoon", "naam", "contact person"),
        "email": ("e-mail", "mail", "e-mailadres", "mailadres", "emailadres", "email address"),
        "place": ("plaats", "plaatsnaam"),
        "address": ("adres", "bezoekadres"),
        "themes": ("thema's", "thema", "theme"),
        "slots": ("momenten", "dagdelen", "data", "dates"),
        "min_people": ("minimum", "min personen", "minimaal"),
        "max_people": ("maximum", "max personen", "maximaal"),
        "access": ("toegankelijkheid", "toegang", "voorzieningen"),
        "transit": ("ov", "openbaar vervoer", "bereikbaar met ov"),
        "meeting_point": ("verzamelen", "verzamelpunt", "verzamelplaats"),
        "entrance": ("ingang", "binnenkomst"),
        "parking": ("parkeren", "parkeerplaats"),
        "day_contact": ("contact op de dag", "dagcontact", "bellen op de dag"),
        "practical": ("praktisch", "bijzonderheden", "ontvangst"),
    },
    required=("project", "organisation", "contact", "email", "place"),
)
