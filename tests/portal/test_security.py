"""What holds for every route: headers, links that open one thing, forms that cannot be forged, sizes and pace."""

import itertools
import logging
import re
import sqlite3
from contextlib import closing

import pytest

from tests.portal.stages import OF_HOST, OF_OPERATOR, OF_PARTICIPANT, OF_PERSON, OF_TRAINER, at
from tests.portal.visitor import SAME_ORIGIN, Page
from vitale_core.domain.states import EnrolmentStatus
from vitale_core.store.records import Enrolment, Link, Visit
from vitale_portal.guard import Meter, Pace
from vitale_portal.routes import DOORS

HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}
WRONG = "A" * 43


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


def table(world):
    """Return everything that a request may not change by being refused or by only looking."""
    return {
        "enrolments": [(e.id, e.status) for e in world.all(Enrolment)],
        "visits": [(v.id, v.status) for v in world.all(Visit)],
        "links": len(world.all(Link)),
    }


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


# ---------------------------------------------------------------------------------------------- links and objects


def test_a_link_opens_its_own_pages_and_nothing_else(world, visitor):
    """Every token on every kind of page with every object: 2,000 cases and more."""
    stage = at(world, "after the visits")
    outsider = world.person(world.cohort(code="2028-voorjaar", days=later()), 10)
    tokens = {
        **{("participant", n): world.link(enrolment=n) for n in (*stage.people[:4], stage.waiting, outsider)},
        **{("host", n): world.link("host", person=n, cohort=stage.cohort) for n in stage.hosts},
        ("trainer", 0): world.link("trainer", cohort=stage.cohort),
        ("agenda", 0): world.link(
            "agenda", person=world.one(Enrolment, id=stage.people[0]).person_id, cohort=stage.cohort
        ),
        ("nobody", 0): f"/m/{WRONG}",
        ("nobody", 1): "/m/short",
        ("nobody", 2): f"/m/{WRONG}{WRONG}{WRONG}{WRONG}",
    }
    own = {"participant": "/m/", "host": "/h/", "trainer": "/t/"}
    objects = [*range(6), 99999, 2**62]
    suffixes = {
        "/m/": [*OF_PARTICIPANT, *(f"/evaluatie/{n}" for n in ("direct-2", "x", "' OR 1=1"))],
        "/h/": [*OF_HOST, *(f"/{page}/{n}" for page in ("bezoek", "terugblik", "data", "praktisch") for n in objects)],
        "/t/": [*OF_TRAINER, *(f"/presentatie/{n}" for n in objects), *(f"/lijst/{n}" for n in ("werkbezoek-1", "x"))],
    }
    for n in stage.people:
        world.link(enrolment=n)
    secrets = {n: world.one(Enrolment, id=n).person.email for n in (*stage.people, stage.waiting, outsider)}
    before = table(world)
    cases = 0
    refused = {visitor.open(f"/m/{WRONG}").text}
    for ((kind, holder), address), root in itertools.product(tokens.items(), suffixes):
        token = address.removesuffix(".ics").rpartition("/")[2]
        for suffix in suffixes[root]:
            response = visitor.open(f"{root}{token}{suffix}")
            cases += 1
            place = (kind, holder, root, suffix, response.status_code)
            if own.get(kind) != root:
                assert response.status_code == 404, place
                refused.add(response.text)
            shown = {n for n, email in secrets.items() if email in response.text}
            mine = {holder} if kind == "participant" else set()
            assert shown <= mine, place
        for method in ("POST", "PUT"):
            response = visitor.request(method, f"{root}{token}/afmelden", headers=SAME_ORIGIN, data={"zeker": "ja"})
            cases += 1
            assert response.status_code in {403, 404, 405, 409}, (kind, root, method, response.status_code)
    for door, other in itertools.product(stage.hosts, world.visits()):
        with world.database.read() as session:
            host = session.get_one(Visit, other.id).project.host.contact_id
        response = visitor.open(f"{tokens['host', door]}/bezoek/{other.id}")
        cases += 1
        assert (response.status_code == 200) == (host == door)
    cases += forms_of_others(world, visitor, stage)
    assert len(refused) == 1
    assert table(world) == before
    assert cases >= 2_000


