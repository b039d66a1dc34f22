"""The people of the demo. All are made up; every address ends in .example."""

from dataclasses import dataclass
from datetime import date

CODE = "2027-voorjaar"
PROGRAMME = "overheidsparticipatie"
DAY1, DAY2, DAY2_MOVED = date(2027, 3, 18), date(2027, 4, 15), date(2027, 4, 22)
LOCATION = "Het Dorpshuis, Brink 1, Assen"
TRAINER = ("Merel Hoekstra", "merel@vitale.example")
SEED = 7


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who applies, and how they behave."""

    name: str
    email: str
    organisation: str
    function: str
    home: str
    themes: tuple[str, ...]
    experience: int
    seats: int = 0
    door: str = "portal"  # or "import"
    intake_after: int | None = 1  # working days after the seat; None: stays silent until reminder 2
    answers_by: str = "page"  # or a calendar dialect
    needs: str = ""

    @property
    def first(self) -> str:
        """The first name."""
        return self.name.split()[0]


APPLICANTS = (
    Applicant(
        "Noor van Dijk",
        "noor.vandijk@assen.example",
        "Gemeente Assen",
        "beleidsadviseur",
        "Assen",
        ("wonen", "groen"),
        3,
        4,
    ),
    Applicant(
        "Sam Bakker",
        "sam.bakker@drenthe.example",
        "Provincie Drenthe",
        "projectleider",
        "Assen",
        ("energie",),
        4,
        4,
        answers_by="google",
    ),
    Applicant(
        "Ilse de Wit", "ilse.dewit@emmen.example", "Gemeente Emmen", "beleidsadviseur", "Emmen", ("zorg", "wonen"), 2
    ),
    Applicant(
        "Boaz Visser",
        "boaz.visser@hoogeveen.example",
        "Gemeente Hoogeveen",
        "projectleider",
        "Hoogeveen",
        ("verkeer",),
        2,
        intake_after=None,
    ),
    Applicant(
        "Fenna Kuipers",
        "fenna.kuipers@assen.example",
        "Gemeente Assen",
        "programmamedewerker",
        "Assen",
        ("dorpsvisie", "groen"),
        3,
        2,
        intake_after=6,
        answers_by="exchange",
    ),
    Applicant(
        "Yusuf Demir",
        "yusuf.demir@groningen.example",
        "Gemeente Groningen",
        "beleidsadviseur",
        "Groningen",
        ("energie", "wonen"),
        5,
        answers_by="google",
        needs="halal",
    ),
    Applicant(
        "Lotte Jansen",
        "lotte.jansen@meppel.example",
        "Gemeente Meppel",
        "beleidsadviseur",
        "Meppel",
        ("zorg",),
        1,
        answers_by="thunderbird",
    ),
    Applicant(
        "Bram Mulder",
        "bram.mulder@hunzeenaas.example",
        "Waterschap Hunze en Aa’s",
        "projectleider",
        "Veendam",
        ("groen",),
        4,
        4,
    ),
    Applicant(
        "Senn Postma",
        "senn.postma@leeuwarden.example",
        "Gemeente Leeuwarden",
        "beleidsadviseur",
        "Leeuwarden",
        ("dorpsvisie",),
        3,
    ),
    Applicant(
        "Aïsha el Amrani",
        "aisha.elamrani@zwolle.example",
        "Gemeente Zwolle",
        "programmamedewerker",
        "Zwolle",
        ("wonen", "veiligheid"),
        3,
        door="import",
    ),
    Applicant(
        "Daan ’t Hoen",
        "daan.thoen@coevorden.example",
        "Gemeente Coevorden",
        "beleidsadviseur",
        "Coevorden",
        ("energie", "dorpsvisie"),
        2,
        4,
        door="import",
        answers_by="apple",
    ),
    Applicant(
        "Mila Smit",
        "mila.smit@drenthe.example",
        "Provincie Drenthe",
        "beleidsadviseur",
        "Beilen",
        ("zorg", "groen"),
        4,
        door="import",
    ),
    Applicant(
        "Jurre Hofman",
        "jurre.hofman@assen.example",
        "Gemeente Assen",
        "projectleider",
        "Assen",
        ("verkeer", "wonen"),
        3,
    ),
    Applicant(
        "Bibi Wolters",
        "bibi.wolters@westerveld.example",
        "Gemeente Westerveld",
        "beleidsadviseur",
        "Diever",
        ("groen",),
        2,
    ),
)
"""In the order in which they apply: the last two come on the waiting list."""

WITHDRAWS = "ilse.dewit@emmen.example"
ACCEPTS_SEAT = "jurre.hofman@assen.example"
SENDS_COLLEAGUE = "lotte.jansen@meppel.example"
COLLEAGUE = ("Teun Brouwer", "teun.brouwer@meppel.example")
NEVER_EVALUATES = "boaz.visser@hoogeveen.example"


@dataclass(frozen=True, slots=True)
class HostRow:
    """A line of the host file."""

    project: str
    organisation: str
    contact: str
    email: str
    place: str
    themes: str
    slots: str
    min_people: int = 3
    max_people: int = 4
    transit: str = "ja"


HOSTS = (
    HostRow(
        "Energiecoöperatie De Zon",
        "Dorp Zuidlaren",
        "Hanneke Prins",
        "hanneke@dezon.example",
        "Zuidlaren",
        "energie, dorpsvisie",
        "2027-03-30T13:00/15:30, 2027-04-01T13:00/15:30",
    ),
    HostRow(
        "Buurttuin Het Groene Hart",
        "Stichting Buurttuin",
        "Wim Scholten",
        "wim@groenehart.example",
        "Groningen",
        "groen, wonen",
        "2027-03-31T09:30/12:00, 2027-04-01T09:30/12:00",
    ),
    HostRow(
        "Zorg Samen Norg",
        "Dorpscoöperatie Norg",
        "Tineke Vos",
        "tineke@samennorg.example",
        "Norg",
        "zorg",
        "2027-03-30T09:30/12:00, 2027-04-02T13:00/15:30",
    ),
    HostRow(
        "Wonen aan het Kanaal",
        "Bewonersgroep Kanaal",
        "Ed Kramer",
        "ed@kanaal.example",
        "Hoogeveen",
        "wonen, verkeer",
        "2027-03-31T13:00/15:30, 2027-04-06T13:00/15:30",
    ),
    HostRow(
        "Dorpsvisie Vledder 2040",
        "Dorpsbelang Vledder",
        "Greet Linde",
        "greet@vledder.example",
        "Vledder",
        "dorpsvisie, groen",
        "2027-04-01T13:00/15:30, 2027-04-06T09:30/12:00",
    ),
    HostRow(
        "Veilig Fietsen Noord",
        "Fietsersgroep Noord",
        "Kees Dam",
        "kees@fietsen.example",
        "Assen",
        "verkeer, veiligheid",
        "2027-03-30T13:00/15:30, 2027-04-02T09:30/12:00",
    ),
)


def people_file() -> bytes:
    """Return the import file as Dutch Excel writes it: BOM-less Windows-1252, semicolons, CRLF."""
    rows = ["naam;e-mail;organisatie;functie;woonplaats;thema's"]
    rows += [
        f'{a.name};{a.email};"{a.organisation}";{a.function};{a.home};"{", ".join(a.themes)}"'
        for a in APPLICANTS
        if a.door == "import"
    ]
    return ("\r\n".join(rows) + "\r\n").encode("cp1252")


def host_file() -> bytes:
    """Return the host file: UTF-8 with a BOM, semicolons."""
    names = tuple(HostRow.__slots__)
    rows = [";".join(names)]
    rows += [";".join(f'"{getattr(host, name)}"' for name in names) for host in HOSTS]
    return ("\ufeff" + "\r\n".join(rows) + "\r\n").encode()
