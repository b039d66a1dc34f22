"""Forms: what was sent is read as it was meant, and every problem of every field has a sentence of its own."""

from datetime import date, time

import pytest
from starlette.datastructures import FormData

from tests.portal.stages import at
from tests.portal.visitor import Page
from tests.portal.world import programme_document
from vitale_core.domain import programme_document as documents
from vitale_portal import bureau, evaluating, host, own_data, reporting, seat
from vitale_portal.forms import Choice, Field, Form, Problem, clean, form
from vitale_portal.office import deeds

PROGRAMME = documents.read(programme_document())
FIXED = {
    "application": bureau.application_form(PROGRAMME),
    "offer": seat.OFFER,
    "stop": seat.STOP,
    "colleague": seat.COLLEAGUE,
    "own data": own_data.OWN,
    "erase": own_data.ERASE,
    "report": reporting.REPORT,
    "file": reporting.FILE,
    "intention": evaluating.INTENTION,
    "applied": evaluating.APPLIED,
    "direct": evaluating.sheet_of(PROGRAMME, PROGRAMME.round("direct")),
    "transfer": evaluating.sheet_of(PROGRAMME, PROGRAMME.round("transfer")),
    "host dates": host.dates_form(),
    "host practical": host.PRACTICAL,
    "host look back": host.LOOK_BACK,
    "host own": host.OWN,
    "operator": form(deeds.WHO, deeds.note(required=True, missing="Schrijf op waarom.")),
}


def can_go_wrong(field):
    """Return every problem that a field can have."""
    found = [Problem.MISSING] if field.required else []
    if field.kind in {"text", "long"}:
        found += [Problem.TOO_SHORT] * (field.least > 0) + [Problem.TOO_LONG]
    return found + {
        "email": [Problem.NOT_AN_ADDRESS],
        "tel": [Problem.NOT_A_PHONE],
        "number": [Problem.NOT_A_NUMBER, Problem.OUT_OF_RANGE],
        "date": [Problem.NOT_A_DATE],
        "time": [Problem.NOT_A_TIME],
        "choice": [Problem.NOT_OFFERED],
        "several": [Problem.NOT_OFFERED],
        "scale": [Problem.NOT_OFFERED],
    }.get(field.kind, [])


def wrong(field, problem):
    """Return what somebody could send so that a field has this problem."""
    return {
        Problem.MISSING: [],
        Problem.TOO_SHORT: ["x" * (field.least - 1)],
        Problem.TOO_LONG: ["x" * (field.most + 1)],
        Problem.NOT_OFFERED: ["nooit aangeboden"],
        Problem.NOT_AN_ADDRESS: ["noor at assen"],
        Problem.NOT_A_PHONE: ["bel mij"],
        Problem.NOT_A_NUMBER: ["drie"],
        Problem.OUT_OF_RANGE: [str(field.most + 1)],
        Problem.NOT_A_DATE: ["8 april"],
        Problem.NOT_A_TIME: ["half twee"],
    }[problem]


@pytest.mark.parametrize("name", FIXED)
def test_every_problem_of_every_field_has_its_own_sentence(name):
    sentences = {}
    for field in FIXED[name].fields:
        for problem in can_go_wrong(field):
            sent = FormData([(field.name, text) for text in wrong(field, problem)])
            said = "" if field.kind == "file" else FIXED[name].fill(sent).problem(field.name)
            assert field.kind == "file" or said == field.says(problem), (field.name, problem)
            sentences[field.name, problem] = field.says(problem)

    assert len(set(sentences.values())) == len(sentences), sentences
    for (field_name, problem), sentence in sentences.items():
        assert len(sentence) > 12, (field_name, problem)
        assert sentence[0].isupper(), sentence
        assert sentence.endswith((".", "?", "’.")), sentence
        assert "dit veld" not in sentence.casefold(), sentence


PAGES = ("/intake", "/rsvp", "/prikker", "/evaluatie/direct", "/gegevens", "/afmelden", "/collega", "/voornemen")


