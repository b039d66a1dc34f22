"""What every answer keeps to: headers, no scripts, words that stay words, nothing in the log."""

import itertools
import logging
import re
import sqlite3
from contextlib import closing

import pytest

from tests.portal.stages import at
from tests.portal.visitor import WRONG, Page
from vitale_portal.routes import DOORS

HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}


def example(door, world, stage):
    """Return an address that this door answers."""
    root = {
        "participant": lambda: world.link(enrolment=stage.people[0]),
        "host": lambda: world.link("host", person=stage.hosts[0], cohort=stage.cohort),
        "trainer": lambda: world.link("trainer", cohort=stage.cohort),
        "agenda": lambda: world.link("agenda", person=stage.people[0], cohort=stage.cohort),
    }.get(door.purpose, lambda: "")()
    token = root.removesuffix(".ics").rpartition("/")[2]
    path = door.path.replace("{token}", token).replace("{code}", "2027-voorjaar").replace("{round}", "direct")
    path = (
        path.replace("{session}", "dagdeel-1")
        .replace("{key}", f"1.{WRONG}")
        .replace("{number}", "X")
        .replace("{day}", "day2")
    )
    return re.sub(r"\{\w+:int\}", "1", path)


def test_every_answer_carries_the_headers(world, visitor):
    stage = at(world, "day 1")
    for door in DOORS:
        path = example(door, world, stage)
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            response = visitor.request(method, path)
            place = f"{method} {door.name} {response.status_code}"
            assert response.status_code != 500, place
            assert {name: response.headers.get(name) for name in HEADERS} == HEADERS, place
            policy = response.headers["content-security-policy"]
            assert "default-src 'none'" in policy, place
            assert "script-src" not in policy, place
            assert "unsafe-inline" not in policy or door.name == "office.letter", place
            assert "frame-ancestors 'none'" in policy or door.name == "office.letter", place
            assert "set-cookie" not in response.headers, place
            if door.name != "feed":
                assert response.headers["cache-control"] == "no-store", place


def test_only_the_style_sheet_may_be_kept(visitor):
    path = re.search(r'href="(/stijl-[^"]+)"', visitor.open("/").text)[1]

    response = visitor.open(path)

    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_hsts_only_where_the_links_are_https(world, visit):
    import dataclasses

    plain = visit().open("/").headers
    world.bureau = dataclasses.replace(world.bureau, base_url="https://training.example")
    world.settings = {"base_url": "https://training.example"}

    assert "strict-transport-security" not in plain
    assert visit().open("/").headers["strict-transport-security"].startswith("max-age=31536000")


def test_no_script_and_no_inline_style_on_any_page(world, visitor):
    stage = at(world, "evaluated")
    for door in DOORS:
        if door.name != "office.letter":
            text = visitor.open(example(door, world, stage)).text
            assert not re.search(r"<script|\son\w+=|\sstyle=|javascript:|<style", text), door.name


def test_looking_changes_nothing_whatever_the_address_says(world, visitor):
    """Every route, by GET and HEAD, with every answer that a form could send, as often as a mail scanner likes."""
    stage = at(world, "visits booked")
    addresses = [example(door, world, stage) for door in DOORS]
    answers = "?antwoord=nee&zeker=ja&besluit=ja&naam=Anja&iedereen=ja&sluit=ja&zegel=0&intrekken=1&klaar=1&blad=2"
    before = dump(world)

    for (method, address), _again in itertools.product(itertools.product(("GET", "HEAD"), addresses), range(2)):
        response = visitor.request(method, address + answers)
        assert response.status_code in {200, 404, 409}, (method, address.partition("/")[2][:9], response.status_code)

    assert dump(world) == before


def dump(world):
    """Return all that the database holds."""
    with closing(sqlite3.connect(world.file)) as connection:
        return list(connection.iterdump())


def test_a_redirect_stays_here_whatever_the_address_says(world, visit):
    stage = at(world, "goes ahead")
    page = world.link(enrolment=stage.people[0])
    browser = visit(host="kwaad.example")
    path = f"{page}/gegevens?next=https://kwaad.example"
    form = Page(browser.open(path).text).forms[0]

    answer = browser.post(path, form.known | {"terug": "https://kwaad.example", "naam": "Noor Jansen"})

    assert answer.headers["location"] == f"{page}/gegevens?klaar=1"
    assert "kwaad.example" not in browser.open(f"{page}/agenda").text


