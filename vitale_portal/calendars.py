"""Somebody's dates as a calendar: one file to open, and an address to subscribe to."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from vitale_core.adapters import ics
from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import HAS_A_SEAT, CohortStatus, SessionKind, SessionStatus
from vitale_core.steps import links
from vitale_core.steps.programmes import programme_of
from vitale_core.store.gather import with_sessions
from vitale_core.store.records import Cohort, CourseSession, Link
from vitale_portal import standing
from vitale_portal.doors import Call, plea
from vitale_portal.standing import Standing

TYPE = "text/calendar; charset=utf-8"
SURE = frozenset({CohortStatus.CONFIRMED, CohortStatus.RUNNING, CohortStatus.EVALUATING, CohortStatus.CLOSED})
FRESH_SECONDS = 900
TAKE_BACK = "intrekken"
_TITLES = {SessionKind.WERKBEZOEK: "Werkbezoek", SessionKind.TERUGKOMDAG: "Terugkomdag"}


def download(call: Call) -> Response:
    """Give one file with all dates that are sure."""
    s = standing.of(call)
    headers = {"content-disposition": 'attachment; filename="training.ics"'}
    return Response(ics.download(events(call, s)), media_type=TYPE, headers=headers)


def show(call: Call) -> Response:
    """Show how to subscribe; the address is shown when there is one."""
    s = standing.of(call)
    return call.page("participant/agenda.html", s=s, **_address_shown(call, s.enrolment.id))


def show_to_trainer(call: Call) -> Response:
    """Show a trainer the same: one address for the days of all cohorts."""
    return call.page("trainer/agenda.html", **_address_shown(call, None))


def change_address(call: Call) -> Response:
    """Make a participant's address to subscribe to, or take it back: a calendar that holds it then stops asking."""
    return _change_address(call, standing.of(call).enrolment.id)


def change_address_of_trainer(call: Call) -> Response:
    """Make or take back the address of a trainer."""
    return _change_address(call, None)


def _change_address(call: Call, enrolment: int | None) -> Response:
    link = call.the_link
    if call.sent.get("wat") == TAKE_BACK:
        links.revoke(
            call.session,
            person_id=link.person_id,
            cohort_id=link.cohort_id,
            enrolment_id=enrolment,
            purpose="agenda",
            now=call.now,
        )
    else:
        _address(call, enrolment)
    return call.to("agenda", done=False)


def feed(call: Call) -> Response:
    """Give the calendar of a subscription. The same dates give the same bytes, so a client may ask for news only."""
    link = call.the_link
    if link.enrolment_id is None and _gives(call, link):
        found, title, since = trainer_events(call, link.person_id), call.bureau.name, link.created_at
    else:
        s = standing.of(call)
        found, title, since = events(call, s), f"{s.programme.title} ({call.bureau.name})", s.cohort.created_at
    source = f"{call.bureau.base_url.rstrip('/')}/agenda/{call.path['token']}.ics"
    content = ics.feed(title, found, source_url=source)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    changed = max((event.changed for event in found), default=since)
    headers = {
        "etag": etag,
        "last-modified": format_datetime(changed.astimezone(UTC).replace(microsecond=0), usegmt=True),
        "cache-control": f"private, max-age={FRESH_SECONDS}",
    }
    if etag in (known.strip().removeprefix("W/") for known in call.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=TYPE, headers=headers)


def taken_back(call: Call) -> Response | None:
    """Return 410 for an address that was taken back: a calendar then stops asking. None when it never existed."""
    token_hash = hashlib.sha256(str(call.path["token"]).encode()).hexdigest()
    query = select(Link.id).where(Link.token_hash == token_hash, Link.purpose == "agenda", Link.revoked_at.is_not(None))
    return plea(call.house.views, 410) if call.session.scalar(query) else None


def events(call: Call, s: Standing) -> list[ics.FeedEvent]:
    """Return the dates of this person; while it is not sure that the cohort goes ahead there are none."""
    if s.enrolment.status not in HAS_A_SEAT or s.cohort.status not in SURE:
        return []
    domain = call.bureau.mail_address.rpartition("@")[2]
    return [
        _event(s.cohort, session, f"agenda-{session.id}-{s.enrolment.id}@{domain}", s.programme.title)
        for session in _dated(s)
    ]


def _gives(call: Call, link: Link) -> bool:
    """Say whether the person of a link is the trainer of its cohort."""
    trainer = select(Cohort.trainer_id).where(Cohort.id == link.cohort_id)
    return call.session.scalar(trainer) == link.person_id


def trainer_events(call: Call, person: int) -> list[ics.FeedEvent]:
    """Return the days that somebody gives, of every cohort that goes ahead; a werkbezoek is the group's own."""
    query = select(Cohort).where(Cohort.trainer_id == person, Cohort.status.in_(SURE)).order_by(Cohort.id)
    cohorts = call.session.scalars(query).all()
    with_sessions(call.session, *cohorts)
    domain = call.bureau.mail_address.rpartition("@")[2]
    return [
        _event(cohort, session, f"trainer-{session.id}@{domain}", f"{programme_of(cohort).title}, {cohort.code}")
        for cohort in cohorts
        for session in cohort.sessions
        if session.starts_at and session.ends_at and session.kind is not SessionKind.WERKBEZOEK
    ]


def _dated(s: Standing) -> list[CourseSession]:
    return [session for session in s.sessions if session.starts_at and session.ends_at]


def _event(cohort: Cohort, session: CourseSession, uid: str, description: str) -> ics.FeedEvent:
    assert session.starts_at is not None  # noqa: S101 - the caller looked
    assert session.ends_at is not None  # noqa: S101 - the same
    title = session.title if session.kind is SessionKind.DAGDEEL else f"{_TITLES[session.kind]}: {session.title}"
    changes: list[datetime | None] = [cohort.created_at, cohort.confirmed_at, session.moved_at, session.cancelled_at]
    return ics.FeedEvent(
        uid=uid,
        start=session.starts_at,
        end=session.ends_at,
        summary=title if title.count(":") != 1 or _TITLES.get(session.kind) != session.title else session.title,
        location=session.location,
        description=description,
        changed=max(moment for moment in changes if moment),
        cancelled=session.status is SessionStatus.CANCELLED,
        sequence=session.revision,
    )


def _address_shown(call: Call, enrolment: int | None) -> dict[str, Any]:
    """Return the address of the feed that belongs to this page, if there is one, in both spellings."""
    link = call.the_link
    query = select(Link.id).where(
        Link.purpose == "agenda",
        Link.person_id == link.person_id,
        Link.cohort_id == link.cohort_id,
        Link.enrolment_id.is_(None) if enrolment is None else Link.enrolment_id == enrolment,
        Link.revoked_at.is_(None),
        Link.expires_at > call.now,
    )
    address = _address(call, enrolment) if call.session.scalar(query.limit(1)) is not None else ""
    return {
        "address": address,
        "webcal": address.replace("https://", "webcal://").replace("http://", "webcal://"),
    }


def _address(call: Call, enrolment: int | None) -> str:
    """Return the address of the feed, made when there is none: only where something may be written."""
    link = call.the_link
    if link.cohort_id is None:  # pragma: no cover - every link of a page is of a cohort
        raise NotFound("Deze pagina hoort bij een lichting.")
    return links.url(
        call.session,
        purpose="agenda",
        person_id=link.person_id,
        cohort_id=link.cohort_id,
        enrolment_id=enrolment,
        now=call.now,
        bureau=call.bureau,
        secret=call.house.app.secret,
    )
