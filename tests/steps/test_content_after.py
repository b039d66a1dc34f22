"""What the mails about the terugkomdag, the evaluation and the certificate say."""

from datetime import date, timedelta

import pytest

from tests.owed_mails import (
    a_certificate,
    terugkomdag_of,
    three_dagdelen,
    told,
)
from tests.training import (
    BUREAU,
    DAYS,
    NOW,
    a_cohort,
    an_enrolment,
    at,
)
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import (
    CohortStatus,
    RoundStatus,
)
from vitale_core.store.records import (
    Intention,
    PollOption,
    Round,
)


@pytest.fixture
def session(database):
    with database.write() as session:
        yield session


def test_a_poll_lists_the_dates_to_come(session):
    cohort = a_cohort(session)
    meeting = terugkomdag_of(cohort)
    for day in ("2027-01-20", "2027-09-28", "2027-09-23"):
        start, end = at(day, "13:00"), at(day, "16:30")
        session.add(PollOption(cohort_id=cohort.id, session_id=meeting.id, starts_at=start, ends_at=end))
    session.flush()

    facts = told(session, cohort, Kind.DATE_POLL, an_enrolment(session, cohort), payload={"session": meeting.id})

    assert [option["start"] for option in facts["options"]] == [at("2027-09-23", "13:00"), at("2027-09-28", "13:00")]
    assert facts["what"] == "terugkomdag"
    assert facts["deadline"] == at("2027-05-19")  # Koningsdag, Bevrijdingsdag and two feasts lie between
    assert facts["todo"].endswith("/prikker")


def test_a_poll_without_dates_is_not_sent(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)

    with pytest.raises(Refused, match="geen data"):
        told(session, cohort, Kind.DATE_POLL, noor, payload={"session": terugkomdag_of(cohort).id})
    with pytest.raises(Refused, match="bestaat niet meer"):
        told(session, cohort, Kind.POLL_REMINDER, noor, payload={"session": 99})


def test_the_evaluation_tells_until_when_and_the_day_people_meet_again(session):
    cohort = a_cohort(session, days=DAYS | {"terugkomdag": date(2027, 9, 23)})
    noor = an_enrolment(session, cohort)

    planned = told(session, cohort, Kind.DIRECT_EVALUATION, noor)
    session.add(
        Round(
            cohort_id=cohort.id,
            name="direct",
            status=RoundStatus.OPEN,
            opens_at=NOW,
            closes_at=at("2027-05-10"),
        )
    )
    opened = told(session, cohort, Kind.DIRECT_REMINDER, noor, payload={"nr": 2})

    assert planned["closes"] == at("2027-05-07")
    assert planned["next_day"] == at("2027-09-23", "13:00")
    assert (opened["closes"], opened["last"]) == (at("2027-05-10"), True)
    assert opened["todo"].endswith("/evaluatie/direct")


def test_a_terugkomdag_plays_back_what_somebody_meant_to_do(session):
    cohort = a_cohort(session, days=DAYS | {"terugkomdag": date(2027, 9, 23)})
    noor = an_enrolment(session, cohort)
    session.add(Intention(cohort_id=cohort.id, enrolment_id=noor.id, words="Ik bel.", written_at=NOW, applied=""))

    facts = told(session, cohort, Kind.TRANSFER_EVALUATION, noor, payload={"session": terugkomdag_of(cohort).id})

    assert facts["intention"] == "Ik bel."
    assert (facts["what"], facts["start"]) == ("terugkomdag", at("2027-09-23", "13:00"))
    assert facts["closes"] == at("2027-10-04")
    assert facts["todo"].endswith("/evaluatie/transfer")


def test_a_terugkomdag_without_a_date_asks_nothing(session):
    cohort = a_cohort(session)

    with pytest.raises(Refused, match="geen datum"):
        told(session, cohort, Kind.TRANSFER_REMINDER, an_enrolment(session, cohort), payload={})


def test_the_second_terugkomdag_has_its_own_round(session):
    days = {f"day{n}": date(2027, 3, 18) + timedelta(days=7 * n) for n in (1, 2, 3)}
    returns = {"terug1": date(2027, 6, 17), "terug2": date(2027, 9, 23)}
    cohort = a_cohort(session, changes=three_dagdelen(), days=days | returns)

    facts = told(
        session,
        cohort,
        Kind.TRANSFER_EVALUATION,
        an_enrolment(session, cohort),
        payload={"session": cohort.sessions[-1].id},
    )

    assert facts["what"] == "terugkomdag 2"
    assert facts["todo"].endswith("/evaluatie/transfer-2")


def test_another_programme_reads_right_too(session):
    days = {f"day{n}": date(2027, 3, 11) + timedelta(days=7 * n) for n in (1, 2, 3)}
    cohort = a_cohort(session, changes=three_dagdelen(), days=days, status=CohortStatus.OPEN)

    facts = told(session, cohort, Kind.SEAT_CONFIRMED, an_enrolment(session, cohort))

    assert facts["training"] == "training Werken met inwoners"
    assert [day["label"] for day in facts["days"]] == [
        "Dag 1",
        "Dag 2",
        "Dag 3",
        "Eerste terugkomdag",
        "Tweede terugkomdag",
    ]
    assert facts["days"][2]["parts"] == ["Dagdeel 3: Oefenen"]
    assert facts["visits"] is None


@pytest.mark.parametrize("hours, shown", [(12.0, "12"), (13.5, "13,5")])
def test_a_certificate_has_its_number_and_where_to_check_it(session, hours, shown):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)
    certificate = a_certificate(session, cohort, noor, hours)

    facts = told(session, cohort, Kind.CERTIFICATE, noor, subject=f"certificate-{certificate.id}")

    assert (facts["number"], facts["hours"]) == ("VO-2027-K7", shown)
    assert facts["check"] == f"{BUREAU.base_url}/c/VO-2027-K7"


@pytest.mark.parametrize("subject", ["certificate-99", "-"])
def test_a_certificate_that_does_not_exist_is_not_sent(session, subject):
    cohort = a_cohort(session)

    with pytest.raises(Refused, match="bewijs"):
        told(session, cohort, Kind.CERTIFICATE, an_enrolment(session, cohort), subject=subject)
