"""The bureau's own pages."""

import pytest

from tests.portal.visitor import Page
from vitale_core.domain.states import CohortKind, EnrolmentStatus
from vitale_core.store.records import Enrolment, Message, Person

NOOR = {"naam": "Noor de Jong", "mail": "Noor@Assen.example", "organisatie": "Assen", "functie": "adviseur"}


def test_the_front_page_shows_what_is_open(world, visitor):
    world.cohort()

    page = Page(visitor.open("/").text)

    assert "donderdag 18 maart 2027, 09.30 tot 16.30 uur" in page.words
    assert "Terreinverkenning" in page.words
    assert "nog 12 plekken" in page.words
    assert "/aanmelden/2027-voorjaar" in page.links


def test_the_front_page_says_so_when_nothing_is_open(world, visitor):
    world.cohort(kind=CohortKind.INCOMPANY)

    assert "Er staat nu geen training open" in Page(visitor.open("/").text).words


def test_an_aanmelding_becomes_an_enrolment_with_a_receipt(world, visitor):
    world.cohort()

    page = visitor.send("/aanmelden/2027-voorjaar", NOOR | {"vraag-beleid": "vooral"})

    assert "we hebben je aanmelding" in Page(page.text).words
    enrolment = world.one(Enrolment)
    assert (enrolment.status, enrolment.source) == (EnrolmentStatus.APPLIED, "portal")
    assert enrolment.screening["beleid"] == "met"
    assert world.one(Person, email_key="noor@assen.example").name == "Noor de Jong"
    assert [m.kind for m in world.all(Message)] == ["receipt"]


def test_the_same_address_again_gets_the_same_answer_and_no_second_enrolment(world, visitor):
    world.cohort()
    first = visitor.send("/aanmelden/2027-voorjaar", NOOR)

    second = visitor.send("/aanmelden/2027-voorjaar", NOOR | {"mail": "NOOR@assen.example"})

    assert first.text == second.text
    assert len(world.all(Enrolment)) == 1


def test_a_full_training_says_that_there_is_a_waiting_list(world, visitor):
    cohort = world.cohort(capacity=2, minimum=1)
    world.people(cohort, 2)

    assert "vol, je komt op de wachtlijst" in Page(visitor.open("/").text).words
    assert "Deze training is vol" in Page(visitor.open("/aanmelden/2027-voorjaar").text).words


def test_what_was_typed_stays_when_something_is_missing(world, visitor):
    world.cohort()

    response = visitor.send("/aanmelden/2027-voorjaar", NOOR | {"mail": "noor", "vraag-beleid": "soms"})

    page = Page(response.text)
    assert response.status_code == 422
    assert page.title.startswith("Fout: Meld je aan")
    assert page.forms[0].known["naam"] == "Noor de Jong"
    assert page.forms[0].known["mail"] == "noor"
    assert page.forms[0].known["vraag-beleid"] == "soms"
    assert world.all(Enrolment) == []


def test_a_training_that_began_takes_no_aanmelding(world, visitor):
    world.cohort()
    world.later(days=100)

    response = visitor.open("/aanmelden/2027-voorjaar")

    assert response.status_code == 409
    assert "niet meer aanmelden" in Page(response.text).words


@pytest.mark.parametrize("code", ["2028-najaar", "x", "2027-voorjaar%00"])
def test_an_unknown_training_is_not_found(world, visitor, code):
    world.cohort()

    assert visitor.open(f"/aanmelden/{code}").status_code == 404


def test_an_unknown_certificate_number_is_said_to_be_unknown(visitor):
    response = visitor.open("/c/VT-2027-0000")

    assert response.status_code == 404
    assert "kennen we niet" in Page(response.text).words
