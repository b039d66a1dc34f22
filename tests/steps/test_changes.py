"""Moving and cancelling what people were told: one action, its consequences, one text mail to those it concerns."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.calendars import Calendars
from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    address,
    an_approved_cohort,
    an_enrolment,
    at,
    mails_of,
    some_enrolments,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import CohortStatus, EnrolmentStatus, MessageStatus, SessionStatus
from vitale_core.steps import changes, invitations, werkbezoek
from vitale_core.store.records import AuditEvent

LATER = {**HERE, "now": NOW + timedelta(hours=2)}


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def cohort(written):
    """A cohort of two people who know their dates."""
    cohort = a_cohort(written)
    some_enrolments(written, cohort, 2)
    invitations.sync(written, cohort, now=NOW, bureau=BUREAU)
    Calendars(BUREAU).deliver(written)
    return cohort


def told(session):
    """Who hears of which changes."""
    mails = [m for m in mails_of(session, Kind.CHANGES) if m.status is MessageStatus.QUEUED]
    return {
        m.person.email: [(c["session"], c["what"], c["old_start"], c["new_start"]) for c in m.payload["changes"]]
        for m in mails
    }


def sent(session):
    for mail in mails_of(session, Kind.CHANGES):
        mail.status, mail.attempts = MessageStatus.SENT, 1


# --------------------------------------------------------------------------------------------------------- moving


def test_a_moved_session_keeps_its_length_and_is_told_once_to_each(written, cohort):
    warnings = changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:00"), **LATER)

    first = cohort.sessions[0]
    assert warnings == []
    assert (first.starts_at, first.ends_at) == (at("2027-03-18", "10:00"), at("2027-03-18", "13:00"))
    assert (first.revision, first.moved_at) == (1, LATER["now"])
    news = ("dagdeel-1", "moved", at("2027-03-18", "09:30").isoformat(), at("2027-03-18", "10:00").isoformat())
    assert told(written) == {address("Noor Dijkstra"): [news], address("Sam Bakker"): [news]}
    (mail, *_rest) = mails_of(written, Kind.CHANGES)
    assert mail.not_before == LATER["now"] + timedelta(minutes=10)
    assert (mail.about_at, mail.stale_at) == (at("2027-03-18", "09:30"), at("2027-03-18", "10:00"))
    (event,) = written.scalars(select(AuditEvent).where(AuditEvent.what == "session moved"))
    assert event.detail["to"] == at("2027-03-18", "10:00").isoformat()


def test_a_new_end_or_place_is_no_new_date(written, cohort):
    first = cohort.sessions[0]
    start = first.starts_at
    changes.move_session(written, cohort, "dagdeel-1", start=start, end=at("2027-03-18", "12:45"), **LATER)
    changes.move_session(written, cohort, "dagdeel-2", start=at("2027-03-18", "13:30"), location=" Zaal  3\n", **LATER)

    assert (first.revision, first.moved_at, cohort.sessions[1].location) == (0, None, "Zaal 3")
    assert [c[:2] for c in told(written)[address("Sam Bakker")]] == [("dagdeel-1", "moved"), ("dagdeel-2", "location")]


def test_moving_to_where_it_is_changes_nothing(written, cohort):
    assert changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "09:30"), **LATER) == []
    assert changes.move_day(written, cohort, "day1", to=date(2027, 3, 18), **LATER) == []
    assert told(written) == {}


@pytest.mark.parametrize("to", [date(2027, 3, 11), date(2027, 3, 25)])
def test_a_day_moves_as_a_whole_at_the_same_times(written, cohort, to):
    changes.move_day(written, cohort, "day1", to=to, **LATER)

    assert [s.starts_at for s in cohort.sessions][:2] == [at(to, "09:30"), at(to, "13:30")]
    assert [c[0] for c in told(written)[address("Sam Bakker")]] == ["dagdeel-1", "dagdeel-2"]
    assert len(mails_of(written, Kind.CHANGES)) == 2


def test_a_day_keeps_its_hours_when_it_moves_into_summer_time(written, cohort):
    changes.move_day(written, cohort, "day1", to=date(2027, 4, 1), **LATER)

    assert cohort.sessions[0].starts_at == at("2027-04-01", "09:30")
    assert cohort.sessions[0].starts_at.hour == 7


def test_an_undated_terugkomdag_gets_the_hours_of_the_programme(written, cohort):
    back = cohort.sessions[-1]
    changes.move_day(written, cohort, "terugkomdag", to=date(2027, 6, 24), **LATER)
    assert (back.starts_at, back.ends_at) == (at("2027-06-24", "13:00"), at("2027-06-24", "16:30"))


def test_an_undated_session_lasts_as_long_as_the_programme_says(written, cohort):
    changes.move_session(written, cohort, "terugkomdag", start=at("2027-06-24", "10:00"), **LATER)

    assert cohort.sessions[-1].ends_at == at("2027-06-24", "13:30")


def test_a_half_day_that_leaves_its_day_is_warned_of(written, cohort):
    warnings = changes.move_session(written, cohort, "dagdeel-2", start=at("2027-03-25", "13:30"), **LATER)

    (warning,) = warnings
    assert warning.startswith("dagdeel-1 staat nog op donderdag 18 maart 2027.")


def test_an_unlucky_date_is_warned_of(written, cohort):
    assert changes.move_day(written, cohort, "day1", to=date(2027, 3, 26), **LATER) == [
        "day1 (vrijdag 26 maart 2027) is Goede vrijdag."
    ]


@pytest.mark.parametrize(
    "name,start,why",
    [
        ("dagdeel-3", ("2027-03-17", "09:30"), r"dagdeel-3 \(.* 17 maart .*\) moet na dagdeel-1 \(.* 18 maart"),
        ("dagdeel-1", ("2027-04-23", "09:30"), r"dagdeel-1 \(.* 23 april .*\) moet voor dagdeel-3 \(.* 22 april"),
        ("dagdeel-2", ("2027-03-18", "12:00"), r"dagdeel-2 \(.*12\.00 uur\) valt samen met dagdeel-1 \(.*09\.30 uur\)"),
        ("dagdeel-1", ("2027-01-31", "09:30"), r"zondag 31 januari 2027, 09\.30 uur is al voorbij"),
    ],
)  # fmt: skip
def test_a_move_that_makes_no_sense_is_refused_with_both_dates(written, cohort, name, start, why):
    before = [(s.starts_at, s.revision) for s in cohort.sessions]

    with pytest.raises(Refused, match=why):
        changes.move_session(written, cohort, name, start=at(*start), **LATER)

    assert [(s.starts_at, s.revision) for s in cohort.sessions] == before
    assert told(written) == {}


def test_an_end_before_the_start_is_refused_with_both_moments(written, cohort):
    start = at("2027-03-18", "10:00")

    with pytest.raises(Refused, match=r"09\.00 uur\) ligt niet na het begin \(.*10\.00 uur"):
        changes.move_session(written, cohort, "dagdeel-1", start=start, end=start - timedelta(hours=1), **LATER)


def test_a_day_cannot_move_into_the_hour_that_spring_skips(written, cohort):
    changes.move_session(
        written, cohort, "dagdeel-1", start=at("2027-03-18", "02:15"), end=at("2027-03-18", "02:45"), **LATER
    )

    with pytest.raises(Refused, match=r"zondag 28 maart 2027 om 02\.15 uur bestaat niet"):
        changes.move_day(written, cohort, "day1", to=date(2027, 3, 28), **LATER)


def test_what_began_or_is_over_stays_where_it_was(written, cohort):
    running = {**LATER, "now": at("2027-03-18", "10:00")}
    with pytest.raises(Refused, match=r"dagdeel-1 was al \(donderdag 18 maart 2027, 09\.30 uur\)"):
        changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-25", "09:30"), **running)
    with pytest.raises(Refused, match="dagdeel-1 was al"):
        changes.move_day(written, cohort, "day1", to=date(2027, 3, 25), **running)
    with pytest.raises(Refused, match="dagdeel-1 was al"):
        changes.cancel_session(written, cohort, "dagdeel-1", reason="", **running)
    cohort.sessions[-1].status = SessionStatus.HELD
    with pytest.raises(Refused, match=r"terugkomdag was al \(eerder\)"):
        changes.cancel_session(written, cohort, "terugkomdag", reason="", **LATER)


def test_names_and_days_that_do_not_exist_are_named(written, cohort):
    with pytest.raises(NotFound, match="geen sessie 'dagdeel-9'"):
        changes.move_session(written, cohort, "dagdeel-9", start=at("2027-03-25"), **LATER)
    with pytest.raises(NotFound, match="geen dag 'day9'"):
        changes.move_day(written, cohort, "day9", to=date(2027, 3, 25), **LATER)


@pytest.mark.parametrize("status", [CohortStatus.CANCELLED, CohortStatus.CLOSED])
def test_a_cohort_that_is_over_is_not_changed(written, cohort, status):
    cohort.status = status

    with pytest.raises(Refused, match="er valt niets meer te wijzigen"):
        changes.move_day(written, cohort, "day1", to=date(2027, 3, 25), **LATER)


def test_a_cancelled_session_is_in_nobodys_way_and_cannot_move(written, cohort):
    changes.cancel_session(written, cohort, "dagdeel-2", reason="", **LATER)

    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "13:00"), **LATER)
    with pytest.raises(Refused, match="afgezegd"):
        changes.move_session(written, cohort, "dagdeel-2", start=at("2027-03-18", "09:30"), **LATER)


# ------------------------------------------------------------------------------------- one mail, to those it concerns


def test_changes_within_the_quiet_time_are_one_mail(written, cohort):
    for minute, hour in enumerate(("10:00", "10:15", "10:30")):
        who = {**LATER, "now": LATER["now"] + timedelta(minutes=minute)}
        changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", hour), **who)
    changes.cancel_session(written, cohort, "dagdeel-4", reason="Zaal bezet", **LATER)

    news = told(written)[address("Noor Dijkstra")]
    assert news == [
        ("dagdeel-1", "moved", at("2027-03-18", "09:30").isoformat(), at("2027-03-18", "10:30").isoformat()),
        ("dagdeel-4", "cancelled", at("2027-04-22", "13:30").isoformat(), at("2027-04-22", "13:30").isoformat()),
    ]
    (mail, *_rest) = mails_of(written, Kind.CHANGES)
    assert mail.not_before == LATER["now"] + timedelta(minutes=10)
    assert mail.stale_at == at("2027-04-22", "13:30")


def test_after_the_mail_left_the_next_change_is_a_new_mail(written, cohort):
    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:00"), **LATER)
    sent(written)

    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:15"), **LATER)

    mails = [m for m in mails_of(written, Kind.CHANGES) if m.person.email == address("Sam Bakker")]
    assert [(m.revision, len(m.payload["changes"])) for m in mails] == [(0, 1), (1, 1)]


def test_a_change_that_is_undone_is_not_told(written, cohort):
    for hour in ("10:00", "09:30"):
        changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", hour), **LATER)

    assert told(written) == {}
    (mail, *_rest) = mails_of(written, Kind.CHANGES)
    assert (mail.status, mail.payload) == (MessageStatus.CANCELLED, {"changes": []})
    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:00"), **LATER)
    assert len(told(written)) == 2


def test_a_change_of_place_and_back_in_time_is_a_change_of_place(written, cohort):
    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:00"), location="Zaal 3", **LATER)
    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "09:30"), **LATER)

    assert [c[1] for c in told(written)[address("Sam Bakker")]] == ["location"]


def test_news_of_tomorrow_does_not_wait_for_monday(written, cohort):
    saturday = {**LATER, "now": at("2027-03-13", "10:00")}
    changes.move_session(written, cohort, "dagdeel-4", start=at("2027-04-22", "14:00"), **saturday)
    (mail, *_rest) = mails_of(written, Kind.CHANGES)
    assert mail.not_before == at("2027-03-15", "08:00")

    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-14", "09:00"), **saturday)

    assert mail.not_before == mail.next_attempt_at == at("2027-03-13", "10:10")
    assert mail.about_at == at("2027-03-14", "09:00")


def test_only_who_takes_part_hears_of_it(written, cohort):
    for name, status in (
        ("Ilse Postma", EnrolmentStatus.WITHDRAWN),
        ("Bram Smit", EnrolmentStatus.WAITLISTED),
        ("Fenna Visser", EnrolmentStatus.COMPLETED),
    ):
        an_enrolment(written, cohort, name, status=status)

    changes.move_day(written, cohort, "terugkomdag", to=date(2027, 6, 24), **LATER)

    assert set(told(written)) == {address(n) for n in ("Noor Dijkstra", "Sam Bakker", "Fenna Visser")}


def test_a_cancelled_session_is_told_with_its_reason(written, cohort):
    for _ in range(2):
        changes.cancel_session(written, cohort, "dagdeel-1", reason="De trainer is ziek.\x00", **LATER)

    first = cohort.sessions[0]
    assert (first.status, first.cancelled_at) == (SessionStatus.CANCELLED, LATER["now"])
    (mail, *rest) = mails_of(written, Kind.CHANGES)
    assert len(rest) == 1
    assert mail.payload["changes"][0]["reason"] == "De trainer is ziek."
    assert len(mails_of(written, Kind.CALENDAR_CANCEL)) == 2


def test_an_undated_session_can_be_cancelled(written, cohort):
    changes.cancel_session(written, cohort, "terugkomdag", reason="", **LATER)

    (mail, *_rest) = mails_of(written, Kind.CHANGES)
    assert (mail.about_at, mail.stale_at) == (None, LATER["now"] + timedelta(hours=1))


# --------------------------------------------------------------------------------------------------------- visits


def test_of_a_moved_visit_only_its_group_hears(written):
    cohort, plan = an_approved_cohort(written)
    visit = visits_of(plan)[1]
    meeting = werkbezoek.confirm_visit(written, visit, **LATER)
    start = visit.slot.starts_at + timedelta(hours=1)

    changes.move_session(written, cohort, meeting.name, start=start, **LATER)

    assert set(told(written)) == {m.enrolment.person.email for m in visit.group.members}


@pytest.mark.parametrize(
    "day,edge", [("2027-03-17", "voor donderdag 18 maart"), ("2027-04-23", "na donderdag 22 april")]
)
def test_a_visit_outside_its_window_is_refused_with_both_dates(written, day, edge):
    cohort, plan = an_approved_cohort(written)
    meeting = werkbezoek.confirm_visit(written, visits_of(plan)[1], **LATER)

    with pytest.raises(Refused, match=f"werkbezoek-1 op .* ligt {edge} 2027"):
        changes.move_session(written, cohort, meeting.name, start=at(day, "13:00"), **LATER)


def test_a_day_that_moves_past_a_visit_asks_the_operator_to_look(written):
    cohort, plan = an_approved_cohort(written)
    visit = visits_of(plan)[1]
    meeting = werkbezoek.confirm_visit(written, visit, **LATER)
    day = visit.slot.starts_at.date() + timedelta(days=1)

    changes.move_day(written, cohort, "day1", to=day, **LATER)

    assert [t.what for t in tasks_of(written, "visit-outside")] == [
        f"{meeting.name} valt niet meer tussen de trainingsdagen."
    ]


def test_a_session_may_get_another_place_alone(written, cohort):
    before = cohort.sessions[2].starts_at

    changes.move_session(written, cohort, "dagdeel-3", location="De Werkplaats, Emmen", **LATER)

    meeting = cohort.sessions[2]
    assert (meeting.starts_at, meeting.location, meeting.revision) == (before, "De Werkplaats, Emmen", 0)
    assert all(change[0][1] == "location" for change in told(written).values())
    assert len(mails_of(written, Kind.CALENDAR_UPDATE)) == 2


def test_a_whole_day_may_get_another_place_and_keeps_its_date(written, cohort):
    changes.move_day(written, cohort, "day2", location="De Werkplaats, Emmen", **LATER)

    day = [s for s in cohort.sessions if s.day == "day2"]
    assert {s.location for s in day} == {"De Werkplaats, Emmen"}
    assert {s.revision for s in day} == {0}
    assert len(told(written)[address("Noor Dijkstra")]) == 2


@pytest.mark.parametrize("move", [changes.move_session, changes.move_day])
def test_a_move_needs_a_time_or_a_place(written, cohort, move):
    with pytest.raises(Refused, match="niets om te verplaatsen"):
        move(written, cohort, "terugkomdag", **LATER)


@pytest.mark.parametrize("move", [changes.move_session, changes.move_day])
def test_what_has_no_date_gets_no_place_alone(written, cohort, move):
    with pytest.raises(Refused, match="nog geen datum"):
        move(written, cohort, "terugkomdag", location="Emmen", **LATER)


def test_with_a_visit_the_half_day_of_its_host_moves_along(written):
    cohort, plan = an_approved_cohort(written, people=4)
    visit = visits_of(plan)[1]
    meeting = werkbezoek.confirm_visit(written, visit, **HERE)
    start = at("2027-04-09", "10:00")

    changes.move_session(written, cohort, meeting.name, start=start, **LATER)
    changes.move_session(written, cohort, meeting.name, location="Achterom", **LATER)

    assert (visit.slot.starts_at, visit.slot.ends_at) == (start, meeting.ends_at)
    assert visit.slot.project_id == visit.project_id
    assert meeting.location == "Achterom"


def test_a_visit_does_not_move_to_a_half_day_on_which_the_host_receives_another_group(written):
    cohort, plan = an_approved_cohort(written, people=8)
    first, second = visits_of(plan)[1], visits_of(plan)[2]
    meeting = werkbezoek.confirm_visit(written, first, **HERE)
    second.project_id, second.slot.project_id = first.project_id, first.project_id
    written.flush()
    written.expire_all()

    with pytest.raises(Refused, match="al een andere groep"):
        changes.move_session(written, cohort, meeting.name, start=second.slot.starts_at, **LATER)
