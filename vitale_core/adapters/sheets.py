"""Files with rows, as Dutch offices make them: CSV in whatever encoding Excel chose, and .xlsx.

A header row names the columns, in any order, in Dutch or English. What cannot be read is refused with the row as the
spreadsheet shows it. Nothing here knows what a column means.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.rows import Columns, Row, RowProblem, Sheet

LARGEST = 5_000_000  # bytes
LARGEST_UNPACKED = 100_000_000  # bytes: an .xlsx is a zip, and a small zip can hold a lot
MOST_ROWS = 5_000
MOST_COLUMNS = 200
LONGEST_CELL = 20_000

_SEPARATORS = ";,\t"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,4})(\d{1,8})"[^>]*[^/]>')
_INVISIBLE = "\ufeff\u200b\u00a0"

Table = Iterator[tuple[int, list[str]]]


def read(path: Path, columns: Columns) -> Sheet:
    """Return the rows of a CSV or .xlsx file.

    Raises NotFound when there is no such file and Refused when it cannot be read as a whole: too large, another sort
    of file, no header, a column that is missing or named twice. Rows that cannot be read are in `problems`.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST else b""
    except FileNotFoundError:
        raise NotFound(f"Het bestand {path.name} bestaat niet.", remedy=f"Gezocht: {path}.") from None
    except OSError as problem:
        raise Refused(f"Het bestand {path.name} kan niet worden gelezen: {problem.strerror}.") from None
    if size > LARGEST:
        raise Refused(f"{path.name} is groter dan {LARGEST // 1_000_000} MB.", remedy="Splits het bestand.")
    if data.startswith(_OLE):
        raise Refused(
            f"{path.name} is een oud of beveiligd Excelbestand.",
            remedy="Sla het zonder wachtwoord op als .xlsx of als CSV.",
        )
    if data.startswith(_ZIP):
        return _sheet(*_workbook(data, path.name), columns, path.name)
    return _sheet(_text_table(data, columns, path.name), (), columns, path.name)


def _sheet(table: Table, remarks: tuple[str, ...], columns: Columns, name: str) -> Sheet:
    known = _names(columns)
    filled = ((number, cells) for number, cells in table if any(cells))
    _, header = next(filled, (0, []))
    if not header:
        wanted = ", ".join(columns.word(ours) for ours in columns.required)
        raise Refused(f"{name} is leeg.", remedy=f"Op de eerste rij horen kolomnamen: {wanted}.")
    places = _places(header, known, columns, name)
    strange = [cell for cell in header if cell and _key(cell) not in known]
    remarks = (*remarks, *(f"Kolom '{cell[:40]}' ken ik niet en sla ik over." for cell in strange))
    rows: list[Row] = []
    problems: list[RowProblem] = []
    for number, cells in islice(filled, MOST_ROWS + 1):
        row = Row(number, {places[place]: cell for place, cell in enumerate(cells) if cell and place in places})
        problem = _problem(row, cells[len(header) :])
        if problem is None:
            rows.append(row)
        else:
            problems.append(problem)
    if len(rows) + len(problems) > MOST_ROWS:
        raise Refused(f"{name} heeft meer dan {MOST_ROWS} rijen.", remedy="Splits het bestand.")
    if not rows and not problems:
        raise Refused(f"{name} heeft kolomnamen, maar geen rijen.")
    headers = {ours: header[place] for place, ours in places.items()}
    return Sheet(tuple(rows), tuple(problems), remarks, headers)


def _names(columns: Columns) -> dict[str, str]:
    """Return what a header may say, without capitals and signs, to our name."""
    return {_key(alias): ours for ours, aliases in columns.names.items() for alias in (ours, *aliases)}


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _places(header: Sequence[str], known: Mapping[str, str], columns: Columns, name: str) -> dict[int, str]:
    places = {place: known[_key(cell)] for place, cell in enumerate(header) if _key(cell) in known}
    found = list(places.values())
    for ours in found:
        if found.count(ours) > 1:
            raise Refused(f"{name} heeft twee kolommen voor '{columns.word(ours)}'.", remedy="Houd er een over.")
    missing = [ours for ours in columns.required if ours not in found]
    if missing:
        seen = ", ".join(cell[:30] for cell in header if cell) or "niets"
        word, *others = dict.fromkeys((*columns.names[missing[0]], missing[0]))
        also = ", ".join(others[:2])
        raise Refused(
            f"{name}: de kolom '{word}' ontbreekt. Op de eerste rij staat: {seen}.",
            remedy=f"Zet '{word}' (of {also}) boven de goede kolom.",
        )
    return places