@pytest.mark.parametrize("stage,page", [("goes ahead", "/intake"), ("goes ahead", "/rsvp"), ("evaluated", "/prikker")])
def test_the_forms_that_depend_on_a_cohort_do_too(world, visitor, stage, page):
    found = at(world, stage)
    root = world.link(enrolment=found.people[0])
    names = Page(visitor.open(root + page).text).forms[0].names

    answer = visitor.send(root + page, dict.fromkeys((n for n in names if n != "zegel"), "nooit aangeboden"))

    problems = Page(answer.text).text.count('class="problem"')
    summary = answer.text.split('id="fouten"')[1].split("</ul>")[0].count("<li>")
    assert answer.status_code == 422
    assert problems == summary > 0


def test_a_page_with_problems_says_so_first_and_keeps_the_focus_there(world, visitor):
    found = at(world, "goes ahead")

    text = visitor.send(f"{world.link(enrolment=found.people[0])}/intake", {"rol": "projectleider"}).text

    assert Page(text).title.startswith("Fout: ")
    assert '<div class="panel wrong" role="alert" tabindex="-1" autofocus id="fouten">' in text
    assert '<a href="#f-casus-1">Beschrijf de casus die je meeneemt.</a>' in text
    assert 'id="f-casus-1"' in text
    assert 'aria-describedby="f-casus-1-hint f-casus-1-problem"' in text
    assert 'value="projectleider" id="f-rol-1" checked' in text or 'value="projectleider" checked' in text


@pytest.mark.parametrize(
    "kind,text,value",
    [
        ("text", "  Noor   de  Jong ", "Noor de Jong"),
        ("long", "een\r\ntwee\r\n", "een\ntwee"),
        ("email", "Noor@ASSEN.example", "Noor@assen.example"),
        ("tel", "06 12 34 56 78", "06 12 34 56 78"),
        ("number", "3", 3),
        ("date", "2027-04-08", date(2027, 4, 8)),
        ("time", "13:30", time(13, 30)),
    ],
)
def test_what_was_meant_comes_out(kind, text, value):
    asked = form(Field("x", "X", "het veld", kind))

    assert asked.fill(FormData([("x", text)])).values == {"x": value}


@pytest.mark.parametrize("kind", ["text", "long", "email", "tel", "number", "date", "time", "choice", "scale"])
def test_what_need_not_be_answered_may_be_left_open(kind):
    asked = form(Field("x", "X", "het veld", kind, required=False, options=(Choice("1", "een"),)))

    filled = asked.fill(FormData())

    assert (filled.values, filled.problems) == ({"x": None}, {})
    assert (filled.string("x"), filled.number("x"), filled.many("x"), filled.ticked("x")) == ("", None, [], False)


def test_several_answers_keep_their_order_and_lose_their_doubles():
    asked = form(Field("x", "X", "het veld", "several", options=tuple(Choice(c, c) for c in "abc")))

    assert asked.fill(FormData([("x", "c"), ("x", "a"), ("x", "c")])).many("x") == ["c", "a"]


@pytest.mark.parametrize(
    "address",
    ["a@b@c.example", "a b@c.example", "<a@c.example>", "a@c.example, b@c.example", "a@", "x" * 250 + "@c.nl"],
)
def test_what_is_not_exactly_one_address_is_refused(address):
    asked = form(Field("x", "X", "je mailadres", "email"))

    assert "klopt niet" in asked.fill(FormData([("x", address)])).problem("x")


def test_invisible_letters_are_left_out():
    assert clean("  N\u202eo\x00o\ufeffr\x1b ") == "Noor"


def test_what_is_known_is_filled_in_and_what_is_not_stays_open():
    asked = form(Field("x", "X", "het veld"), Field("y", "Y", "het vinkje", "tick"))

    shown = asked.shown({"x": "", "y": True, "z": ["a", "b"], "w": None})

    assert (shown.text("x"), shown.holds("y", "ja"), shown.raw["z"]) == ("", True, ["a", "b"])
    assert "w" not in shown.raw


def test_a_form_may_be_empty():
    assert list(Form(()).fields) == []
