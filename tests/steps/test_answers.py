"""The intake of a participant: kept in parts, changed until day 1, needs apart, the baseline without a name."""

import threading

import pytest
from sqlalchemy import select

from tests.training import BUREAU, NOW, a_cohort, an_enrolment, at, document, tasks_of
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import LIVE, EnrolmentStatus, RoundStatus
from vitale_core.steps import answers, ledger
from vitale_core.steps.answers import IntakeForm
from vitale_core.store.records import AnswerSheet, Enrolment, Intake, Needs, Receipt, Round

BASELINE = {str(nr): 3 for nr in range(1, 6)}


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def noor(written):
    return an_enrolment(written, a_cohort(written))


def answer(session, enrolment, now=NOW, **told):
    return answers.answer_intake(session, enrolment, IntakeForm(**told), now=now, bureau=BUREAU)


def test_an_intake_is_kept_as_plain_text(written, noor):
    intake = answer(
        written,
        noor,
        role="Beleids\tadviseur ",
        casus="<b>Een\r\nplein</b>\x00",
        experience=3,
        themes=["Wonen", "wonen ", "ZORG"],
        available=["4", "2", "4"],
        home="  Assen ",
        seats=4,
        wish_with="Sam",
        extra={"situatie": "Lastig", "leren": ["a", "b"]},
    )

    assert (intake.role, intake.casus) == ("Beleids adviseur", "<b>Een\nplein</b>")
    assert (intake.themes, intake.available) == (["wonen", "zorg"], ["2", "4"])
    assert (intake.home, intake.seats, intake.experience) == ("Assen", 4, 3)
    assert intake.extra == {"situatie": "Lastig", "leren": "a, b"}
    assert noor.intake is intake


def test_an_intake_can_be_changed_until_the_first_day_begins(written, noor):
    begins = at("2027-03-18", "09:30")
    first = answer(written, noor, casus="Een")

    second = answer(written, noor, casus="Twee", now=at("2027-03-18", "09:29"))

    assert second is first
    assert second.casus == "Twee"
    with pytest.raises(Refused, match=r"begon op donderdag 18 maart 2027, 09\.30 uur"):
        answer(written, noor, casus="Drie", now=begins)


@pytest.mark.parametrize("status", sorted(set(EnrolmentStatus) - LIVE))
def test_who_is_not_in_does_not_answer(written, noor, status):
    noor.status = status

    with pytest.raises(Refused, match="doet niet \\(meer\\) mee"):
        answer(written, noor, casus="Een")


@pytest.mark.parametrize("status", sorted(LIVE))
def test_who_may_still_come_in_can(written, noor, status):
    noor.status = status

    assert answer(written, noor, casus="Een").casus == "Een"


@pytest.mark.parametrize(
    "told,why",
    [
        ({"experience": 0}, "cijfer van 1 tot 5"),
        ({"experience": 6}, "cijfer van 1 tot 5"),
        ({"seats": -1}, "getal van 0 tot 9"),
        ({"seats": 10}, "getal van 0 tot 9"),
        ({"casus": "x" * 5001}, "te lang"),
        ({"themes": ["x" * 61]}, "te lang"),
        ({"food": "vegan"}, "mogen bewaren"),
        ({"access": ["rolstoel"]}, "mogen bewaren"),
        ({"needs_note": "trap"}, "mogen bewaren"),
        ({"baseline": {**BASELINE, "1": 9}}, "1 tot 5"),
    ],
)
def test_what_does_not_fit_is_refused(written, noor, told, why):
    with pytest.raises(Refused, match=why):
        answer(written, noor, **told)


def test_needs_are_kept_apart_with_consent_and_go_when_they_are_emptied(written, noor):
    answer(written, noor, food=" Vegan ", access=["Rolstoel", "rolstoel"], needs_note="Lift", needs_consent=True)

    (needs,) = written.scalars(select(Needs))
    assert (needs.food, needs.access, needs.note) == ("Vegan", ["rolstoel"], "Lift")
    answer(written, noor, food="Niets", needs_consent=True)
    assert (needs.food, needs.access) == ("Niets", [])
    answer(written, noor, casus="Iets anders")
    written.flush()
    assert written.scalars(select(Needs)).all() == []
    answer(written, noor, casus="Nog iets")
    assert "Vegan" not in str(vars(written.scalars(select(Intake)).one()))


def test_the_baseline_is_taken_once_and_without_a_name(written, noor):
    answer(written, noor, baseline=BASELINE)
    answer(written, noor, baseline=dict.fromkeys(BASELINE, 5))

    (sheet,) = written.scalars(select(AnswerSheet))
    assert {value for name, value in sheet.answers.items() if name.startswith("outcome")} == {3}
    (receipt,) = written.scalars(select(Receipt))
    assert receipt.enrolment_id == noor.id
    (baseline,) = written.scalars(select(Round))
    assert (baseline.name, baseline.status) == ("baseline", RoundStatus.OPEN)
    assert str(noor.id) not in sheet.id.split("-")


def test_a_closed_baseline_is_left_alone(written, noor):
    sam = an_enrolment(written, noor.cohort, "Sam Bakker")
    answer(written, noor, baseline=BASELINE)
    written.scalars(select(Round)).one().status = RoundStatus.CLOSED

    answer(written, sam, baseline=BASELINE, casus="Een")

    assert len(written.scalars(select(AnswerSheet)).all()) == 1


def test_a_programme_without_a_baseline_takes_none(written):
    rounds = [r for r in document()["rounds"] if r["name"] != "baseline"]
    noor = an_enrolment(written, a_cohort(written, changes={"rounds": rounds}))

    answer(written, noor, baseline=BASELINE)

    assert written.scalars(select(AnswerSheet)).all() == []


def test_two_baselines_at_once_make_one_round(database):
    with database.write() as session:
        cohort = a_cohort(session)
        numbers = [an_enrolment(session, cohort, name).id for name in ("Noor Dijkstra", "Sam Bakker")]
    ready, problems = threading.Barrier(2), []

    def fill_in(number):
        ready.wait()
        try:
            with database.write() as session:
                answer(session, session.get_one(Enrolment, number), baseline=BASELINE)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the test must see it
            problems.append(problem)

    both = [threading.Thread(target=fill_in, args=(number,)) for number in numbers]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(30)

    assert problems == []
    with database.read() as session:
        assert len(session.scalars(select(Round)).all()) == 1
        assert len(session.scalars(select(AnswerSheet)).all()) == 2


def test_who_answered_is_not_reminded_and_not_called(written, noor):
    ledger.owe_due(written, noor.cohort, steps=None, now=at("2027-02-16", "09:00"), bureau=BUREAU)
    (task,) = tasks_of(written, "intake-silent")

    answer(written, noor, home="Assen")
    assert tasks_of(written, "intake-silent") == [task]  # what we ask after is the casus
    answer(written, noor, casus="Een plein")

    assert tasks_of(written, "intake-silent") == []
