"""What is known of a trainer's time: where his own calendar is, and what he gives here."""

from datetime import date

from tests.training import HERE, NOW, a_cohort
from vitale_core.domain.states import CohortStatus, SessionStatus
from vitale_core.steps import people, privacy, trainers

SPRING = {"first": date(2027, 3, 1), "last": date(2027, 6, 30)}


def a_trainer(session):
    return people.person_for(session, "marit@vitale.example", name="Marit", now=NOW)


def test_where_a_calendar_is_stays_known_until_it_is_forgotten(database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with database.write() as session:
        marit = a_trainer(session)
        assert trainers.calendar_of(session, marit) == ""

        trainers.keep_calendar(session, marit, "agenda.ics", by="operator", now=NOW)
        assert trainers.calendar_of(session, marit) == str(tmp_path / "agenda.ics")
        trainers.keep_calendar(session, marit, "https://agenda.example/a.ics", by="operator", now=NOW)
        assert trainers.calendar_of(session, marit) == "https://agenda.example/a.ics"
        trainers.keep_calendar(session, marit, "", by="operator", now=NOW)
        trainers.keep_calendar(session, marit, "", by="operator", now=NOW)
        assert trainers.calendar_of(session, marit) == ""


def test_a_trainer_who_is_erased_leaves_no_calendar(database):
    with database.write() as session:
        marit = a_trainer(session)
        trainers.keep_calendar(session, marit, "https://agenda.example/geheim.ics", by="operator", now=NOW)

        assert privacy.erase(session, marit, **HERE)

        assert trainers.calendar_of(session, marit) == ""


def test_a_trainer_is_busy_with_the_days_of_every_cohort_that_goes_on(database):
    with database.write() as session:
        one = {"trainer_email": "marit@vitale.example", "trainer_name": "Marit"}
        cohort = a_cohort(session, **one)
        over = a_cohort(session, "2027-over", **one)
        over.status = CohortStatus.CANCELLED
        cohort.sessions[3].status = SessionStatus.CANCELLED
        session.flush()

        busy = trainers.busy(session, a_trainer(session), **SPRING)

        assert [b.start for b in busy] == [s.starts_at for s in cohort.sessions[:3]]
        assert busy[0].what == "lichting 2027-voorjaar"
        assert trainers.busy(session, a_trainer(session), first=date(2027, 5, 1), last=date(2027, 5, 31)) == []
