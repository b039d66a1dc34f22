"""The log speaks Dutch: every event that a step writes down has its words."""

import ast
from pathlib import Path

import pytest

from vitale_core.domain import happenings
from vitale_core.domain.states import EnrolmentEvent

ROOT = Path(__file__).parents[2]
SEEN_AS_STATE = {EnrolmentEvent.CONFIRM, EnrolmentEvent.WAITLIST, EnrolmentEvent.OFFER}
"""These are written down as the state that follows."""


def written_down():
    """Give every constant that steps and pages hand to the log, as (what or kind of thing, text)."""
    for file in (*ROOT.glob("vitale_core/steps/*.py"), *ROOT.glob("vitale_portal/*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.note":
                for keyword in call.keywords:
                    if keyword.arg in {"what", "object_kind"} and isinstance(keyword.value, ast.Constant):
                        yield keyword.arg, keyword.value.value


def test_every_event_and_every_thing_has_dutch_words():
    known = {"what": happenings.EVENTS, "object_kind": happenings.OBJECTS}

    found = set(written_down())

    assert len(found) > 20
    assert {(kind, text) for kind, text in found if text not in known[kind]} == set()


def test_what_happens_to_an_enrolment_has_dutch_words():
    assert [event for event in EnrolmentEvent if event not in SEEN_AS_STATE and event not in happenings.EVENTS] == []


@pytest.mark.parametrize(
    "what,words",
    [
        ("round direct released", "evaluatie ‘direct’ vrijgegeven"),
        ("session moved", "bijeenkomst verplaatst"),
        ("something new", "something new"),
    ],
)
def test_an_event_in_words(what, words):
    assert happenings.of_event(what) == words


def test_a_round_of_evaluation_is_called_by_its_title():
    assert (
        happenings.of_event("round direct open", {"direct": "Evaluatie na dag 2"})
        == "evaluatie ‘Evaluatie na dag 2’ geopend"
    )


@pytest.mark.parametrize(
    "what,words",
    [("accepted", "aangenomen door de mailserver"), ("approved", "goedgekeurd"), ("something new", "something new")],
)
def test_what_happened_to_a_mail_in_words(what, words):
    assert happenings.of_attempt(what) == words


def test_a_thing_in_words():
    assert (happenings.of_object("visit"), happenings.of_object("")) == ("werkbezoek", "")
