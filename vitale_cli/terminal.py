"""What the operator sees: data on standard output, everything else on standard error."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

from vitale_cli import options

BOLD, RED, GREEN, YELLOW, DIM = "1", "31", "32", "33", "2"


def show(document: Mapping[str, Any], text: str) -> None:
    """Give the data: as one JSON document with stable keys when asked for, else as text."""
    out = json.dumps(document, ensure_ascii=False, indent=2, default=_plain) if options.current().json else text
    if out:
        sys.stdout.write(out.rstrip("\n") + "\n")


def say(text: str) -> None:
    """Tell how it went; not the data."""
    if not options.current().quiet:
        sys.stderr.write(text + "\n")


def warn(text: str) -> None:
    """Tell what the operator must not miss."""
    sys.stderr.write(f"{paint('Let op:', YELLOW, sys.stderr)} {text}\n")


def complain(message: str, remedy: str = "") -> None:
    """Say what went wrong and what to do now: one line each."""
    sys.stderr.write(f"{paint('Fout:', RED, sys.stderr)} {message}\n")
    if remedy:
        sys.stderr.write(f"      {remedy}\n")


def complain_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """List what is wrong."""
    sys.stderr.write(table(headers, rows) + "\n")


def can_ask() -> bool:
    """Say whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """Ask for a yes; anything else is a no."""
    sys.stderr.write(f"{question} [j/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"j", "ja", "y", "yes"}


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return aligned columns with a header; nothing when there are no rows."""
    if not rows:
        return ""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    head = paint(_line(headers, widths), BOLD)
    return "\n".join([head, *(_line(row, widths) for row in cells)])


def facts(pairs: Mapping[str, object]) -> str:
    """Return names with their values, aligned; what is empty is left out."""
    filled = {name: _cell(value) for name, value in pairs.items() if value not in (None, "", [], ())}
    width = max(map(len, filled), default=0) + 2
    return "\n".join(f"{name:<{width}}{value}" for name, value in filled.items())


def paint(text: str, code: str, stream: Any = None) -> str:  # noqa: ANN401 - a text stream
    """Return text in a colour, where a person reads it."""
    stream = stream or sys.stdout
    wanted = stream.isatty() and not options.current().plain and not os.environ.get("NO_COLOR")
    return f"\x1b[{code}m{text}\x1b[0m" if wanted else text


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nee"
    return " ".join(str(value).split())


def _plain(value: object) -> object:
    """Return what JSON knows: moments in UTC, values of enumerations."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
