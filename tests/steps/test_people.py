"""One row per address, and text that people type made safe for headers and pages."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.builders import NOW, bare_person
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.steps import people
from vitale_core.store.records import Person


@pytest.mark.parametrize(
    "typed,kept",
    [
        ("anna.smit@gemeente.example", "anna.smit@gemeente.example"),
        ("  anna@gemeente.example\n", "anna@gemeente.example"),
        ("Anna.Smit@Gemeente.EXAMPLE", "Anna.Smit@gemeente.example"),
        ("anna+cursus@sub.gemeente.example", "anna+cursus@sub.gemeente.example"),
        ("o'brien@gemeente.example", "o'brien@gemeente.example"),
        ("anna@köln.example", "anna@xn--kln-sna.example"),
        ("anna@straße.example", "anna@xn--strae-oqa.example"),
    ],
)
def test_an_address_is_kept_as_mail_and_calendar_need_it(typed, kept):
    assert people.clean_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "anna",
        "anna@",
        "@gemeente.example",
        "anna@gemeente",
        "anna@@gemeente.example",
        "anna smit@gemeente.example",
        "Anna <anna@gemeente.example>",
        "anna@a.example, piet@b.example",
        "anna@a.example;piet@b.example",
        "anna@a.example\nBcc: piet@b.example",
        "anna@a.example\rBcc: piet@b.example",
        '"anna smit"@gemeente.example',
        "änna@gemeente.example",
        "anna@gemeente..example",
        "anna@-gemeente.example",
        "a" * 65 + "@gemeente.example",
        "anna@" + "g" * 250 + ".example",
    ],
)
def test_what_is_not_exactly_one_address_is_refused_without_repeating_it(typed):
    with pytest.raises(Refused) as refused:
        people.clean_email(typed)

    assert len(typed) < 2 or typed not in refused.value.message
    assert refused.value.remedy


@given(st.text(max_size=400))
def test_a_line_is_one_printable_line(text):
    try:
        line = people.clean_line(text)
    except Refused:
        assert len(text) > 200
        return

    assert line == line.strip()
    assert len(line.splitlines()) <= 1
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in line)
    line.encode()
    assert people.clean_line(line) == line


@given(st.text(max_size=400))
def test_a_text_keeps_its_lines_and_nothing_else_that_cannot_be_seen(text):
    clean = people.clean_text(text)

    assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in clean)
    assert people.clean_text(clean) == clean


def test_lines_of_every_system_stay_lines():
    assert people.clean_text(" een\r\ntwee\rdrie\x00\n\n") == "een\ntwee\ndrie"


@pytest.mark.parametrize("clean", [people.clean_line, people.clean_text])
def test_too_long_is_refused_with_how_much_is_allowed(clean):
    with pytest.raises(Refused, match="hooguit 10 tekens"):
        clean("x" * 11, longest=10)


def test_a_name_can_be_anything_but_empty():
    assert people.clean_name(" Sjoukje  van 't\tHoff ") == "Sjoukje van 't Hoff"
    assert people.clean_name("{{ 7*7 }} <b>Bram</b>") == "{{ 7*7 }} <b>Bram</b>"
    assert people.clean_name("Anna\r\nBcc: x@y.example") == "Anna Bcc: x@y.example"
    for nobody in ("", "  ", "\x00\n"):
        with pytest.raises(Refused, match="naam ontbreekt"):
            people.clean_name(nobody)


def test_mails_greet_by_first_name():
    assert people.first_name(Person(name="Sjoukje van 't Hoff")) == "Sjoukje"
    assert people.first_name(Person(name=None)) == "deelnemer"


def test_the_same_address_in_other_capitals_is_the_same_person(database):
    with database.write() as session:
        first = people.person_for(session, "Anna@Gemeente.example", name="Anna Smit", now=NOW)
        again = people.person_for(session, "anna@gemeente.EXAMPLE", name="A. Smit", now=NOW)

        assert again is first
        assert (first.name, first.email) == ("Anna Smit", "Anna@gemeente.example")
        assert people.find_person(session, " ANNA@gemeente.example ") is first
        assert people.find_person(session, "iemand@anders.example") is None
        assert people.find_person(session, "geen adres") is None


def test_two_domains_that_look_alike_are_two_people(database):
    with database.write() as session:
        one = people.person_for(session, "anna@straße.example", name="Anna", now=NOW)
        other = people.person_for(session, "anna@strasse.example", name="Anna", now=NOW)

        assert one is not other


def test_the_same_new_person_from_two_sides_at_once_is_one(database):
    numbers, ready = [], threading.Barrier(2)

    def come_in():
        ready.wait()
        with database.write() as session:
            person = people.person_for(session, "anna@gemeente.example", name="Anna", now=NOW)
            threading.Event().wait(0.05)
            numbers.append(person.id)

    both = [threading.Thread(target=come_in) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(30)

    assert len(numbers) == 2
    assert len(set(numbers)) == 1
    with database.read() as session:
        assert len(session.scalars(select(Person)).all()) == 1


def test_an_erased_person_is_not_found(database):
    with database.write() as session:
        person = bare_person(session)
        session.flush()

        assert people.get_person(session, person.id) is person
        person.erased_at = NOW
        for number in (person.id, 999):
            with pytest.raises(NotFound, match=f"Persoon {number} bestaat niet"):
                people.get_person(session, number)