def test_no_route_sends_anybody_to_the_host_they_name(world, visit):
    stage = at(world, "day 1")
    here, there = visit(), visit(host="kwaad.example")
    for door in DOORS:
        path = example(door, world, stage)
        for address in (f"{path}/", f"//kwaad.example{path}/"):
            response = there.request("GET", f"http://kwaad.example{address}")
            assert "location" not in response.headers, (door.name, response.headers.get("location"))
            assert "kwaad" not in response.text, door.name
        assert here.open(f"{path}/").status_code == here.open(path).status_code, door.name


NASTY = (
    "<script>alert(1)</script>",
    "{{ 7 * 7 }} {% include 'x' %}",
    '"><img src=x onerror=alert(1)>',
    "Noor\r\nBcc: x@x.example",
    "\u202eneoN \x00\x1b[31m",
    '=HYPERLINK("http://x")',
    "O’Brien & Zn. <vof>",
)


@pytest.mark.parametrize("text", NASTY)
def test_markup_and_template_words_stay_words(world, visitor, text):
    stage = at(world, "visits booked")
    noor = world.link(enrolment=stage.people[0])
    visitor.send(f"{noor}/gegevens", {"naam": text, "organisatie": text, "functie": text})

    for page in (noor, f"{noor}/gegevens", world.link("trainer", cohort=stage.cohort), "/beheer/2027-voorjaar/mensen"):
        shown = visitor.open(page)
        assert shown.status_code == 200, page
        assert "<script" not in shown.text, page
        assert "<img" not in shown.text, page
        assert "49" not in Page(shown.text).words.split(), page


@pytest.mark.parametrize("path", ["/aanmelden/2027-voorjaar", "/m/{}/intake", "/m/{}/gegevens", "/m/{}/collega"])
@pytest.mark.parametrize("text", NASTY)
def test_what_is_sent_back_is_shown_as_text(world, visitor, path, text):
    stage = at(world, "full")
    address = path.format(world.link(enrolment=stage.people[0])[3:])
    names = Page(visitor.open(address).text).forms[0].names

    answer = visitor.send(address, {name: text for name in names if name != "zegel"})

    assert answer.status_code == 422
    assert "<script" not in answer.text
    assert "<img" not in answer.text


def test_no_token_name_or_address_in_the_log(world, visitor, caplog):
    stage = at(world, "visits booked")
    links = [world.link(enrolment=n) for n in stage.people]
    links += [world.link("host", person=n, cohort=stage.cohort) for n in stage.hosts]
    links.append(world.link("trainer", cohort=stage.cohort))
    with caplog.at_level(logging.DEBUG):
        for link in links:
            visitor.open(link)
            visitor.open(f"{link}/bestaat-niet")
            visitor.post(f"{link}/gegevens", {"naam": "Noor de Jong"})

    logged = "\n".join(r.getMessage() for r in caplog.records if r.name == "vitale.portal")
    assert "participant.overview" in logged
    assert not [link for link in links if link[3:] in logged]
    assert "Noor" not in logged
    assert "@" not in logged


def test_a_page_that_breaks_tells_the_log_where_and_nobody_what(world, visit, monkeypatch, caplog, it_breaks):
    from vitale_portal import bureau

    def broken(_call, **_asked):
        message = "noor@assen.example is not a number"
        raise ValueError(message)

    monkeypatch.setattr(bureau, "_offered", broken)

    answer = visit().open("/")

    assert answer.status_code == 500
    assert "Er ging iets mis bij ons" in Page(answer.text).words
    assert "ValueError" in caplog.text
    assert "noor@assen.example" not in caplog.text + answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_database_that_is_busy_is_said_so(world, visit, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from vitale_portal import bureau

    def busy(_call, **_asked):
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    monkeypatch.setattr(bureau, "_offered", busy)

    answer = visit().open("/")

    assert answer.status_code == 503
    assert "even te druk" in Page(answer.text).words
