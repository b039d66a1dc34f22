"""Forms as values: what is asked, what came in, and what to say when it does not fit.

A form is a tuple of parts, a part a tuple of fields. `fill` reads what a browser sent and gives back
the values and, for each field that does not fit, one Dutch sentence. Every pair of a field and a
problem has its own sentence, so that somebody who reads only the list on top knows what to do.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Literal

from email_validator import EmailNotValidError, validate_email
from starlette.datastructures import FormData, ImmutableMultiDict, UploadFile

Kind = Literal["text", "long", "email", "tel", "number", "date", "time", "choice", "several", "scale", "tick", "file"]
Value = str | int | date | time | bool | list[str] | None

LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1.3
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{6,22}")


class Problem(StrEnum):
    """What can be wrong with one field."""

    MISSING = "missing"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    NOT_OFFERED = "not offered"  # an answer that is not among the choices
    NOT_AN_ADDRESS = "not an address"
    NOT_A_PHONE = "not a phone"
    NOT_A_NUMBER = "not a number"
    OUT_OF_RANGE = "out of range"
    NOT_A_DATE = "not a date"
    NOT_A_TIME = "not a time"
    REFUSED = "refused"  # a rule said no; the sentence is the rule's


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose; `note` is a second, smaller line."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One question.

    `noun` names it inside a sentence ("je naam"), `missing` is what to say when a required one is
    empty. `least` and `most` count characters of text, or limit a number.
    """

    name: str
    label: str
    noun: str
    kind: Kind = "text"
    missing: str = ""
    required: bool = True
    hint: str = ""
    options: tuple[Choice, ...] = ()
    least: int = 0
    most: int = 200
    autocomplete: str = ""
    in_a_row: bool = False
    says_optional: bool = True  # false where one of several must be answered
    ends: tuple[str, str] | None = None

    @property
    def id(self) -> str:
        """The id of its place on the page."""
        return f"f-{self.name}"

    @property
    def input_type(self) -> str:
        """The HTML type of its input."""
        return self.kind if self.kind in {"email", "tel", "number", "date", "time"} else "text"

    def says(self, problem: Problem) -> str:
        """Return the sentence for a problem of this field."""
        if problem is Problem.MISSING:
            return self.missing or f"Vul {self.noun} in."
        noun = self.noun[:1].upper() + self.noun[1:]
        return {
            Problem.TOO_SHORT: f"{noun} is te kort: schrijf ten minste {self.least} tekens.",
            Problem.TOO_LONG: f"{noun} is te lang: gebruik hooguit {self.most} tekens.",
            Problem.NOT_OFFERED: f"Kies bij {self.noun} een van de antwoorden die er staan.",
            Problem.NOT_AN_ADDRESS: f"{noun} klopt niet. Een mailadres lijkt op naam@gemeente.nl.",
            Problem.NOT_A_PHONE: f"{noun} klopt niet. Gebruik alleen cijfers, zoals 06 12 34 56 78.",
            Problem.NOT_A_NUMBER: f"Vul bij {self.noun} een heel getal in, zoals {self.least}.",
            Problem.OUT_OF_RANGE: f"{noun} ligt tussen {self.least} en {self.most}.",
            Problem.NOT_A_DATE: f"{noun} klopt niet. Schrijf de datum zoals 2027-04-08.",
            Problem.NOT_A_TIME: f"{noun} klopt niet. Schrijf de tijd zoals 13:30.",
        }[problem]


@dataclass(frozen=True, slots=True)
class Part:
    """Questions that belong together, with a heading of their own."""

    fields: tuple[Field, ...]
    title: str = ""
    text: str = ""
    beside: bool = False  # short fields that stand next to each other where there is room
    folded: bool = False  # shown when asked for, or when something in it is not right


@dataclass(frozen=True, slots=True)
class Form:
    """All questions of one page."""

    parts: tuple[Part, ...]

    @property
    def fields(self) -> Iterator[Field]:
        """Every field, in the order of the page."""
        return (question for part in self.parts for question in part.fields)

    def fill(self, sent: "FormData | ImmutableMultiDict[str, str]") -> "Filled":
        """Read what a browser sent; unknown names are left alone."""
        filled = Filled()
        for question in self.fields:
            texts = [clean(text) for text in sent.getlist(question.name) if isinstance(text, str)][:200]
            filled.raw[question.name] = texts
            if question.kind == "file":
                continue
            outcome = _read(question, [text for text in texts if text])
            if isinstance(outcome, Problem):
                filled.problems[question.name] = question.says(outcome)
            else:
                filled.values[question.name] = outcome
        return filled

    def shown(self, known: Mapping[str, object]) -> "Filled":
        """Return the form as it is first shown, with what we know already filled in."""
        filled = Filled()
        for name, value in known.items():
            if value is None or value == "":
                continue
            many = value if isinstance(value, list | tuple | set | frozenset) else [value]
            filled.raw[name] = ["ja" if item is True else str(item) for item in many if item is not False]
        return filled


