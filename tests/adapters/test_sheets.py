"""Lists of people as Dutch offices send them."""

import io
import zipfile
from datetime import date, datetime
from functools import cache

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from vitale_core.adapters import sheets
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.rows import HOSTS, PEOPLE

LINES = "Naam;E-mail;Gemeente\nZoë Brée;zoe@een.example;Één\n"


@pytest.fixture
def csv_file(tmp_path):
    def write(text, *, encoding="utf-8"):
        path = tmp_path / "lijst.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


@pytest.fixture
def workbook(tmp_path):
    def write(rows, *more_sheets):
        path = tmp_path / "lijst.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
            for sheet_rows in (rows, *more_sheets):
                sheet = book.add_worksheet()
                for number, row in enumerate(sheet_rows):
                    sheet.write_row(number, 0, row)
        return path

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_reads_the_same_whatever_excel_made_of_it(csv_file, encoding, separator, end):
    text = LINES.replace(";", separator).replace("\n", end)

    sheet = sheets.read(csv_file(text, encoding=encoding), PEOPLE)

    assert [dict(row.cells) for row in sheet.rows] == [
        {"name": "Zoë Brée", "email": "zoe@een.example", "organisation": "Één"}
    ]


def test_columns_come_in_any_order_in_dutch_or_english_in_any_capitals(csv_file):
    text = "PHONE,Email,Functie,naam\n0612,a@b.example,adviseur,An\n"

    row = sheets.read(csv_file(text), PEOPLE).rows[0]

    assert dict(row.cells) == {"phone": "0612", "email": "a@b.example", "function": "adviseur", "name": "An"}


def test_a_quoted_newline_and_separator_stay_in_their_cell_and_rows_count_as_in_the_spreadsheet(csv_file):
    text = 'naam;email;wensen\n"An; de\nVries";an@b.example;"met ""Bo"""\n\nBo;bo@b.example;\n'

    rows = sheets.read(csv_file(text), PEOPLE).rows

    assert [row.number for row in rows] == [2, 4]
    assert rows[0].cells["name"] == "An; de\nVries"
    assert rows[0].cells["wishes"] == 'met "Bo"'


def test_the_line_with_which_excel_names_its_separator_is_no_header(csv_file):
    sheet = sheets.read(csv_file("sep=|\r\nnaam|email\r\nAn|an@b.example\r\n"), PEOPLE)

    assert (sheet.rows[0].number, sheet.rows[0].cells["name"]) == (3, "An")


