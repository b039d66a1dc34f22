"""The trainer's page in the room, and the evaluation on everybody's own phone."""

import re
from datetime import date

import pytest

from tests.portal.stages import at
from tests.portal.visitor import Page
from vitale_core.domain.states import EnrolmentStatus, Presence
from vitale_core.store.records import AnswerSheet, Attendance, CourseSession, Enrolment, Receipt, Round


@pytest.fixture
def day(world):
    """Day 1, at half past eleven."""
    return at(world, "day 1")


def test_attendance_in_two_taps(world, visitor, day):
    page = world.link("trainer", cohort=day.cohort)
    absent = f"er-{day.people[0]}"

    visitor.send(page, {absent: "absent"})
    form = Page(visitor.open(page).text).forms[0]
    visitor.post(page, form.known | {"iedereen": "ja"})

    noted = {a.enrolment_id: a.presence for a in world.all(Attendance)}
    assert noted.pop(day.people[0]) is Presence.ABSENT
    assert set(noted.values()) == {Presence.PRESENT}
    assert len(noted) == 7


def test_the_list_opens_an_hour_before_and_never_has_a_choice_beforehand(world, visitor, day):
    page = world.link("trainer", cohort=day.cohort)
    form = Page(visitor.open(f"{page}/lijst/dagdeel-3").text).forms[0]

    early = visitor.post(f"{page}/lijst/dagdeel-3", form.known | {"iedereen": "ja"})

    assert not [name for name in form.known if name.startswith("er-")]
    assert early.status_code == 409
    assert world.all(Attendance) == []


def test_a_complete_list_can_be_closed_after_the_session(world, visitor, day):
    page = world.link("trainer", cohort=day.cohort)
    visitor.send(f"{page}/lijst/dagdeel-1", {"iedereen": "ja"})
    early = visitor.send(f"{page}/lijst/dagdeel-1", {"sluit": "ja"})
    world.later(hours=4)

    visitor.send(f"{page}/lijst/dagdeel-1", {"sluit": "ja"})

    assert early.status_code == 409
    assert world.one(CourseSession, name="dagdeel-1").attendance_closed_at is not None


def test_people_cases_and_groups_are_on_the_page(world, visitor, day):
    words = Page(visitor.open(world.link("trainer", cohort=day.cohort)).text).words

    assert "Noor de Jong" in words
    assert "We maken met bewoners een plan voor wijk 1." in words
    assert "Groep 1" in words


def room_of(world, visitor, stage):
    screen = visitor.open(f"{world.link('trainer', cohort=stage.cohort)}/scherm").text
    found = re.search(r"<code>http://127\.0\.0\.1:8080(/zaal/[^<]+)</code>", screen)
    return found[1] if found else None


def test_the_room_works_in_the_last_dagdeel_only(world, visitor, day):
    early = room_of(world, visitor, day)
    world.until(2027, 4, 22, 14)
    address = room_of(world, visitor, day)
    during = visitor.open(address).status_code
    world.until(2027, 4, 23, 8)

    assert early is None
    assert during == 200
    assert visitor.open(address).status_code == 404
    assert visitor.open(address[:-1] + ("A" if address[-1] != "A" else "B")).status_code == 404


def test_everybody_picks_a_name_and_answers_without_it(world, visitor):
    stage = at(world, "last dagdeel")
    address = room_of(world, visitor, stage)
    names = Page(visitor.open(address).text)
    sheet = next(link for link in names.links if link.startswith(f"{address}/"))
    form = Page(visitor.open(sheet).text).forms[0]
    answers = {name: values[len(values) // 2] for name, values in form.names.items() if values}

    thanks = visitor.send(sheet, answers)
    left = Page(visitor.open(address).text)

    assert "Dank je wel" in Page(thanks.text).words
    assert sheet not in left.links
    assert visitor.open(sheet).status_code == 404
    direct = world.one(Round, name="direct")
    assert len([r for r in world.all(Receipt) if r.round_id == direct.id]) == 1
    (kept,) = [s for s in world.all(AnswerSheet) if s.round_id == direct.id]
    assert "enrolment" not in kept.answers
    assert kept.answers["aanraden"] == 5


def test_the_room_shows_first_names_and_one_letter_only(world, visitor):
    stage = at(world, "last dagdeel")

    words = Page(visitor.open(room_of(world, visitor, stage)).text).words

    assert "Noor J" in words
    assert "Jong" not in words


def test_nobody_opens_the_room_of_another_cohort(world, visitor):
    stage = at(world, "last dagdeel")
    key = room_of(world, visitor, stage).rpartition("/")[2]
    outsider = world.person(world.cohort(code="2028", days=later_days()), 1)

    assert visitor.open(f"/zaal/{key.replace('1.', '2.', 1)}").status_code == 404
    assert visitor.open(f"/zaal/{key}/{outsider}").status_code == 404
    assert world.one(Enrolment, id=outsider).cohort_id == 2


def later_days():
    from datetime import date

    return {"day1": date(2028, 3, 16), "day2": date(2028, 4, 20)}


def test_a_trainer_subscribes_to_the_days_of_all_cohorts_and_can_take_the_address_back(world, visitor, day):
    other = world.cohort(code="2027-najaar", days={"day1": date(2027, 9, 14), "day2": date(2027, 10, 19)})
    page = world.link("trainer", cohort=day.cohort)
    before = visitor.open(f"{page}/agenda")
    shown = visitor.send(f"{page}/agenda")
    address = re.search(r"<code>(\S+\.ics)</code>", shown.text)[1]

    first = visitor.open(address)
    world.go(other)
    second = visitor.open(address)
    same = visitor.open(address, headers={"if-none-match": second.headers["etag"]})
    again = visitor.send(f"{page}/agenda", {"wat": "intrekken"})

    assert ".ics" not in before.text
    assert first.text.count("BEGIN:VEVENT") == 4
    assert second.text.count("BEGIN:VEVENT") == 8
    assert "ATTENDEE" not in second.text
    assert "Noor" not in second.text
    assert same.status_code == 304
    assert ".ics" not in again.text
    assert visitor.open(address).status_code == 410


def test_who_was_there_and_left_later_stays_on_the_list(world, visitor, day):
    page = world.link("trainer", cohort=day.cohort)
    visitor.send(f"{page}/lijst/dagdeel-1", {f"er-{number}": "present" for number in day.people})
    with world.database.write() as session:
        gone = session.get_one(Enrolment, day.people[0])
        gone.status, name = EnrolmentStatus.WITHDRAWN, gone.person.name

    listed = visitor.open(f"{page}/lijst/dagdeel-1").text

    assert "Doen niet meer mee (1)" in listed
    assert f"<li>{name}: aanwezig</li>" in listed
    assert f"er-{day.people[0]}" not in listed
