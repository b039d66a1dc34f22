"""Rows of the ledger as the agenda would have written them, and what they say, for tests of the letters."""

from datetime import timedelta

from sqlalchemy import select

from tests.training import (
    BUREAU,
    NOW,
    an_approved_cohort,
    document,
    visits_of,
    without_visits,
)
from vitale_core.domain.kinds import Kind
from vitale_core.steps import invitations, ledger, werkbezoek
from vitale_core.steps.content import content
from vitale_core.store.records import (
    Certificate,
    CourseSession,
    Message,
)

SECRET = b"a secret of the links"


def owed(session, cohort, kind, enrolment=None, *, person=None, subject="-", payload=None, **parts) -> Message:
    """A row of the ledger, as the agenda would have written it."""
    message = ledger.owe(
        session,
        cohort,
        kind=kind,
        person_id=person or (enrolment.person_id if enrolment else cohort.trainer_id),
        enrolment_id=enrolment.id if enrolment else None,
        subject=subject,
        why="",
        at=NOW,
        stale_at=NOW + timedelta(days=365),
        now=NOW,
        bureau=BUREAU,
        payload=payload,
        **parts,
    )
    assert message is not None
    return message


def facts_of(session, message, *, now=NOW):
    return content(session, message, now=now, bureau=BUREAU, secret=SECRET)


def told(session, cohort, kind, enrolment=None, *, now=NOW, **parts):
    """The facts of a mail of this kind."""
    return facts_of(session, owed(session, cohort, kind, enrolment, **parts), now=now)


def three_dagdelen():
    """Another programme: three dagdelen on days of their own, no werkbezoek, two terugkomdagen."""
    dagdelen = [s | {"day": f"day{n}"} for n, s in enumerate(document()["sessions"][:2], 1)]
    third = dagdelen[1] | {"name": "dagdeel-3", "day": "day3", "title": "Dagdeel 3: Oefenen"}
    back = next(s for s in document()["sessions"] if s["kind"] == "terugkomdag")
    returns = [
        back | {"name": f"terugkomdag-{n}", "day": f"terug{n}", "title": t}
        for n, t in ((1, "Eerste terugkomdag"), (2, "Tweede terugkomdag"))
    ]
    only = [m for m in document()["mails"] if m["kind"] != "preparation"]
    moments = {"rsvp_deadline": "day1 - 10wd", "poll": document()["poll"]}
    rounds = [r for r in document()["rounds"] if r["name"] != "transfer"]
    rounds += [
        document()["rounds"][2] | {"name": n, "opens": f"terug{i} - 10wd", "closes": f"terug{i} + 10d"}
        for i, n in ((1, "transfer"), (2, "transfer-2"))
    ]
    return {
        **without_visits(),
        "title": "Werken met inwoners",
        "days": ["day1", "day2", "day3", "terug1", "terug2"],
        "sessions": [*dagdelen, third, *returns],
        "mails": only,
        "rounds": rounds,
        "tasks": [],
        **moments,
    }


def invitations_that_left(session, cohort):
    invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
    for message in session.scalars(select(Message).where(Message.kind == Kind.CALENDAR_INVITATION)):
        message.attempts = 1


def cancellation(session):
    return facts_of(session, session.scalars(select(Message).where(Message.kind == Kind.CALENDAR_CANCEL)).first())


def a_change(
    what="moved", session="dagdeel-3", old="2027-04-22T07:30:00+00:00", new="2027-04-29T07:30:00+00:00", **parts
):
    change = {
        "what": what,
        "session": session,
        "title": "Participatie",
        "old_start": old,
        "old_end": old,
        "new_start": new,
        "new_end": new,
        "old_location": "Assen",
        "new_location": "Assen",
    }
    return change | parts


def confirmed_visit(session, **facts):
    """A visit that its host said yes to, with its group and a member of it."""
    cohort, plan = an_approved_cohort(session, **facts)
    visit = visits_of(plan)[1]
    werkbezoek.confirm_visit(session, visit, by="gastheer", now=NOW, bureau=BUREAU)
    return cohort, visit, visit.group.members[0].enrolment


def terugkomdag_of(cohort) -> CourseSession:
    return next(s for s in cohort.sessions if s.kind == "terugkomdag")


def a_certificate(session, cohort, enrolment, hours=12.0):
    certificate = Certificate(
        cohort_id=cohort.id,
        enrolment_id=enrolment.id,
        number="VO-2027-K7",
        name="Noor Dijkstra",
        hours=hours,
        issued_at=NOW,
    )
    session.add(certificate)
    session.flush()
    return certificate
