"""A trainer's own calendar: only when somebody is busy is taken from it, and nothing in it can break us."""

from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from vitale_core.adapters import trainer_calendar
from vitale_core.domain.errors import Refused, TemporaryFailure

SPRING = {"first": date(2027, 3, 1), "last": date(2027, 4, 30)}
WEEKLY = "DTSTART;TZID=Europe/Amsterdam:20270302T100000\nDTEND;TZID=Europe/Amsterdam:20270302T120000\n"


def a_calendar(*events):
    body = "".join(f"BEGIN:VEVENT\nUID:{n}\nDTSTAMP:20270101T000000Z\n{e}END:VEVENT\n" for n, e in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{body}END:VCALENDAR\n".replace("\n", "\r\n").encode()


@pytest.fixture
def read(tmp_path):
    def read(*events, **span):
        path = tmp_path / "agenda.ics"
        path.write_bytes(a_calendar(*events))
        return trainer_calendar.read(str(path), **(SPRING | span))

    return read


def test_what_comes_back_every_week_is_worked_out_with_its_exceptions_and_in_summer_time(read):
    busy = read(f"{WEEKLY}RRULE:FREQ=WEEKLY;UNTIL=20270406T080000Z\nEXDATE;TZID=Europe/Amsterdam:20270309T100000\n")

    assert [start for start, _end in busy] == [
        datetime(2027, 3, 2, 9, tzinfo=UTC),
        datetime(2027, 3, 16, 9, tzinfo=UTC),
        datetime(2027, 3, 23, 9, tzinfo=UTC),
        datetime(2027, 3, 30, 8, tzinfo=UTC),
        datetime(2027, 4, 6, 8, tzinfo=UTC),
    ]


def test_a_whole_day_and_a_time_without_a_zone_are_those_of_the_netherlands(read):
    busy = read(
        "DTSTART;VALUE=DATE:20270318\nDTEND;VALUE=DATE:20270320\n",
        "DTSTART:20270401T090000\nDURATION:PT1H\n",
    )

    assert busy == [
        (datetime(2027, 3, 17, 23, tzinfo=UTC), datetime(2027, 3, 19, 23, tzinfo=UTC)),
        (datetime(2027, 4, 1, 7, tzinfo=UTC), datetime(2027, 4, 1, 8, tzinfo=UTC)),
    ]


@pytest.mark.parametrize("free", ["TRANSP:TRANSPARENT\n", "STATUS:CANCELLED\n"])
def test_what_takes_no_time_is_not_busy(read, free):
    assert read(WEEKLY + free) == []


def test_what_lasts_no_time_is_not_busy(read):
    assert read("DTSTART:20270302T100000Z\nDTEND:20270302T100000Z\n") == []


@pytest.mark.parametrize(
    "content", [b"", b"hallo", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", a_calendar("DTSTART:onzin\n")]
)
def test_what_is_no_calendar_is_refused(tmp_path, content):
    path = tmp_path / "agenda.ics"
    path.write_bytes(content)

    with pytest.raises(Refused, match="geen agenda"):
        trainer_calendar.read(str(path), **SPRING)


@pytest.mark.parametrize("often", ["SECONDLY", "minutely"])
@pytest.mark.timeout(10)
def test_what_happens_every_second_is_no_calendar(read, often):
    with pytest.raises(Refused, match="geen agenda"):
        read(f"{WEEKLY}RRULE:FREQ=WEEKLY\n", f"{WEEKLY}RRULE:FREQ={often}\n")


def test_a_file_that_is_not_there_or_too_large_is_refused_by_its_name_alone(tmp_path, monkeypatch):
    with pytest.raises(Refused, match=r"^agenda\.ics is niet te openen"):
        trainer_calendar.read(str(tmp_path / "agenda.ics"), **SPRING)
    (tmp_path / "agenda.ics").write_bytes(a_calendar(WEEKLY))
    monkeypatch.setattr(trainer_calendar, "LARGEST", 10)
    with pytest.raises(Refused, match="groter dan"):
        trainer_calendar.read(str(tmp_path / "agenda.ics"), **SPRING)


@pytest.mark.parametrize("address", ["http://agenda.example/a.ics", "file:///etc/passwd", "ftp://agenda.example/a.ics"])
def test_only_a_safe_address_is_fetched(address):
    with pytest.raises(Refused, match="https"):
        trainer_calendar.read(address, **SPRING)


class _Feed(BaseHTTPRequestHandler):
    content = b""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_words):
        pass


def test_an_address_on_this_machine_is_read_and_one_that_does_not_answer_can_be_tried_again(monkeypatch):
    _Feed.content = a_calendar(WEEKLY)
    server = HTTPServer(("127.0.0.1", 0), _Feed)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/geheim.ics"

    assert len(trainer_calendar.read(address, **SPRING)) == 1
    monkeypatch.setattr(trainer_calendar, "LARGEST", 10)
    with pytest.raises(Refused, match="groter dan"):
        trainer_calendar.read(address, **SPRING)
    server.shutdown()
    server.server_close()
    with pytest.raises(TemporaryFailure) as failure:
        trainer_calendar.read(address, **SPRING)
    assert "geheim" not in str(failure.value)


class _Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", "http://agenda.example/geheim.ics")
        self.end_headers()

    def log_message(self, *_words):
        pass


class _NoServer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.wfile.write(b"220 smtp.example ESMTP\r\n")

    def log_message(self, *_words):
        pass


@pytest.mark.parametrize(
    "answers, error, why", [(_Elsewhere, Refused, "https"), (_NoServer, TemporaryFailure, "niet op te halen")]
)
def test_an_address_that_points_to_an_unsafe_one_or_speaks_no_http_is_told_in_a_sentence(answers, error, why):
    server = HTTPServer(("127.0.0.1", 0), answers)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(error, match=why):
            trainer_calendar.read(f"http://127.0.0.1:{server.server_port}/geheim.ics", **SPRING)
    finally:
        server.shutdown()
        server.server_close()