def forms_of_others(world, visitor, stage):
    """Send every form of one person with the seal of every other; return how many cases that were."""
    posts = [door for door in DOORS if door.act is not None and door.purpose]
    holders = [
        *(world.link(enrolment=n) for n in stage.people),
        *(world.link("host", person=n, cohort=stage.cohort) for n in stage.hosts),
        world.link("trainer", cohort=stage.cohort),
    ]
    seals = [seal_of(visitor, holder) for holder in holders]
    roots = {"participant": "/m/", "host": "/h/", "trainer": "/t/"}
    cases = 0
    for nr, holder in enumerate(holders):
        for door in posts:
            if not holder.startswith(roots[door.purpose]):
                continue
            path = re.sub(r"\{\w+:int\}", "1", door.path.replace("{token}", holder[3:]))
            path = path.replace("{round}", "direct").replace("{session}", "dagdeel-1")
            for seal in (*seals[:nr], *seals[nr + 1 :], "", "0" * 64):
                response = visitor.post(path, {"zegel": seal, "zeker": "ja", "antwoord": "nee", "iedereen": "ja"})
                cases += 1
                assert response.status_code in {403, 404}, (door.name, response.status_code)
    return cases


def seal_of(visitor, address):
    page = {"m": "/gegevens", "h": "/gegevens", "t": "/lijst/dagdeel-1"}[address[1]]
    return Page(visitor.open(address + page).text).forms[0].known["zegel"]


@pytest.mark.parametrize("change", ["expired", "revoked"])
def test_a_link_that_ended_looks_like_one_that_never_was(world, visitor, change):
    stage = at(world, "goes ahead")
    link = world.link(enrolment=stage.people[0])
    unknown = visitor.open(f"/m/{WRONG}")
    if change == "expired":
        world.later(days=1000)
    else:
        with world.database.write() as session:
            for row in session.query(Link):
                row.revoked_at = world.now

    ended = visitor.open(link)

    assert (ended.status_code, ended.text) == (404, unknown.text)


@pytest.mark.parametrize("path", ["/beheer/mail/{}", "/beheer/taak/{}", "/beheer/2027-voorjaar/mensen/{}"])
@pytest.mark.parametrize("number", [0, 99999, 2**31, 2**63, 10**30])
def test_a_number_that_nothing_has_is_not_found(world, visitor, path, number):
    at(world, "goes ahead")

    assert visitor.open(path.format(number)).status_code == 404


def test_the_addresses_of_these_tests_cover_every_route():
    """A new page is looked at by all of them, or this says so."""
    roots = {"participant": ("/m/T", OF_PARTICIPANT), "host": ("/h/T", OF_HOST_VISITS), "trainer": ("/t/T", OF_TRAINER)}
    addresses = [root + page for root, pages in roots.values() for page in pages]
    addresses += [f"/beheer{page}" for page in (*OF_OPERATOR, *(f"/2027-voorjaar/mensen/1{of}" for of in OF_PERSON))]

    forgotten = [
        door.name
        for door in DOORS
        if (door.purpose in roots or door.office)
        and door.show not in {other.show for other in DOORS if other is not door and len(other.path) < len(door.path)}
        and not any(re.fullmatch(pattern_of(door), address.partition("?")[0]) for address in addresses)
    ]

    assert forgotten == []


OF_HOST_VISITS = (*OF_HOST, "/bezoek/1", "/terugblik/1", "/bezoek/1/dagblad")


def pattern_of(door):
    return re.sub(r"\{(\w+)(:int)?\}", lambda found: r"\d+" if found[2] else r"[^/]+", door.path).replace(".", r"\.")


def test_a_token_of_one_purpose_opens_no_other(world, visitor):
    stage = at(world, "visits booked")
    token = world.link(enrolment=stage.people[0])[3:]

    assert visitor.open(f"/h/{token}").status_code == 404
    assert visitor.open(f"/t/{token}").status_code == 404
    assert visitor.open(f"/agenda/{token}.ics").status_code == 404


# ------------------------------------------------------------------------------------------------ forged requests


