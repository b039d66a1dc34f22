"""Setting a cohort up, letting it go ahead, cancelling and restoring it."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.aanmeldingen import offers, people
from tests.training import BUREAU, DAYS, HERE, NOW, a_cohort, at, document, mails_of, some_enrolments, tasks_of
from vitale_core.domain.errors import NotFound, Refused, TransitionRefused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import CohortKind, CohortStatus, EnrolmentStatus, OfferStatus, SessionStatus
from vitale_core.steps import cohorts, intake, invitations, ledger, programmes, tasks
from vitale_core.store.records import AuditEvent, Cohort, CourseSession, Invitation, Person

LATER = {**HERE, "now": NOW + timedelta(days=1)}


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


def create(session, code="2027-voorjaar", **facts):
    version = programmes.pin(session, facts.pop("document", document()), now=NOW)
    told = {"days": DAYS, "location": "Het Kasteel, Assen"} | facts
    return cohorts.create(session, code=code, programme=version, now=NOW, bureau=BUREAU, **told)


def test_a_cohort_has_the_sessions_of_its_programme_at_wall_clock_times(written):
    cohort, warnings = create(written, kind=CohortKind.INCOMPANY)

    assert warnings == []
    assert (cohort.status, cohort.kind, cohort.capacity, cohort.minimum) == (CohortStatus.OPEN, "incompany", 12, 6)
    assert [(s.name, s.starts_at, s.ends_at) for s in cohort.sessions] == [
        ("dagdeel-1", at("2027-03-18", "09:30"), at("2027-03-18", "12:30")),
        ("dagdeel-2", at("2027-03-18", "13:30"), at("2027-03-18", "16:30")),
        ("dagdeel-3", at("2027-04-22", "09:30"), at("2027-04-22", "12:30")),
        ("dagdeel-4", at("2027-04-22", "13:30"), at("2027-04-22", "16:30")),
        ("terugkomdag", None, None),
    ]
    assert cohort.sessions[0].starts_at.utcoffset() == timedelta(0)
    assert {s.status for s in cohort.sessions} == {SessionStatus.PLANNED}
    (event,) = written.scalars(select(AuditEvent))
    assert (event.what, event.object_id) == ("cohort made", cohort.id)


def test_the_trainer_is_the_operator_unless_somebody_is_named(written):
    by_default, _warnings = create(written, "een")
    named, _warnings = create(written, "twee", trainer_name="Roos Hoekstra", trainer_email="roos@bureau.example")

    people_by_id = {p.id: p.email for p in written.scalars(select(Person))}
    assert people_by_id[by_default.trainer_id] == BUREAU.operator_address
    assert people_by_id[named.trainer_id] == "roos@bureau.example"


@pytest.mark.parametrize(
    "days,why",
    [
        ({"day1": date(2027, 4, 22), "day2": date(2027, 3, 18)}, r"day2 \(donderdag 18 maart 2027\) ligt niet na"),
        ({"day1": date(2027, 3, 18), "day2": date(2027, 3, 18)}, "ligt niet na"),
        ({"day1": date(2027, 3, 18)}, "De datum van day2 ontbreekt"),
        ({}, "De datum van day1 ontbreekt"),
        ({**DAYS, "day3": date(2027, 5, 1)}, "kent de dag 'day3' niet"),
        ({"day1": date(2027, 1, 18), "day2": date(2027, 4, 22)}, "maandag 18 januari 2027 is al voorbij"),
        ({**DAYS, "terugkomdag": date(2027, 4, 1)}, r"terugkomdag \(.*1 april 2027\) ligt niet na day2 \(.*22 april"),
    ],
)
def test_days_that_make_no_sense_are_refused_with_the_dates(written, days, why):
    with pytest.raises(Refused, match=why):
        create(written, days=days)
    assert written.scalars(select(CourseSession)).all() == []


def test_a_time_that_spring_skips_is_refused(written):
    (first, *rest) = document()["sessions"]
    sessions = [{**first, "start": "02:30", "end": "03:30"}, *rest]
    days = {"day1": date(2027, 3, 28), "day2": date(2027, 4, 22)}

    with pytest.raises(Refused, match=r"zondag 28 maart 2027 om 02\.30 uur bestaat niet"):
        create(written, days=days, document={**document(), "sessions": sessions})


def test_an_unlucky_date_is_a_warning(written):
    cohort, warnings = create(written, days={"day1": date(2027, 3, 26), "day2": date(2027, 12, 27)})

    assert cohort.id
    assert warnings == [
        "day1 (vrijdag 26 maart 2027) is Goede vrijdag.",
        "day2 (maandag 27 december 2027) valt tussen 24 en 31 december.",
    ]


@pytest.mark.parametrize("code", ["", "x", "Voorjaar", "2027 voorjaar", "2027/1", "-2027", "a" * 41, "é"])
def test_a_code_that_is_no_code_is_refused(written, code):
    with pytest.raises(Refused, match="geen goede code"):
        create(written, code)


def test_a_code_is_used_once(written):
    create(written)

    with pytest.raises(Refused, match="bestaat al"):
        create(written)


@pytest.mark.parametrize("seats", [{"capacity": 4}, {"minimum": 13}, {"minimum": 0}, {"capacity": 0, "minimum": 0}])
def test_seats_that_do_not_fit_are_refused(written, seats):
    with pytest.raises(Refused, match="past niet bij"):
        create(written, **seats)


def test_a_cohort_is_found_by_its_code_or_the_nearest_is_named(written):
    cohort, _warnings = create(written)

    assert cohorts.get(written, "2027-voorjaar") is cohort
    with pytest.raises(NotFound) as near:
        cohorts.get(written, "2027-vorjaar")
    with pytest.raises(NotFound) as far:
        cohorts.get(written, "zzz")
    assert near.value.remedy.startswith("Bedoel je 2027-voorjaar?")
    assert far.value.remedy == "Alle lichtingen: vitale cohort list"


def test_a_session_is_found_by_its_name_or_all_are_named(written):
    cohort, _warnings = create(written)

    assert cohorts.find_session(written, cohort, "dagdeel-2").position == 1
    with pytest.raises(NotFound) as refused:
        cohorts.find_session(written, cohort, "dagdeel-9")
    assert "dagdeel-1, dagdeel-2" in refused.value.remedy


# ----------------------------------------------------------------------------------------------------- go, no go


def test_the_go_publishes_the_sessions_and_invites_everybody(written):
    cohort = a_cohort(written, status=CohortStatus.OPEN)
    some_enrolments(written, cohort, 2)
    ledger.owe_due(written, cohort, steps=None, now=at("2027-02-26", "09:00"), bureau=BUREAU)
    assert [t.command for t in tasks_of(written, "go-or-no-go")] == ["vitale cohort go 2027-voorjaar"]

    for _ in range(2):
        cohorts.go(written, cohort, **LATER)

    assert (cohort.status, cohort.confirmed_at) == (CohortStatus.CONFIRMED, LATER["now"])
    assert {s.status for s in cohort.sessions} == {SessionStatus.PUBLISHED}
    assert tasks_of(written, "go-or-no-go") == []
    assert len(mails_of(written, Kind.CALENDAR_INVITATION)) == 8
    assert [e.what for e in written.scalars(select(AuditEvent))].count("cohort goes ahead") == 1


@pytest.mark.parametrize("status", [CohortStatus.DRAFT, CohortStatus.CLOSED, CohortStatus.CANCELLED])
def test_a_cohort_that_is_not_open_cannot_go(written, status):
    cohort = a_cohort(written, status=CohortStatus.OPEN)
    cohort.status = status

    with pytest.raises(TransitionRefused):
        cohorts.go(written, cohort, **LATER)


def test_cancelling_tells_everybody_once_and_ends_the_offers(written):
    cohort = a_cohort(written, status=CohortStatus.OPEN, capacity=2, minimum=1)
    one, _two, three, four = people(written, cohort, "Noor A", "Sam B", "Ilse C", "Bram D")
    cohorts.go(written, cohort, **LATER)
    intake.withdraw(written, one, **LATER)
    assert len(offers(written)) == 1

    for _ in range(2):
        cohorts.cancel(written, cohort, reason="De trainer is\nziek.", **LATER)
    intake.advance(written, cohort, now=LATER["now"], bureau=BUREAU)

    assert cohort.status is CohortStatus.CANCELLED
    assert cohort.settings["reason"] == "De trainer is\nziek."
    assert [o.status for o in offers(written)] == [OfferStatus.REVOKED]
    assert [e.status for e in (three, four)] == [EnrolmentStatus.WAITLISTED] * 2
    assert len(mails_of(written, Kind.COHORT_CANCELLED)) == 3
    assert written.scalars(select(Invitation).where(Invitation.cancelled_at.is_(None))).all() == []


def test_a_closed_cohort_cannot_be_cancelled(written):
    cohort = a_cohort(written)
    cohort.status = CohortStatus.CLOSED

    with pytest.raises(TransitionRefused):
        cohorts.cancel(written, cohort, reason="", **LATER)


def test_restoring_invites_anew_and_keeps_who_was_in(written):
    cohort = a_cohort(written)
    (noor, _sam) = some_enrolments(written, cohort, 2)
    invitations.sync(written, cohort, now=NOW, bureau=BUREAU)
    cohorts.cancel(written, cohort, reason="", **LATER)

    for _ in range(2):
        cohorts.restore(written, cohort, **LATER)

    assert (cohort.status, cohort.cancelled_at, cohort.confirmed_at) == (CohortStatus.CONFIRMED, None, LATER["now"])
    assert noor.status is EnrolmentStatus.CONFIRMED
    assert {s.status for s in cohort.sessions} == {SessionStatus.PUBLISHED}
    active = written.scalars(select(Invitation).where(Invitation.cancelled_at.is_(None))).all()
    assert len(active) == 8


def test_restoring_before_the_go_only_opens_it_again(written):
    cohort = a_cohort(written, status=CohortStatus.OPEN)
    some_enrolments(written, cohort, 2)
    cohorts.cancel(written, cohort, reason="", **LATER)

    cohorts.restore(written, cohort, **LATER)

    assert (cohort.status, cohort.confirmed_at) == (CohortStatus.OPEN, None)
    assert written.scalars(select(Invitation)).all() == []


def test_a_cancelled_cohort_asks_for_no_decision_and_a_restored_one_asks_again(written):
    cohort = a_cohort(written, status=CohortStatus.OPEN)
    stays, leaves = some_enrolments(written, cohort, 2, status=EnrolmentStatus.APPLIED)
    kinds = ("go-or-no-go", "decide", "decide", "address")
    for nr, (kind, who) in enumerate(zip(kinds, (None, stays, leaves, None), strict=True)):
        tasks.owe_task(
            written, key=str(nr), kind=kind, what="?", cohort_id=cohort.id,
            enrolment_id=who.id if who else None, now=NOW,
        )  # fmt: skip

    cohorts.cancel(written, cohort, reason="", **LATER)
    assert [len(tasks_of(written, kind)) for kind in ("go-or-no-go", "decide", "address")] == [0, 0, 1]

    intake.withdraw(written, leaves, **LATER)
    cohorts.restore(written, cohort, **LATER)
    assert [t.enrolment_id for t in tasks_of(written, "decide")] == [stays.id]
    assert len(tasks_of(written, "go-or-no-go")) == 1


def test_what_was_held_stays_held_when_a_cohort_is_restored(written):
    cohort = a_cohort(written)
    cohort.sessions[0].status = SessionStatus.HELD
    cohorts.cancel(written, cohort, reason="", **LATER)

    cohorts.restore(written, cohort, **LATER)

    assert [s.status for s in cohort.sessions][:2] == [SessionStatus.HELD, SessionStatus.PUBLISHED]


def test_a_new_cohort_is_looked_at_by_the_next_tick(database):
    with database.write() as session:
        number = create(session)[0].id

    with database.read() as session:
        due = session.get_one(Cohort, number).next_due_at
        assert due is not None
        assert due < datetime.fromisoformat("1971-01-01T00:00:00+00:00")
