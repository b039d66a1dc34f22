"""The command as an operator types it, in this process, in a folder of its own."""

import contextlib
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitale_cli.main import main

MONDAY = "2027-01-11T09:00"
"""Ten weeks before the first day of the cohorts made here."""

PROGRAMME = ("--programme", "overheidsparticipatie")
DAYS = ("--day1", "2027-03-18", "--day2", "2027-04-22")
NAMES = ("Noor Dijkstra", "Sam Bakker", "Ilse Postma", "Bram Smit", "Fenna Visser", "Daan Mulder", "Roos Hoekstra")


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"[{self.code}]\n{self.out}\n{self.err}"


class Vitale:
    """`vitale("cohort", "list")` or `vitale("cohort list")`; `ok` also insists that it went well."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str) -> Said:
        if len(words) == 1:
            words = tuple(words[0].split())
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(words)
        return Said(code, out.getvalue(), err.getvalue())

    def ok(self, *words: str) -> Said:
        said = self(*words)
        assert said.code == 0, said
        return said

    def json(self, *words: str) -> Any:
        return self.ok(*words, "--json").document if len(words) > 1 else self.ok(f"{words[0]} --json").document

    # ------------------------------------------------------------------------------------------ what is there

    def a_cohort(self, code: str = "2027-voorjaar", *extra: str) -> str:
        trainer = ("--trainer", "Tess Vos <tess@vitale.example>")
        self.ok("cohort", "create", code, *PROGRAMME, *DAYS, *trainer, "--now", MONDAY, *extra)
        return code

    def some_people(self, count: int = 3, code: str = "2027-voorjaar") -> str:
        self.a_cohort(code)
        self.ok("import", code, str(self.people(count)))
        self.ok("person", "confirm", code, "--all", "--yes")
        return code

    def going_ahead(self, count: int = 3) -> str:
        code = self.some_people(count)
        self.ok(f"cohort go {code} --yes")
        return code

    def people(self, count: int = 3) -> Path:
        rows = [(name, f"{name.split()[0].lower()}@gemeente.example", "Gemeente Ede") for name in NAMES]
        rows += [(f"Deelnemer {n}", f"d{n}@gemeente.example", "Gemeente Assen") for n in range(len(NAMES), count)]
        return self.file("deelnemers.csv", ("naam", "e-mail", "organisatie"), *rows[:count])

    def hosts(self) -> Path:
        head = ("project", "organisatie", "contactpersoon", "e-mail", "plaats", "momenten")
        one = ("Buurttuin", "Stichting Groen", "Guus Gast", "guus@groen.example", "Ede", "2027-04-01T09:00/11:30")
        two = ("Dorpshuis", "Dorpsraad", "Hilde Huis", "hilde@dorp.example", "Assen", "2027-04-07T13:00/15:30")
        return self.file("gastheren.csv", head, one, two)

    def file(self, name: str, *rows: tuple[str, ...]) -> Path:
        path = self.folder / name
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, delimiter=";").writerows(rows)
        return path
