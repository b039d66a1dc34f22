"""A host's pages: may a group come, what they need to know, and how it was."""

import re

import pytest

from tests.portal.stages import at
from tests.portal.visitor import Page
from vitale_core.domain.states import VisitStatus
from vitale_core.store.records import Person, Project, Slot, Task, Visit

FOUR = {
    "verzamelen": "Bij de poort.",
    "toegang": "Geen trappen.",
    "parkeren": "Achter de kerk.",
    "contact": "Jan, 06 12 34 56 78.",
}


@pytest.fixture
def asked(world):
    """A cohort whose hosts were asked."""
    return at(world, "hosts asked")


def visit_of(world, number=0):
    """Return a visit that was asked, and the page of its host."""
    visit = world.visits()[number]
    with world.database.read() as session:
        contact = session.get_one(Visit, visit.id).project.host.contact_id
    return visit, world.link("host", person=contact, cohort=visit.cohort_id)


def now(world, number):
    return next(v.status for v in world.all(Visit) if v.id == number)


def test_a_host_reads_when_and_how_many_and_no_names_yet(world, visitor, asked):
    visit, page = visit_of(world)

    words = Page(visitor.open(f"{page}/bezoek/{visit.id}").text).words

    assert "Mag er een groep bij u komen?" in words
    assert "een groep van 4 deelnemers" in words
    assert "Jong" not in words


def test_a_yes_books_the_visit_and_shows_who_comes(world, visitor, asked):
    visit, page = visit_of(world)

    answer = visitor.send(f"{page}/bezoek/{visit.id}", {"antwoord": "ja", "praktisch": "Parkeren kan achter."})

    words = Page(answer.text).words
    assert "het bezoek staat vast" in words
    assert "gemeente" in words
    assert now(world, visit.id) is VisitStatus.CONFIRMED
    assert next(v for v in world.all(Visit) if v.id == visit.id).host_note == "Parkeren kan achter."


def test_a_no_with_its_reason_makes_a_new_proposal(world, visitor, asked):
    visit, page = visit_of(world)

    visitor.send(f"{page}/bezoek/{visit.id}", {"antwoord": "nee", "reden": "De zaal is bezet."})

    refused = next(v for v in world.all(Visit) if v.id == visit.id)
    assert (refused.status, refused.reason) == (VisitStatus.REFUSED, "De zaal is bezet.")


def test_the_page_of_a_refused_visit_says_in_u_that_it_is_gone(world, visitor, asked):
    visit, page = visit_of(world)
    visitor.send(f"{page}/bezoek/{visit.id}", {"antwoord": "nee", "reden": "Vakantie."})

    gone = visitor.open(f"{page}/bezoek/{visit.id}")

    assert gone.status_code == 404
    words = Page(gone.text).words
    assert "Ging een bezoek niet door? Dan is de pagina van dat bezoek weg." in words
    assert "Hebt u een vraag?" in gone.text
    assert not re.search(r"\b(je|jou|jouw)\b", words)


def test_another_date_becomes_a_task_for_the_operator(world, visitor, asked):
    visit, page = visit_of(world)
    other = {"antwoord": "anders", "datum-1": "2027-04-07", "van-1": "10:00", "tot-1": "12:30"}

    answer = visitor.send(f"{page}/bezoek/{visit.id}", other)

    assert "We hebben uw voorstel" in Page(answer.text).words
    assert now(world, visit.id) is VisitStatus.ASKED
    assert "other-date" in {task.kind for task in world.all(Task)}


@pytest.mark.parametrize(
    "sent,says",
    [
        ({}, "Kies uw antwoord."),
        ({"antwoord": "anders"}, "Vul ten minste één moment in"),
        ({"antwoord": "anders", "datum-1": "2027-04-07"}, "Vul ook de begintijd van moment 1 in."),
        ({"antwoord": "anders", "datum-1": "7 april", "van-1": "10:00", "tot-1": "12:00"}, "Datum 1 klopt niet."),
        ({"antwoord": "anders", "datum-1": "2027-04-07", "van-1": "12:00", "tot-1": "10:00"}, "ligt niet na"),
    ],
)
def test_what_is_not_complete_is_sent_back(world, visitor, asked, sent, says):
    visit, page = visit_of(world)

    answer = visitor.send(f"{page}/bezoek/{visit.id}", sent)

    assert answer.status_code == 422
    assert says in Page(answer.text).words
    assert now(world, visit.id) is VisitStatus.ASKED


def test_a_date_outside_the_window_is_refused_in_words(world, visitor, asked):
    visit, page = visit_of(world)
    late = {"antwoord": "anders", "datum-1": "2027-06-07", "van-1": "10:00", "tot-1": "12:30"}

    answer = visitor.send(f"{page}/bezoek/{visit.id}", late)

    assert answer.status_code == 409
    assert "valt buiten de periode" in Page(answer.text).words