def form(*fields: Field) -> Form:
    """Make a form of one part without a heading."""
    return Form((Part(fields),))


@dataclass(slots=True)
class Filled:
    """What was sent: `raw` as it stood, `values` as they are meant, `problems` by field name."""

    raw: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def problem(self, name: str) -> str:
        """Return the sentence for a field, or nothing."""
        return self.problems.get(name, "")

    def text(self, name: str) -> str:
        """Return what stands in a text field."""
        return (self.raw.get(name) or [""])[0]

    def holds(self, name: str, value: str) -> bool:
        """Say whether an answer is chosen."""
        return value in self.raw.get(name, [])

    def string(self, name: str) -> str:
        """Return the text of a field that was filled in well; empty when it was left open."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int | None:
        """Return the number of a field that was filled in well; None when it was left open."""
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def many(self, name: str) -> list[str]:
        """Return the answers of a field with several."""
        value = self.values.get(name)
        return value if isinstance(value, list) else []

    def ticked(self, name: str) -> bool:
        """Say whether a box was ticked."""
        return self.values.get(name) is True


def clean(text: str) -> str:
    """Return text as people mean it: one form of each letter and line break, nothing invisible, trimmed."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return _INVISIBLE.sub("", lines).strip()


def upload(sent: FormData, name: str) -> UploadFile | None:
    """Return the file of a field, or None when none was chosen."""
    found = sent.get(name)
    return found if isinstance(found, UploadFile) and found.filename else None


def _read(question: Field, texts: list[str]) -> Value | Problem:
    if question.kind == "tick":
        return Problem.MISSING if question.required and texts != ["ja"] else texts == ["ja"]
    if not texts:
        empty: Value = [] if question.kind == "several" else None
        return Problem.MISSING if question.required else empty
    if question.kind == "several":
        return _several(question, texts)
    return _READERS[question.kind](question, texts[0])


def _several(question: Field, texts: Iterable[str]) -> Value | Problem:
    offered = {option.value for option in question.options}
    chosen = list(dict.fromkeys(texts))
    return chosen if offered.issuperset(chosen) else Problem.NOT_OFFERED


def _text(question: Field, text: str) -> Value | Problem:
    line = text if question.kind == "long" else " ".join(text.split())
    if len(line) < question.least:
        return Problem.TOO_SHORT
    return Problem.TOO_LONG if len(line) > question.most else line


def _email(_question: Field, text: str) -> Value | Problem:
    if len(text) > LONGEST_ADDRESS or any(c in text for c in '<>,;"\n\t'):
        return Problem.NOT_AN_ADDRESS
    try:
        found = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=True,
            globally_deliverable=False,
        )
    except EmailNotValidError:
        return Problem.NOT_AN_ADDRESS
    return found.normalized


def _phone(_question: Field, text: str) -> Value | Problem:
    return text if _PHONE.fullmatch(text) else Problem.NOT_A_PHONE


def _number(question: Field, text: str) -> Value | Problem:
    if not re.fullmatch(r"-?[0-9]{1,6}", text):
        return Problem.NOT_A_NUMBER
    number = int(text)
    return number if question.least <= number <= question.most else Problem.OUT_OF_RANGE


def _choice(question: Field, text: str) -> Value | Problem:
    if text not in {option.value for option in question.options}:
        return Problem.NOT_OFFERED
    return int(text) if question.kind == "scale" else text


def _date(_question: Field, text: str) -> Value | Problem:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return Problem.NOT_A_DATE


def _time(_question: Field, text: str) -> Value | Problem:
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return Problem.NOT_A_TIME


_READERS = {
    "text": _text,
    "long": _text,
    "email": _email,
    "tel": _phone,
    "number": _number,
    "choice": _choice,
    "scale": _choice,
    "date": _date,
    "time": _time,
}
