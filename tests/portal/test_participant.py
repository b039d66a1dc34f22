"""A participant's own pages, filled in as a person would."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from tests.portal.stages import at
from tests.portal.visitor import Page
from vitale_core.domain.states import Answer, EnrolmentStatus, Via
from vitale_core.steps import answers, replies
from vitale_core.steps import intake as intake_step
from vitale_core.store.records import AnswerSheet, CourseSession, Enrolment, Intake, Invitation, Needs, Person, Receipt

INTAKE = {
    "rol": "projectleider",
    "ervaring": "3",
    "casus": "We maken met de buurt een plan voor het plein bij de school.",
    "uitkomst-1": "2",
    "uitkomst-2": "3",
    "uitkomst-3": "1",
    "uitkomst-4": "2",
    "uitkomst-5": "4",
    "themas": ["wonen", "groen"],
    "woonplaats": "Assen",
    "vervoer": "3",
    "samen": "Sam Bakker",
}


@pytest.fixture
def noor(world):
    """Noor, who has a seat in a cohort that goes ahead; her page."""
    cohort = world.cohort()
    enrolment = world.person(cohort)
    world.go(cohort)
    return world.link(enrolment=enrolment)


def test_the_overview_says_what_to_do_now(noor, visitor):
    page = Page(visitor.open(noor).text)

    assert page.title.startswith("Jouw training")
    assert "Dag Noor" in page.words
    assert {f"{noor}/intake", f"{noor}/rsvp"} <= set(page.links)
    assert "Graag vóór donderdag 4 maart 2027" in page.words


def test_the_intake_is_kept_and_the_baseline_without_a_name(world, noor, visitor):
    page = Page(visitor.send(f"{noor}/intake", INTAKE).text)

    assert "je antwoorden zijn bewaard" in page.words
    kept = world.one(Intake)
    assert (kept.role, kept.experience, kept.seats, kept.home) == ("projectleider", 3, 3, "Assen")
    assert kept.themes == ["groen", "wonen"]
    assert world.one(AnswerSheet).answers["outcome-5"] == 4
    assert len(world.all(Receipt)) == 1


def test_the_intake_can_be_changed_and_asks_the_baseline_once(world, noor, visitor):
    visitor.send(f"{noor}/intake", INTAKE)

    again = Page(visitor.open(f"{noor}/intake").text)
    visitor.send(f"{noor}/intake", {"casus": "Een heel ander plan voor een heel ander plein."})

    assert again.forms[0].known["rol"] == "projectleider"
    assert "uitkomst-1" not in again.forms[0].names
    kept = world.one(Intake)
    assert kept.casus.startswith("Een heel ander")
    assert (kept.home, kept.seats, kept.wish_with) == ("Assen", 3, "Sam Bakker")
    assert len(world.all(AnswerSheet)) == 1


def test_an_imported_intake_still_asks_everything_that_the_list_cannot_know(world, noor, visitor):
    with world.database.write() as session:
        enrolment = session.scalars(select(Enrolment)).one()
        known = answers.IntakeForm(home="Ede")
        answers.answer_intake(session, enrolment, known, now=world.now, bureau=world.bureau)

    asked = Page(visitor.open(f"{noor}/intake").text)
    visitor.send(f"{noor}/intake", INTAKE)

    assert "Je vulde dit in op" not in asked.words
    assert {"themas", "woonplaats", "vervoer", "samen"} <= set(asked.forms[0].names)
    assert asked.forms[0].known["woonplaats"] == "Ede"
    assert "vervoer" not in asked.forms[0].known
    kept = world.one(Intake)
    assert (kept.home, kept.seats, kept.themes) == ("Assen", 3, ["groen", "wonen"])


def test_needs_want_consent_and_are_never_shown_again(world, noor, visitor):
    refused = visitor.send(f"{noor}/intake", INTAKE | {"eten": "geen noten"})
    visitor.send(f"{noor}/intake", INTAKE | {"eten": "geen noten", "mag": "ja"})

    later = visitor.open(f"{noor}/intake").text
    export = visitor.open(f"{noor}/gegevens.json").text

    assert refused.status_code == 422
    assert world.one(Needs).food == "geen noten"
    assert "geen noten" not in later
    assert "geen noten" not in export


@pytest.mark.parametrize("choice,left", [("laat", ["geen noten"]), ("wis", []), ("nieuw", ["vegan"])])
def test_needs_are_left_replaced_or_erased_as_asked(world, noor, visitor, choice, left):
    visitor.send(f"{noor}/intake", INTAKE | {"eten": "geen noten", "mag": "ja"})

    anew = {"eten": "vegan", "mag": "ja"} if choice == "nieuw" else {}
    visitor.send(f"{noor}/intake", {"behoeften": choice} | anew)

    assert [needs.food for needs in world.all(Needs)] == left


def test_changed_wishes_leave_the_rest_of_the_intake_alone(world, noor, visitor):
    visitor.send(f"{noor}/intake", INTAKE | {"eten": "geen noten", "mag": "ja"})

    visitor.send(f"{noor}/wensen", {"woonplaats": "Emmen", "samen": ""})

    kept = world.one(Intake)
    assert (kept.home, kept.wish_with, kept.role) == ("Emmen", "", "projectleider")
    assert world.one(Needs).food == "geen noten"


def test_the_intake_is_closed_once_the_training_began(world, noor, visitor):
    world.later(days=90)

    page = Page(visitor.open(f"{noor}/intake").text)
    response = visitor.post(f"{noor}/intake", INTAKE | {"zegel": seal(visitor, f"{noor}/gegevens")})

    assert "Deze vragen zijn gesloten" in page.words
    assert response.status_code == 409
    assert "de intake is gesloten" in Page(response.text).words
    assert world.all(Intake) == []


def test_the_closed_intake_still_shows_the_own_casus(world, noor, visitor):
    visitor.send(f"{noor}/intake", INTAKE)
    world.later(days=90)

    page = Page(visitor.open(f"{noor}/intake").text)

    assert "Deze vragen zijn gesloten" in page.words
    assert INTAKE["casus"] in page.words
    assert not page.forms


def test_no_answer_is_chosen_beforehand(noor, visitor):
    form = Page(visitor.open(f"{noor}/rsvp").text).forms[0]

    assert len([name for name in form.names if name.startswith("komst-")]) == 4
    assert not [name for name in form.known if name.startswith("komst-")]


def test_an_answer_is_recorded_and_can_be_changed(world, noor, visitor):
    names = [f"komst-{i.id}" for i in world.all(Invitation)]

    first = visitor.send(f"{noor}/rsvp", dict.fromkeys(names, "accepted"))
    visitor.send(f"{noor}/rsvp", {names[0]: "declined", "opmerking": "tandarts"})

    assert "Genoteerd" in Page(first.text).words
    answers = [i.answer for i in world.all(Invitation)]
    assert answers == [Answer.DECLINED, Answer.ACCEPTED, Answer.ACCEPTED, Answer.ACCEPTED]


def test_an_answer_without_a_choice_is_sent_back(world, noor, visitor):
    response = visitor.send(f"{noor}/rsvp", {})

    assert response.status_code == 422
    assert "Kies bij ten minste één onderdeel of je komt." in Page(response.text).words
    assert {i.answer for i in world.all(Invitation)} == {Answer.NEEDS_ACTION}


def test_an_answer_given_by_phone_is_shown(world, noor, visitor):
    with world.database.write() as session:
        invitation = session.get_one(Invitation, world.all(Invitation)[0].id)
        replies.answer(session, invitation, Answer.ACCEPTED, via=Via.OPERATOR, now=world.now, bureau=world.bureau)

    page = Page(visitor.open(f"{noor}/rsvp").text)

    assert "gaf je door per telefoon" in page.words


def test_the_waiting_list_and_an_offer(world, visitor):
    cohort = world.cohort(capacity=1, minimum=1)
    first = world.person(cohort, 0)
    second = world.link(enrolment=world.person(cohort, 1))
    waiting = Page(visitor.open(second).text)
    visitor.send(f"{world.link(enrolment=first)}/afmelden", {"zeker": "ja"})

    offered = Page(visitor.open(second).text)
    taken = Page(visitor.send(f"{second}/aanbod", {"antwoord": "ja"}).text)

    assert "Je staat op de wachtlijst" in waiting.words
    assert "Er is een plek vrij" in offered.words
    assert "Je doet mee" in taken.words
    assert [e.status for e in world.all(Enrolment)] == [EnrolmentStatus.WITHDRAWN, EnrolmentStatus.CONFIRMED]


def test_a_seat_is_offered_to_nobody_without_a_choice(world, visitor):
    cohort = world.cohort(capacity=1, minimum=1)
    first, second = world.person(cohort, 0), world.person(cohort, 1)
    visitor.send(f"{world.link(enrolment=first)}/afmelden", {"zeker": "ja"})

    response = visitor.send(f"{world.link(enrolment=second)}/aanbod", {})

    assert response.status_code == 422
    assert "Kies of je meedoet." in Page(response.text).words


def test_an_offer_that_lapsed_says_so(world, visitor):
    cohort = world.cohort(capacity=1, minimum=1)
    first, second = world.person(cohort, 0), world.person(cohort, 1)
    link = world.link(enrolment=second)
    visitor.send(f"{world.link(enrolment=first)}/afmelden", {"zeker": "ja"})
    page = Page(visitor.open(f"{link}/aanbod").text)
    world.later(days=7)

    response = visitor.post(f"{link}/aanbod", page.forms[0].known | {"antwoord": "ja"})

    assert response.status_code == 409
    assert "niet meer voor je vastgehouden" in Page(response.text).words


def test_stopping_wants_a_tick_and_shows_what_follows(world, noor, visitor):
    page = Page(visitor.open(f"{noor}/afmelden").text)
    unsure = visitor.send(f"{noor}/afmelden", {})

    stopped = visitor.send(f"{noor}/afmelden", {"zeker": "ja"})
    again = visitor.open(noor)

    assert "De afspraken verdwijnen uit je agenda" in page.words
    assert unsure.status_code == 422
    assert "Je bent afgemeld" in Page(stopped.text).words
    assert "Je bent afgemeld" in Page(again.text).words
    assert world.one(Enrolment).status is EnrolmentStatus.WITHDRAWN


def test_a_colleague_takes_the_seat_and_the_old_link_is_gone(world, noor, visitor):
    page = visitor.send(f"{noor}/collega", {"naam": "Eva Klein", "mail": "eva@assen.example", "weet": "ja"})

    assert "Je plek is doorgegeven" in Page(page.text).words
    assert visitor.open(noor).status_code == 404
    assert [e.status for e in world.all(Enrolment)] == [EnrolmentStatus.SUBSTITUTED, EnrolmentStatus.CONFIRMED]


def test_own_data_can_be_corrected(world, noor, visitor):
    before = Page(visitor.open(f"{noor}/gegevens").text)

    visitor.send(
        f"{noor}/gegevens", {"naam": "Noor Jansen", "telefoon": "06 12 34 56 78", "mail": "noor@emmen.example"}
    )

    assert before.forms[0].known["naam"] == "Noor de Jong"
    person = next(p for p in world.all(Person) if p.name == "Noor Jansen")
    assert (person.phone, person.email) == ("06 12 34 56 78", "noor@emmen.example")


def test_somebody_elses_address_is_refused_without_saying_whose_it_is(world, noor, visitor):
    cohort = world.one(Enrolment).cohort_id
    world.person(cohort, 1, email="sam@assen.example")

    response = visitor.send(f"{noor}/gegevens", {"mail": "sam@assen.example", "naam": "Iemand"})

    assert response.status_code == 409
    assert "kunnen we hier niet instellen" in Page(response.text).words
    assert "Iemand" not in {person.name for person in world.all(Person)}


def test_own_data_can_be_taken_along(noor, visitor):
    response = visitor.open(f"{noor}/gegevens.json")

    assert response.headers["content-type"] == "application/json"
    assert response.json()["person"][0]["name"] == "Noor de Jong"


def test_erasing_withdraws_and_says_goodbye(world, noor, visitor):
    page = visitor.send(f"{noor}/wissen", {"zeker": "ja"})

    assert "Je gegevens worden gewist" in Page(page.text).words
    assert world.one(Enrolment).status is EnrolmentStatus.WITHDRAWN


def test_all_dates_in_one_file(noor, visitor):
    response = visitor.open(f"{noor}/agenda.ics")

    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    assert response.text.count("BEGIN:VEVENT") == 4
    assert "Terreinverkenning" in response.text


def test_a_feed_is_made_by_a_button_and_answers_only_news(world, noor, visitor):
    before = visitor.open(f"{noor}/agenda")
    page = visitor.send(f"{noor}/agenda")
    (path,) = {text for text in page.text.split() if "/agenda/" in text and "<code>" in text}
    address = path.split("<code>")[1].split("<")[0]

    first = visitor.open(address)
    same = visitor.open(address, headers={"if-none-match": first.headers["etag"]})
    head = visitor.request("HEAD", address)

    assert "/agenda/" not in before.text.replace(f"{noor}/agenda", "")
    assert first.headers["cache-control"] == "private, max-age=900"
    assert first.text.count("BEGIN:VEVENT") == 4
    assert (same.status_code, same.content) == (304, b"")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]


def test_a_feed_that_was_taken_back_is_gone_and_others_were_never_there(world, noor, visitor):
    visitor.send(f"{noor}/agenda")
    enrolment = world.one(Enrolment)
    feed = world.link("agenda", person=enrolment.person_id, cohort=enrolment.cohort_id)
    address = re.search(r"<code>(\S+\.ics)</code>", visitor.open(f"{noor}/agenda").text)[1]
    visitor.send(f"{noor}/agenda", {"wat": "intrekken"})
    visitor.send(f"{noor}/agenda")
    newer = re.search(r"<code>(\S+\.ics)</code>", visitor.open(f"{noor}/agenda").text)[1]

    assert visitor.open(address).status_code == 410
    assert newer != address
    assert visitor.open(newer).status_code == 200
    assert visitor.open(feed).status_code == 200
    assert visitor.open(f"/agenda/{'x' * 43}.ics").status_code == 404


def test_who_was_not_decided_on_yet_reads_what_happens_now(world, visitor):
    link = world.link(enrolment=world.person(world.cohort(), confirmed=False))

    page = Page(visitor.open(link).text)
    closed = visitor.open(f"{link}/intake")

    assert "We hebben je aanmelding" in page.words
    assert closed.status_code == 409


def test_a_person_who_was_rejected_reads_so(world, visitor):
    enrolment = world.person(world.cohort(), confirmed=False)
    with world.database.write() as session:
        intake_step.reject(session, session.get_one(Enrolment, enrolment), by="Anja", reason="te vroeg", now=world.now)

    page = Page(visitor.open(world.link(enrolment=enrolment)).text)

    assert "Je doet niet mee aan deze training" in page.words
    assert "te vroeg" not in page.words


def test_dates_move_along(world, noor, visitor):
    from vitale_core.steps import changes
    from vitale_core.store.records import Cohort

    with world.database.write() as session:
        cohort = session.get_one(Cohort, 1)
        changes.move_day(session, cohort, "day2", to=date(2027, 4, 29), by="Anja", now=world.now, bureau=world.bureau)

    assert "donderdag 29 april 2027" in Page(visitor.open(noor).text).words


def seal(visitor, path):
    return Page(visitor.open(path).text).forms[0].known["zegel"]


def test_what_the_training_is_about_is_told_as_ahead_until_its_last_day_was(world, visitor):
    noor = world.link(enrolment=at(world, "evaluated").people[0])
    before = Page(visitor.open(noor).text).words
    with world.database.write() as session:
        last = session.scalars(select(CourseSession).where(CourseSession.name == "terugkomdag")).one()
        last.starts_at, last.ends_at = (datetime(2027, 6, 10, hour, tzinfo=UTC) for hour in (11, 14))
    world.until(2027, 6, 11)
    after = Page(visitor.open(noor).text).words

    assert "Wat je gaat doen" in before
    assert "Wat je hebt gedaan" in after
    assert "Wat je gaat doen" not in after