def test_a_host_offers_moments_and_takes_one_back(world, visitor, asked):
    visit, page = visit_of(world)
    project = visit.project_id
    before = len(world.all(Slot))

    visitor.send(f"{page}/data/{project}", {"datum-2": "2027-04-09", "van-2": "09:00", "tot-2": "11:00"}, nr=-1)
    offered = world.all(Slot)[-1]
    form = Page(visitor.open(f"{page}/data/{project}").text).forms[-1]
    visitor.post(f"{page}/data/{project}", {"zegel": form.known["zegel"], "intrekken": str(offered.id)})

    assert len(world.all(Slot)) == before + 1
    assert world.all(Slot)[-1].withdrawn_at is not None


def test_a_host_tells_what_a_group_must_know(world, visitor, asked):
    visit, page = visit_of(world)

    visitor.send(f"{page}/praktisch/{visit.project_id}", FOUR)

    kept = Page(visitor.open(f"{page}/praktisch/{visit.project_id}").text)
    project = next(p for p in world.all(Project) if p.id == visit.project_id)
    assert project.parking == "Achter de kerk."
    assert project.practical == "Bel aan bij de zij-ingang."  # told before as one text; it stays
    for question in ("Waar spreken we af?", "Hoe komt men binnen?", "Waar kan men parkeren?", "Wie bellen we"):
        assert question in kept.words
    for text in FOUR.values():
        assert text in visitor.open(f"{page}/praktisch/{visit.project_id}").text


def test_what_was_told_as_one_text_stays_readable_until_the_host_divides_it(world, visitor, asked):
    visit, page = visit_of(world)

    form = visitor.open(f"{page}/praktisch/{visit.project_id}").text
    visitor.send(f"{page}/bezoek/{visit.id}", {"antwoord": "ja", **FOUR, "praktisch": "Trek laarzen aan."})

    assert "Bel aan bij de zij-ingang." in form
    words = Page(visitor.open(f"{page}/bezoek/{visit.id}/dagblad").text).words
    for text in (*FOUR.values(), "Trek laarzen aan.", "Bel aan bij de zij-ingang."):
        assert text in words


def test_the_group_reads_each_of_the_four_and_whom_to_call_only_when_the_visit_is_certain(world, visitor, asked):
    visit, page = visit_of(world)
    visitor.send(f"{page}/praktisch/{visit.project_id}", FOUR)
    with world.database.read() as session:
        member = session.get_one(Visit, visit.id).group.members[0].enrolment_id
    own = world.link(enrolment=member)

    before = Page(visitor.open(own).text).words
    visitor.send(f"{page}/bezoek/{visit.id}", {"antwoord": "ja"})
    kept = next(p for p in world.all(Project) if p.id == visit.project_id)
    after = Page(visitor.open(own).text).words

    assert kept.parking == "Achter de kerk."  # the form of the answer holds what was told before
    assert "Parkeren Achter de kerk." in before
    assert FOUR["contact"] not in before
    for label, name in (("Verzamelen", "verzamelen"), ("Toegang", "toegang"), ("Contact op de dag", "contact")):
        assert f"{label} {FOUR[name]}" in after


def test_a_host_corrects_the_own_name(world, visitor, asked):
    _visit, page = visit_of(world)

    visitor.send(f"{page}/gegevens", {"naam": "Greetje Hovinga", "telefoon": "0591 12 34 56"})

    assert "Greetje Hovinga" in {person.name for person in world.all(Person)}


def test_afterwards_two_answers_reach_the_operator(world, visitor):
    at(world, "after the visits")
    visit, page = visit_of(world)

    missing = visitor.send(f"{page}/terugblik/{visit.id}", {"hoe": "Goed gesprek."})
    done = visitor.send(f"{page}/terugblik/{visit.id}", {"hoe": "Goed gesprek.", "weer": "ja"})

    assert missing.status_code == 422
    assert "Dank u wel" in Page(done.text).words
    (task,) = [t for t in world.all(Task) if t.kind == "host-look-back"]
    assert task.note == "Goed gesprek."


def test_a_host_sees_no_visit_or_project_of_another(world, visitor, asked):
    visits = world.visits()
    mine, page = visit_of(world)
    other = next(v for v in visits if v.project_id != mine.project_id)

    assert visitor.open(f"{page}/bezoek/{other.id}").status_code == 404
    assert visitor.open(f"{page}/data/{other.project_id}").status_code == 404
    assert visitor.open(f"{page}/praktisch/{other.project_id}").status_code == 404
