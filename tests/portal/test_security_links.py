"""What a link opens, and that it opens nothing else."""

import itertools
import re

import pytest

from tests.portal.stages import OF_HOST, OF_OPERATOR, OF_PARTICIPANT, OF_PERSON, OF_TRAINER, at
from tests.portal.visitor import SAME_ORIGIN, WRONG, Page
from vitale_core.store.records import Enrolment, Link, Visit
from vitale_portal.routes import DOORS


def table(world):
    """Return everything that a request may not change by being refused or by only looking."""
    return {
        "enrolments": [(e.id, e.status) for e in world.all(Enrolment)],
        "visits": [(v.id, v.status) for v in world.all(Visit)],
        "links": len(world.all(Link)),
    }


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
    refused = {root: {visitor.open(f"{root}{WRONG}").text} for root in suffixes}
    for ((kind, holder), address), root in itertools.product(tokens.items(), suffixes):
        token = address.removesuffix(".ics").rpartition("/")[2]
        for suffix in suffixes[root]:
            response = visitor.open(f"{root}{token}{suffix}")
            cases += 1
            place = (kind, holder, root, suffix, response.status_code)
            if own.get(kind) != root:
                assert response.status_code == 404, place
                refused[root].add(response.text)
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
    assert {root: len(texts) for root, texts in refused.items()} == dict.fromkeys(suffixes, 1)
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


def later():
    from datetime import date

    return {"day1": date(2028, 3, 16), "day2": date(2028, 4, 20)}
