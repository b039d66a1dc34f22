"""Whatever a person types, the calendar shows it, and nothing more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.calendar_parts import NASTY, event, only_entry, received, vevents
from vitale_core.adapters import ics


@pytest.mark.parametrize(
    "text",
    [
        NASTY,
        "\"Aanhalingstekens\" en 'apostrof'",
        "S:\\Notulen\\Nieuw, en \\n is geen nieuwe regel",
        "\\\\;;,,::",
        "🌱👩🏽‍🏫🇳🇱" * 20,
        "é" * 200,
        "x" * 74 + "é" + "x" * 74,
        "a" * 66 + "\\,;" * 30,
        "=?utf-8?q?x?= BEGIN:VEVENT",
        "^n ^' ^^",
    ],
)
def test_a_text_arrives_as_it_was(text):
    entry = only_entry(event(summary=text, location=text, description=text))

    assert entry.summary == entry.location == entry.description == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_every_text_arrives_but_for_what_nobody_can_see(text):
    entry = only_entry(event(summary=f"x{text}", description=text, attendee_name=text, organizer_name=text))

    # What other line breaks and control characters become is told below.
    visible = "".join(c if c.isprintable() or c == " " else "" for c in text).split()
    shown = "".join(c if c.isprintable() or c == " " else "" for c in entry.summary[1:]).split()
    assert "".join(shown) == "".join(visible)


@given(st.text(alphabet=st.sampled_from("\\,;:\"'nN\n ée🌱^="), max_size=250))
def test_every_mix_of_special_characters_arrives(text):
    entry = only_entry(event(description=text))

    assert entry.description == text


def test_line_breaks_stay_in_a_description_and_become_spaces_elsewhere():
    text = "een\r\ntwee\rdrie\u2028vier\x85vijf\vzes"

    entry = only_entry(event(summary=text, location=text, description=text))

    assert entry.summary == entry.location == "een twee drie vier vijf zes"
    assert entry.description == "een\ntwee\ndrie\nvier\nvijf\nzes"


def test_characters_that_nobody_can_see_are_left_out():
    entry = only_entry(event(summary="a\0b\x07c\x1bd\x7fe\x9ff", description="half \ud83d teken"))

    assert entry.summary == "abcdef"
    assert entry.description == "half � teken"


def test_a_text_cannot_add_a_line_of_its_own():
    evil = "x\r\nATTENDEE:mailto:somebody@else.example\r\nEND:VEVENT"

    part = ics.request(event(summary=evil, location=evil, description=evil, attendee_name=evil, organizer_name=evil))

    assert len(vevents(part)) == 1
    assert received(("REQUEST", part)).visible()


def test_a_name_loses_its_quotes_and_an_empty_name_is_left_out():
    part = ics.request(event(organizer_name=' "" ', attendee_name='Jan "de grote" Vries; MSc, MBA'))

    (vevent,) = vevents(part)
    assert vevent.one("ATTENDEE").parameters["CN"] == "Jan de grote Vries; MSc, MBA"
    assert "CN" not in vevent.one("ORGANIZER").parameters


def test_a_long_description_ends_with_a_whole_line():
    lines = "\n".join(f"Regel {number}: één programmaonderdeel" for number in range(200))

    entry = only_entry(event(description=lines))

    assert 3900 < len(entry.description.encode()) <= ics.DESCRIPTION_OCTETS
    assert entry.description.endswith("programmaonderdeel\n…")


def test_a_long_description_without_lines_is_cut_between_characters():
    entry = only_entry(event(description="é" * 5000))

    assert entry.description == "é" * 1998 + "…"
