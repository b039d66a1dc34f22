"""Links that open a page: the same one while it is valid, for one person and purpose, until it is taken back."""

import hashlib
import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from tests.training import BUREAU, NOW, a_cohort, an_enrolment, at
from vitale_core.domain.errors import NotFound
from vitale_core.steps import links
from vitale_core.store.records import Cohort, Enrolment, Link

SECRET = b"a secret of the tests"


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def noor(written):
    return an_enrolment(written, a_cohort(written))


def url(session, enrolment, purpose="participant", now=NOW, secret=SECRET, **facts):
    return links.url(
        session,
        purpose=purpose,
        person_id=enrolment.person_id,
        cohort_id=enrolment.cohort_id,
        enrolment_id=facts.get("enrolment_id", enrolment.id),
        now=now,
        bureau=BUREAU,
        secret=secret,
    )


def token(address: str) -> str:
    return address.rpartition("/")[2].removesuffix(".ics")


def test_a_link_that_an_older_copy_never_heard_of_opens_no_page_of_who_has_that_number_now(written, noor):
    before = url(written, noor)

    def again(address):
        noor.person.email = noor.person.email_key = address
        written.execute(delete(Link))
        written.flush()
        return url(written, noor)

    assert again(noor.person.email_key) == before
    assert again("sam@gemeente.example") != before


def test_a_link_stays_the_same_while_it_is_valid(written, noor):
    first = url(written, noor)

    assert url(written, noor, now=NOW + timedelta(days=30)) == first
    assert first.startswith("http://127.0.0.1:8080/m/")
    assert len(token(first)) == 43
    assert len(written.scalars(select(Link)).all()) == 1


@pytest.mark.parametrize(
    "purpose,path", [("participant", "/m/"), ("host", "/h/"), ("trainer", "/t/"), ("agenda", "/agenda/")]
)
def test_a_token_opens_what_it_was_made_for_and_nothing_else(written, noor, purpose: links.Purpose, path):
    address = url(written, noor, purpose)

    assert path in address
    assert address.endswith(".ics") == (purpose == "agenda")
    opened = links.open_link(written, token(address), purpose=purpose, now=NOW)
    assert (opened.person_id, opened.enrolment_id) == (noor.person_id, noor.id)
    others: list[links.Purpose] = ["participant", "host", "trainer", "agenda"]
    for other in others:
        if other != purpose:
            with pytest.raises(NotFound):
                links.open_link(written, token(address), purpose=other, now=NOW)


def test_every_way_to_be_wrong_looks_the_same(written, noor):
    good = token(url(written, noor))
    revoked = token(url(written, noor, "agenda"))
    links.revoke(written, person_id=noor.person_id, now=NOW)
    fresh = token(url(written, noor))

    said = set()
    for wrong, now in (
        (good, NOW),
        (revoked, NOW),
        (fresh + "x", NOW),
        (fresh.swapcase(), NOW),
        ("", NOW),
        ("x" * 1000, NOW),
        ("é\x00", NOW),
        (fresh, at("2028-06-01")),
    ):
        with pytest.raises(NotFound) as refused:
            links.open_link(written, wrong, purpose="participant", now=now)
        said.add((refused.value.message, refused.value.remedy))

    assert len(said) == 1
    assert links.open_link(written, fresh, purpose="participant", now=NOW).person_id == noor.person_id


def test_a_link_that_was_taken_back_never_works_again(written, noor):
    seen = []
    for _ in range(3):
        seen.append(token(url(written, noor)))
        assert links.revoke(written, person_id=noor.person_id, enrolment_id=noor.id, now=NOW) == 1

    assert len(set(seen)) == 3
    for old in seen:
        with pytest.raises(NotFound):
            links.open_link(written, old, purpose="participant", now=NOW)
    assert links.revoke(written, person_id=noor.person_id, now=NOW) == 0


def test_taking_back_stays_within_the_cohort(written, noor):
    other = an_enrolment(written, a_cohort(written, "ander"))
    here, there = token(url(written, noor)), token(url(written, other))

    links.revoke(written, person_id=noor.person_id, cohort_id=noor.cohort_id, now=NOW)

    with pytest.raises(NotFound):
        links.open_link(written, here, purpose="participant", now=NOW)
    assert links.open_link(written, there, purpose="participant", now=NOW).person_id == noor.person_id


def test_two_people_and_two_pages_have_two_links(written, noor):
    sam = an_enrolment(written, noor.cohort, "Sam Bakker")

    addresses = [
        url(written, noor),
        url(written, sam),
        url(written, noor, "host", enrolment_id=None),
        url(written, noor, enrolment_id=None),
    ]

    assert len(set(map(token, addresses))) == 4


def test_a_link_lives_half_a_year_beyond_the_last_day(written, noor):
    address = url(written, noor)
    last = at("2027-04-22", "16:30")

    (link,) = written.scalars(select(Link))
    assert link.expires_at == last + timedelta(days=180)
    just_before = link.expires_at - timedelta(seconds=1)
    assert links.open_link(written, token(address), purpose="participant", now=just_before) is link
    with pytest.raises(NotFound):
        links.open_link(written, token(address), purpose="participant", now=link.expires_at)
    assert url(written, noor, now=link.expires_at) != address


def test_the_database_alone_opens_nothing(written, noor):
    good = token(url(written, noor))
    (link,) = written.scalars(select(Link))

    assert good not in f"{link.nonce} {link.token_hash}"
    assert link.token_hash == hashlib.sha256(good.encode()).hexdigest()
    for stolen in (link.nonce, link.token_hash):
        with pytest.raises(NotFound):
            links.open_link(written, stolen, purpose="participant", now=NOW)


def test_another_installation_makes_other_links(written, noor):
    def made(secret):
        with written.begin_nested() as savepoint:
            address = url(written, noor, secret=secret)
            savepoint.rollback()
        return address

    assert made(b"one") == made(b"one")
    assert made(b"one") != made(b"two")


def test_the_same_link_from_two_sides_at_once_is_one(database):
    with database.write() as session:
        number = an_enrolment(session, a_cohort(session)).id
    ready, made = threading.Barrier(2), []

    def ask():
        ready.wait()
        with database.write() as session:
            made.append(url(session, session.get_one(Enrolment, number)))
            threading.Event().wait(0.05)

    both = [threading.Thread(target=ask) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(30)

    assert len(made) == 2
    assert len(set(made)) == 1
    with database.read() as session:
        assert len(session.scalars(select(Link)).all()) == 1


def test_a_cohort_without_dates_has_links_too(written):
    cohort = a_cohort(written)
    for meeting in cohort.sessions:
        meeting.starts_at = meeting.ends_at = None
    written.flush()
    enrolment = an_enrolment(written, written.get_one(Cohort, cohort.id))

    url(written, enrolment)

    assert written.scalars(select(Link.expires_at)).one() == NOW + timedelta(days=180)