@pytest.mark.parametrize(
    "headers,status",
    [
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 303),
        ({"origin": "http://127.0.0.1:8080"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8080"}, 403),
        ({"origin": "https://elders.example"}, 403),
        ({"origin": "http://127.0.0.1:8080.elders.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_form_must_come_from_our_own_page(world, visitor, headers, status):
    stage = at(world, "goes ahead")
    page = world.link(enrolment=stage.people[0])
    form = Page(visitor.open(f"{page}/afmelden").text).forms[0]

    answer = visitor.request("POST", f"{page}/afmelden", data=form.known | {"zeker": "ja"}, headers=headers)

    assert answer.status_code == status
    gone = world.one(Enrolment, id=stage.people[0]).status is EnrolmentStatus.WITHDRAWN
    assert gone == (status == 303)


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


# --------------------------------------------------------------------------------------------------- size and pace


@pytest.mark.parametrize("declared", [True, False])
def test_a_form_of_more_than_64_kilobytes_is_refused(world, visitor, declared):
    stage = at(world, "goes ahead")
    page = f"{world.link(enrolment=stage.people[0])}/intake"
    body = b"casus=" + b"x" * 70_000

    async def drops():
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    answer = visitor.request(
        "POST",
        page,
        content=body if declared else drops(),
        headers=SAME_ORIGIN | {"content-type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 413
    assert "Dit is te groot" in Page(answer.text).words


def test_a_file_is_let_in_at_one_place_only(world, visitor):
    stage = at(world, "goes ahead")
    page = world.link(enrolment=stage.people[0])
    form = Page(visitor.open(f"{page}/gegevens").text).forms[0]

    answer = visitor.request(
        "POST", f"{page}/gegevens", data=form.known, files={"naam": ("x.txt", b"hallo")}, headers=SAME_ORIGIN
    )

    assert answer.status_code == 400
    assert "Dit begrijpen we niet" in Page(answer.text).words


def test_ten_megabytes_and_more_never_reach_the_form(world, visitor):
    stage = at(world, "goes ahead")

    answer = visitor.request(
        "POST",
        f"{world.link(enrolment=stage.people[0])}/presentatie",
        content=b"x" * (11 * 1024 * 1024),
        headers=SAME_ORIGIN | {"content-type": "multipart/form-data; boundary=x"},
    )

    assert answer.status_code == 413


def test_too_many_requests_for_one_link_wait_a_minute(world, visit):
    stage = at(world, "goes ahead")
    world.pace = Pace(per_token=5, per_address=100)
    browser = visit()
    page, other = (world.link(enrolment=n) for n in stage.people[:2])

    statuses = [browser.open(page).status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]
    assert browser.open(other).status_code == 200


def test_one_address_has_a_pace_of_its_own_but_this_machine_has_not(world, visit):
    world.pace = Pace(per_token=100, per_address=3)
    outside, inside = visit(address="192.0.2.7"), visit()

    assert [outside.open("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert [inside.open("/").status_code for _ in range(4)] == [200] * 4
    assert visit(address="192.0.2.8").open("/").status_code == 200


def test_behind_a_proxy_the_pace_is_of_whom_it_asks_for(world, visit):
    world.pace = Pace(per_token=100, per_address=2)
    proxy = visit()

    def statuses(forwarded):
        return [proxy.open("/", headers={"x-forwarded-for": forwarded}).status_code for _ in range(3)]

    assert statuses("192.0.2.7") == [200, 200, 429]
    assert statuses("203.0.113.1, 192.0.2.7") == [429] * 3
    assert statuses("192.0.2.7, 192.0.2.8") == [200, 200, 429]


def test_who_is_no_proxy_cannot_say_that_somebody_else_asks(world, visit):
    world.pace = Pace(per_token=100, per_address=2)
    outside = visit(address="192.0.2.7")

    answers = [outside.open("/", headers={"x-forwarded-for": f"198.51.100.{n}"}).status_code for n in range(3)]

    assert answers == [200, 200, 429]


def test_the_meter_forgets_after_a_minute():
    meter = Meter(Pace(per_token=1, per_address=10))

    allowed = [meter.allows("token", "192.0.2.7", seconds) for seconds in (0, 1, 59, 60)]

    assert allowed == [True, False, False, True]


def test_fifty_people_at_once_for_the_last_seats(world, visitor):
    """The forms come in together; every one is kept, and a decision gives out exactly the seats there are."""
    from vitale_core.steps import intake
    from vitale_core.store.records import Cohort

    cohort = world.cohort(capacity=12)
    form = Page(visitor.open("/aanmelden/2027-voorjaar").text).forms[0]
    sent = [
        form.known | {"naam": f"Persoon {n}", "mail": f"p{n}@x.example", "organisatie": "A", "functie": "B"}
        for n in range(50)
    ]

    answers = visitor.together(
        [("POST", "/aanmelden/2027-voorjaar", {"data": data, "headers": SAME_ORIGIN}) for data in sent]
    )
    with world.database.write() as session:
        row = session.get_one(Cohort, cohort)
        for enrolment in session.query(Enrolment).order_by(Enrolment.applied_at, Enrolment.id):
            intake.confirm(session, enrolment, by="Anja", now=world.now, bureau=world.bureau)
        places = [intake.place_on_list(session, e) for e in session.query(Enrolment).order_by(Enrolment.id)]

    assert {answer.status_code for answer in answers} == {303}
    statuses = [e.status for e in world.all(Enrolment)]
    assert (statuses.count(EnrolmentStatus.CONFIRMED), statuses.count(EnrolmentStatus.WAITLISTED)) == (12, 38)
    assert places == [None] * 12 + list(range(1, 39))
    assert row.capacity == 12


# ------------------------------------------------------------------------------------------------- text and the log

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


def later():
    from datetime import date

    return {"day1": date(2028, 3, 16), "day2": date(2028, 4, 20)}
