"""The operator's pages: what waits, people, and whether a cohort goes."""

import pytest
from sqlalchemy import select, update

from tests.portal.deeds import BASE, deed
from tests.portal.stages import at
from tests.portal.visitor import Page
from vitale_core.domain.states import Answer, CohortStatus, EnrolmentStatus, TaskStatus, Via
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Invitation, Task


def stage_name(world, enrolment):
    with world.database.read() as session:
        return session.get_one(Enrolment, enrolment).person.name


def test_the_first_page_says_what_waits(world, visitor):
    at(world, "deadline passed")

    words = Page(visitor.open("/beheer").text).words

    assert "Vandaag, donderdag 4 maart 2027" in words
    assert "8 deelnemers antwoordden nog niet op de uitnodiging. Bel even." in words
    assert "Noor de Jong" in words
    assert "Beslis over aanmelding" in words


def test_a_cohort_shows_its_timeline_and_who_is_where(world, visitor):
    at(world, "visits booked")

    page = visitor.open(BASE).text

    assert "<svg" in page
    assert "vandaag" in page
    assert 'role="img" title="intake: te laat">!</i>' in page
    assert 'role="img" title="bezoek staat vast">✓</i>' in page


def test_somebody_is_placed_after_the_consequences_were_shown(world, visitor):
    stage = at(world, "applied")
    path = f"{BASE}/mensen/{stage.undecided}"

    shown = deed(visitor, path, {"besluit": "plaatsen", "naam": "Anja"}, sure=False)
    before = world.one(Enrolment, id=stage.undecided).status
    deed(visitor, path, {"besluit": "plaatsen", "naam": "Anja"})

    assert "Dit gebeurt er als je doorgaat" in Page(shown.text).words
    assert "1 × plaatsing" in Page(shown.text).words
    assert f"Je plaatst {stage_name(world, stage.undecided)}. Lichting: 2027-voorjaar." in Page(shown.text).words
    assert before is EnrolmentStatus.APPLIED
    enrolment = world.one(Enrolment, id=stage.undecided)
    assert (enrolment.status, enrolment.screened_by) == (EnrolmentStatus.CONFIRMED, "Anja")


def test_a_rejection_wants_a_reason_and_a_name(world, visitor):
    stage = at(world, "applied")
    path = f"{BASE}/mensen/{stage.undecided}"

    nameless = deed(visitor, path, {"besluit": "afwijzen", "notitie": "te vroeg"}, sure=False)
    without = deed(visitor, path, {"besluit": "afwijzen", "naam": "Anja"}, sure=False)
    deed(visitor, path, {"besluit": "afwijzen", "naam": "Anja", "notitie": "Nog geen ervaring met beleid."})

    assert "Vul je naam in. Die komt in het logboek." in Page(nameless.text).words
    assert "Schrijf bij een afwijzing op waarom" in Page(without.text).words
    assert world.one(Enrolment, id=stage.undecided).status is EnrolmentStatus.REJECTED


def test_an_answer_by_phone_is_recorded_as_such(world, visitor):
    stage = at(world, "goes ahead")
    path = f"{BASE}/mensen/{stage.people[0]}"
    form = Page(visitor.open(path).text).forms[-1]
    name = next(name for name in form.names if name.startswith("komst-"))

    visitor.post(form.action, form.known | {name: "declined", "notitie": "Belde maandag.", "naam": "Anja"})

    invitation = world.one(Invitation, id=int(name.removeprefix("komst-")))
    assert (invitation.answer, invitation.answer_via) == (Answer.DECLINED, Via.OPERATOR)


def test_an_answer_by_phone_wants_an_answer(world, visitor):
    stage = at(world, "goes ahead")
    form = Page(visitor.open(f"{BASE}/mensen/{stage.people[0]}").text).forms[-1]

    refused = visitor.post(form.action, form.known | {"notitie": "Belde maandag.", "naam": "Anja"})

    assert refused.status_code == 409
    assert {i.answer for i in world.all(Invitation)} == {Answer.NEEDS_ACTION}


@pytest.mark.parametrize("choice,status", [("ja", CohortStatus.CONFIRMED), ("nee", CohortStatus.CANCELLED)])
def test_go_and_no_go(world, visitor, choice, status):
    at(world, "full")

    deed(visitor, f"{BASE}/doorgaan", {"besluit": choice, "notitie": "Genoeg mensen.", "naam": "Anja"})

    assert world.one(Cohort).status is status


def test_the_date_of_a_terugkomdag_is_chosen_out_of_the_poll(world, visitor):
    at(world, "evaluated")
    form = Page(visitor.open(f"{BASE}/evaluatie").text).forms[0]

    deed(visitor, f"{BASE}/evaluatie", {"datum": form.names["datum"][0], "naam": "Anja"})

    assert world.one(CourseSession, name="terugkomdag").starts_at is not None


def test_released_rounds_are_drawn_and_told_as_a_table(world, visitor):
    at(world, "evaluated")

    page = visitor.open(f"{BASE}/evaluatie").text

    assert page.count("<svg") >= 3
    assert "Dezelfde cijfers als tabel" in page
    assert "6 van de 8 mensen vulden het in" in Page(page).words


def test_an_open_round_tells_nothing_but_how_many(world, visitor):
    stage = at(world, "last dagdeel")
    world.evaluate(stage.people[:4], "direct")

    words = Page(visitor.open(f"{BASE}/evaluatie").text).words

    assert "4 van de 8 mensen" in words
    assert "Mooi zo" not in words


def test_a_proposal_that_waits_leads_to_the_page_where_it_is_approved(world, visitor):
    at(world, "proposed")

    page = Page(visitor.open("/beheer").text)

    assert "Bekijk het voorstel voor de groepen" in page.words
    assert f"{BASE}/plan" in page.links


def test_a_task_is_ticked_off_with_a_note(world, visitor):
    at(world, "deadline passed")
    task = next(t for t in world.all(Task) if t.status is TaskStatus.OPEN)

    visitor.send(f"/beheer/taak/{task.id}", {"notitie": "Gebeld, komt.", "naam": "Anja"})

    done = world.one(Task, id=task.id)
    assert (done.status, done.closed_by, done.note) == (TaskStatus.DONE, "Anja", "Gebeld, komt.")


def test_a_house_without_a_running_cohort_says_that_and_not_that_there_are_none(world, visitor):
    at(world, "visits booked")
    ended = Page(visitor.open("/beheer/afgesloten").text).words
    with world.database.write() as session:
        session.scalars(select(Cohort)).one().status = CohortStatus.CLOSED
        session.execute(update(Task).values(status=TaskStatus.DONE))

    today = Page(visitor.open("/beheer").text).words
    over = Page(visitor.open(BASE).text).words

    assert "Er is nog geen lichting afgesloten of afgezegd." in ended
    assert "cohort create" not in ended
    assert "Er loopt nu geen lichting." in today
    assert "Deze lichting is afgesloten." in over