def _problem(row: Row, beyond: Sequence[str]) -> RowProblem | None:
    """Return what is wrong with the shape of a row; `beyond` are the cells after the last column with a name."""
    if any(beyond):
        more = "er staan meer cellen dan kolomnamen; staat er een scheidingsteken in een tekst?"
        return RowProblem(row.number, "", more)
    for column, cell in row.cells.items():
        if len(cell) > LONGEST_CELL:
            return RowProblem(row.number, column, f"is langer dan {LONGEST_CELL} tekens.")
    return None


# ------------------------------------------------------------------------------------------------------------- text


def _text_table(data: bytes, columns: Columns, name: str) -> Table:
    text = _decode(data, name)
    declared = re.match(r"sep=(.)\r?\n", text)
    body = text[declared.end() :] if declared else text
    separator = declared[1] if declared else _separator(body, columns)
    number = 1 if declared else 0
    try:
        for cells in csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True):
            number += 1
            yield number, [_clean(cell) for cell in cells]
    except csv.Error:
        raise Refused(
            f"{name}, rij {number + 1}: de aanhalingstekens kloppen niet.",
            remedy="Een tekst tussen aanhalingstekens moet eindigen waar de cel eindigt.",
        ) from None


def _decode(data: bytes, name: str) -> str:
    """Return the text: what the byte order mark says, else UTF-16 by its zeros, else UTF-8, else Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif data[:200].count(0) > len(data[:200]) // 4:
        encodings = ["utf-16-le" if data[1:2] == b"\0" else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused(f"{name} is geen tekstbestand.", remedy="Sla het in Excel op als .xlsx of als CSV UTF-8.")


def _separator(text: str, columns: Columns) -> str:
    """Return the separator that makes most known names of the first filled line."""
    known = _names(columns)
    header = next((line for line in text.splitlines() if line.strip()), "")

    def fits(separator: str) -> tuple[int, int]:
        cells = header.split(separator)
        return sum(_key(cell) in known for cell in cells), len(cells)

    return max(_SEPARATORS, key=fits)


def _clean(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, _INVISIBLE), " ")).strip()


# --------------------------------------------------------------------------------------------------------- workbook


def _workbook(data: bytes, name: str) -> tuple[Table, tuple[str, ...]]:
    """Return the rows of the first sheet with anything on it, and a remark about other sheets."""
    _inspect(data, name)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        filled = [sheet for title in workbook.sheet_names if (sheet := workbook.get_sheet_by_name(title)).height]
        rows = _unmerged(filled[0]) if filled else []
    except (CalamineError, OSError, ValueError):
        raise Refused(
            f"{name} kan niet worden gelezen als Excelbestand.",
            remedy="Open het in Excel en sla het opnieuw op als .xlsx.",
        ) from None
    remarks = [f"Alleen het blad '{filled[0].name}' is gelezen; er zijn er meer."] if len(filled) > 1 else []
    return ((number, [_cell(cell) for cell in cells]) for number, cells in enumerate(rows, start=1)), tuple(remarks)


def _unmerged(sheet: CalamineSheet) -> list[list[Any]]:
    """Return the cells of a sheet; what was merged over rows of one column below the header, stands in each of them."""
    rows = sheet.to_python(skip_empty_area=False)
    header = next((number for number, row in enumerate(rows) if any(row)), 0)
    for (first, column), (last, end) in sheet.merged_cell_ranges or []:
        if column == end and header < first < len(rows) and column < len(rows[first]):
            for row in rows[first + 1 : last + 1]:
                row[column] = rows[first][column]
    return rows


def _inspect(data: bytes, name: str) -> None:
    """Refuse what would unpack to much more than it seems: a zip bomb, or one cell at the far end of the sheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > LARGEST_UNPACKED:
                raise Refused(f"{name} is uitgepakt te groot.", remedy="Sla het op als CSV.")
            for member in members:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", member.filename):
                    _inspect_cells(_chunks(archive, member), name)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError):
        raise Refused(f"{name} is beschadigd.", remedy="Open het in Excel en sla het opnieuw op als .xlsx.") from None


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(member) as part:
        before = b""
        while chunk := part.read(1024 * 1024):
            yield before + chunk
            before = chunk[-200:]


def _inspect_cells(chunks: Iterable[bytes], name: str) -> None:
    for chunk in chunks:
        for column, row in _CELL.findall(chunk):
            if int(row) > MOST_ROWS * 2 or _column(column) > MOST_COLUMNS:
                place = f"{column.decode()}{row.decode()}"
                raise Refused(
                    f"{name} heeft iets staan in cel {place}, ver buiten de lijst.",
                    remedy=f"Hooguit {MOST_ROWS} rijen en {MOST_COLUMNS} kolommen; verwijder wat erbuiten staat.",
                )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _cell(value: Any) -> str:  # noqa: ANN401 - what a cell holds
    """Return a cell as somebody would have typed it."""
    if isinstance(value, bool):
        return "ja" if value else "nee"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(timespec="minutes")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return _clean(str(value))
