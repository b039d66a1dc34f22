"""Links that open a page: the right to see one thing, as one person, until it is taken back.

The token is 256 bits, made by HMAC from the installation's secret and a nonce that is kept with the
link, so the same mail can be rendered twice with the same bytes. The database holds the nonce and
the SHA-256 of the token; without the secret neither opens anything. A link that was taken back
never works again: the next one has another nonce.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NotFound
from vitale_core.store.records import CourseSession, Link, Person

Purpose = Literal["participant", "host", "trainer", "agenda"]
PATHS = {"participant": "/m/{}", "host": "/h/{}", "trainer": "/t/{}", "agenda": "/agenda/{}.ics"}
LASTS_AFTER = timedelta(days=180)  # after the last gathering of the cohort
LONGEST_TOKEN = 128

_BY_TOKEN = select(Link).where(Link.token_hash == bindparam("hash"), Link.purpose == bindparam("purpose"))


def url(
    session: Session,
    *,
    purpose: Purpose,
    person_id: int,
    cohort_id: int,
    now: datetime,
    bureau: Bureau,
    secret: bytes,
    enrolment_id: int | None = None,
) -> str:
    """Return the full address of the page; the same one for as long as the link is valid."""
    link = session.scalar(
        select(Link).where(
            Link.purpose == purpose,
            Link.person_id == person_id,
            Link.cohort_id == cohort_id,
            Link.enrolment_id.is_(None) if enrolment_id is None else Link.enrolment_id == enrolment_id,
            Link.revoked_at.is_(None),
            Link.expires_at > now,
        )
    )
    if link is None:
        nonce = _nonce(session, secret, purpose, cohort_id, person_id, enrolment_id)
        link = Link(
            purpose=purpose,
            nonce=nonce,
            token_hash=_hash(_token(secret, nonce)),
            cohort_id=cohort_id,
            person_id=person_id,
            enrolment_id=enrolment_id,
            created_at=now,
            expires_at=_expiry(session, cohort_id, now),
        )
        link = _kept(session, link)
    return bureau.base_url.rstrip("/") + PATHS[purpose].format(_token(secret, link.nonce))


def open_link(session: Session, token: str, *, purpose: Purpose, now: datetime) -> Link:
    """Return the link that belongs to a token.

    Wrong, unknown, expired, revoked and meant for another purpose all raise the same NotFound.
    """
    link = None
    if len(token) <= LONGEST_TOKEN:
        link = session.scalar(_BY_TOKEN, {"hash": _hash(token), "purpose": purpose})
    if link is None or link.revoked_at is not None or link.expires_at <= now:
        raise NotFound("Deze link werkt niet of niet meer.", remedy="Vraag een nieuwe link aan.")
    return link


def revoke(
    session: Session,
    *,
    now: datetime,
    person_id: int,
    cohort_id: int | None = None,
    enrolment_id: int | None = None,
    purpose: Purpose | None = None,
) -> int:
    """Take back the links of a person, of one cohort, enrolment or purpose if given; return how many."""
    query = select(Link).where(Link.person_id == person_id, Link.revoked_at.is_(None))
    if cohort_id is not None:
        query = query.where(Link.cohort_id == cohort_id)
    if enrolment_id is not None:
        query = query.where(Link.enrolment_id == enrolment_id)
    if purpose is not None:
        query = query.where(Link.purpose == purpose)
    links = session.scalars(query).all()
    for link in links:
        link.revoked_at = now
    return len(links)


def _kept(session: Session, made: Link) -> Link:
    """Keep a new link; when somebody else made the same one at the same moment, theirs."""
    nonce = made.nonce
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        return session.scalars(select(Link).where(Link.nonce == nonce)).one()
    return made


def _nonce(
    session: Session, secret: bytes, purpose: str, cohort_id: int, person_id: int, enrolment_id: int | None
) -> str:
    """Return what tells this link from every other, and from earlier ones for the same page.

    The address counts: after an older copy of the database came back, the number of somebody of whom it never heard
    goes to another person, and the link in the mail that was sent must not open that person's page.
    """
    earlier = select(func.count()).where(Link.purpose == purpose, Link.person_id == person_id)
    who = select(Person.email_key).where(Person.id == person_id)
    text = f"nonce:{purpose}:{cohort_id}:{person_id}:{enrolment_id}:{session.scalar(earlier)}:{session.scalar(who)}"
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def _token(secret: bytes, nonce: str) -> str:
    digest = hmac.new(secret, f"link:{nonce}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _expiry(session: Session, cohort_id: int, now: datetime) -> datetime:
    ends = session.scalars(select(CourseSession.ends_at).where(CourseSession.cohort_id == cohort_id)).all()
    last = max((moment for moment in ends if moment is not None), default=now)
    return max(last, now) + LASTS_AFTER