def test_an_unknown_column_is_named_and_left_out(csv_file):
    sheet = sheets.read(csv_file("naam,email,schoenmaat\nAn,an@b.example,38\n"), PEOPLE)

    assert "schoenmaat" in sheet.remarks[0]
    assert set(sheet.rows[0].cells) == {"name", "email"}


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "is leeg"),
        ("\n;;\n", "is leeg"),
        ("naam;email\n", "geen rijen"),
        ("naam;gemeente\nAn;Ede\n", "'e-mail' ontbreekt"),
        ("naam;mail;e-mail\nAn;a@b.example;a@b.example\n", "twee kolommen voor 'e-mail'"),
        ('naam;email\n"An;an@b.example\n', "rij 2: de aanhalingstekens"),
        ('naam;email\nAn;an@b.example\n"Bo"x;bo@b.example\n', "rij 3: de aanhalingstekens"),
        (b"naam;email\n\x00\x01\x02;\xff\n", "geen tekstbestand"),
        (b"\xd0\xcf\x11\xe0rest", "oud of beveiligd"),
        (b"PK\x03\x04rest", "beschadigd"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(csv_file, text, told):
    with pytest.raises(Refused, match=r"lijst\.csv") as refusal:
        sheets.read(csv_file(text), PEOPLE)

    assert told in refusal.value.message
    assert refusal.value.remedy or told == "geen rijen"


def test_a_row_with_more_cells_than_columns_is_a_problem_of_that_row(csv_file):
    sheet = sheets.read(csv_file("naam,email\nVries, An,an@b.example\nBo,bo@b.example\n"), PEOPLE)

    assert [(p.row, p.column) for p in sheet.problems] == [(2, "")]
    assert [row.number for row in sheet.rows] == [3]


def test_a_cell_like_a_book_is_a_problem_of_that_cell(csv_file):
    sheet = sheets.read(csv_file(f"naam,email\n{'a' * 20_001},an@b.example\n"), PEOPLE)

    assert [(p.row, p.column) for p in sheet.problems] == [(2, "name")]


def test_too_many_rows_and_too_many_bytes_are_refused(csv_file):
    rows = "naam,email\n" + "An,an@b.example\n" * 5_001

    with pytest.raises(Refused, match="meer dan 5000 rijen"):
        sheets.read(csv_file(rows), PEOPLE)
    with pytest.raises(Refused, match="groter dan 5 MB"):
        sheets.read(csv_file("naam,email\n" + "x" * 5_000_000), PEOPLE)


def test_no_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(NotFound, match="bestaat niet"):
        sheets.read(tmp_path / "niets.csv", PEOPLE)
    with pytest.raises(Refused, match="kan niet worden gelezen"):
        sheets.read(tmp_path, PEOPLE)


def test_a_workbook_gives_what_somebody_typed(workbook):
    path = workbook(
        [
            ["Naam", "E-mail", "Telefoon", "Zitplaatsen", "Beschikbaar"],
            ["An", "an@b.example", 31612345678, 4.0, date(2027, 4, 8)],
            [],
            ["Bo", "bo@b.example", "06 12", 2.5, datetime(2027, 4, 8, 13, 30)],
        ]
    )

    rows = sheets.read(path, PEOPLE).rows

    assert [row.number for row in rows] == [2, 4]
    assert dict(rows[0].cells) == {
        "name": "An",
        "email": "an@b.example",
        "phone": "31612345678",
        "seats": "4",
        "available": "2027-04-08",
    }
    assert (rows[1].cells["seats"], rows[1].cells["available"]) == ("2.5", "2027-04-08T13:30")


def test_yes_and_no_of_a_workbook_are_words(workbook):
    header = ["project", "organisatie", "contactpersoon", "email", "plaats", "OV"]

    rows = sheets.read(workbook([header, ["P", "O", "C", "c@o.example", "Ede", True]]), HOSTS).rows

    assert rows[0].cells["transit"] == "ja"


def test_the_first_filled_sheet_is_read_and_the_others_are_named(workbook):
    sheet = sheets.read(workbook([], [["naam", "email"], ["An", "an@b.example"]], [["iets"]]), PEOPLE)

    assert sheet.rows[0].cells["name"] == "An"
    assert "Alleen het blad 'Sheet2'" in sheet.remarks[0]


def test_a_cell_that_is_merged_over_rows_counts_for_each_of_them(tmp_path):
    path = tmp_path / "lijst.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        for number, row in enumerate([["naam", "email", "organisatie"], ["An", "a@b.example"], ["Bo", "b@b.example"]]):
            page.write_row(number, 0, row)
        page.merge_range("C2:C3", "Gemeente Ede")
        page.write_row(3, 0, ["Cas", "c@b.example"])
        page.merge_range("D1:D2", "telefoon")

    rows = sheets.read(path, PEOPLE).rows

    assert [row.cells.get("organisation", "") for row in rows] == ["Gemeente Ede", "Gemeente Ede", ""]
    assert [row.cells.get("phone", "") for row in rows] == ["", "", ""]


def test_an_empty_workbook_is_empty(workbook):
    with pytest.raises(Refused, match="is leeg"):
        sheets.read(workbook([]), PEOPLE)


def test_one_cell_at_the_end_of_the_world_does_not_fill_the_memory(tmp_path):
    path = tmp_path / "lijst.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write(1_048_575, 16_383, "hier")

    with pytest.raises(Refused, match="cel XFD1048576"):
        sheets.read(path, PEOPLE)


def test_a_small_zip_that_unpacks_to_much_is_refused(tmp_path):
    path = tmp_path / "lijst.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 101_000_000)

    with pytest.raises(Refused, match="uitgepakt te groot"):
        sheets.read(path, PEOPLE)


def test_a_zip_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "lijst.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("brief.txt", "hallo")

    with pytest.raises(Refused, match=r"^lijst\.xlsx kan niet worden gelezen als Excelbestand\.$"):
        sheets.read(path, PEOPLE)


@given(st.binary(max_size=400))
def test_whatever_the_bytes_the_answer_is_rows_or_a_refusal(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "ruis.csv"
    path.write_bytes(data)

    try:
        sheet = sheets.read(path, PEOPLE)
    except Refused as no:
        assert no.message.startswith("ruis.csv")  # noqa: PT017 - either is right
    else:
        assert sheet.rows or sheet.problems


@cache
def small_workbook():
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet().write_row(0, 0, ["naam", "email"])
        book.worksheets()[0].write_row(1, 0, ["An", "an@b.example"])
    return buffer.getvalue()


@given(st.binary(max_size=60), st.integers(0, 5_000))
def test_a_damaged_workbook_is_rows_or_a_refusal(tmp_path_factory, noise, at):
    data = bytearray(small_workbook())
    data[at : at + len(noise)] = noise
    path = tmp_path_factory.getbasetemp() / "ruis.xlsx"
    path.write_bytes(data)

    try:
        read = sheets.read(path, PEOPLE)
    except Refused as no:
        assert no.message.startswith("ruis.xlsx")  # noqa: PT017 - either is right
    else:
        assert read.rows or read.problems
