"""The evaluation in the room: a code on the screen, from which everybody picks their own name.

The address holds no link of anybody. It is made from the secret and the last training session, works only while the
direct round is open and from that session's beginning until the end of that day, and shows no more than the first
names of who is still to answer.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

import segno
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from vitale_core.domain import worktime
from vitale_core.domain.errors import NotFound
from vitale_core.domain.evaluation import asked
from vitale_core.domain.programme import RoundPlan
from vitale_core.domain.states import HAS_A_SEAT, RoundStatus, SessionKind, SessionStatus
from vitale_core.steps import evaluation
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Receipt, Round
from vitale_portal import evaluating
from vitale_portal.doors import Call, House

DIRECT = "direct"
DARK = "#0a2229"


def address(house: House, cohort: Cohort) -> str:
    """Return the full address of the room of a cohort."""
    return f"{house.bureau.base_url.rstrip('/')}/zaal/{cohort.id}.{_key(house, cohort.id)}"


def code(text: str) -> str:
    """Return an address as a QR code, as SVG without a size of its own."""
    made = segno.make(text, error="m", micro=False)
    return made.svg_inline(dark=DARK, light="#ffffff", border=2, omitsize=True, svgclass=None, lineclass=None)


def is_open(session: Session, cohort: Cohort, *, now: datetime) -> Round | None:
    """Return the direct round while the room may be used: on the last training day, from its last session on."""
    last = _last(cohort)
    if last is None or last.starts_at is None or last.ends_at is None or now < last.starts_at:
        return None
    midnight = worktime.local(last.ends_at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if now >= midnight:
        return None
    return session.scalar(
        select(Round).where(Round.cohort_id == cohort.id, Round.name == DIRECT, Round.status == RoundStatus.OPEN)
    )


def count(session: Session, cohort: Cohort) -> int:
    """Return how many people answered the direct round."""
    query = select(func.count()).select_from(Receipt).join(Round, Round.id == Receipt.round_id)
    return session.scalar(query.where(Round.cohort_id == cohort.id, Round.name == DIRECT)) or 0


def show(call: Call) -> Response:
    """Show the first names of who is still to answer."""
    cohort, _current = _room(call)
    return call.page("room/names.html", cohort=cohort, people=_waiting(call, cohort), home="/", root=_root(call))


def show_sheet(call: Call) -> Response:
    """Show the questions to one of them."""
    cohort, _current = _room(call)
    enrolment = _chosen(call, cohort)
    plan = _plan(cohort)
    sheet = evaluating.sheet_of(programme_of(cohort), plan)
    return call.page(
        "room/sheet.html",
        cohort=cohort,
        enrolment=enrolment,
        plan=plan,
        threshold=programme_of(cohort).threshold,
        form=sheet,
        filled=call.filled or sheet.shown({}),
        home="/",
        root=_root(call),
    )


def send_sheet(call: Call) -> Response:
    """Keep one sheet without a name, and apart from it that this person answered."""
    cohort, _current = _room(call)
    enrolment = _chosen(call, cohort)
    plan = _plan(cohort)
    filled = call.fill(evaluating.sheet_of(programme_of(cohort), plan))
    given = {q.name: filled.values[q.name] for q in asked(programme_of(cohort), plan) if filled.values.get(q.name)}
    evaluation.answer_round(call.session, enrolment, plan.name, given, now=call.now)
    return RedirectResponse(f"{_root(call)}/klaar", status_code=303)


def thanks(call: Call) -> Response:
    """Thank whoever just answered."""
    cohort, _current = _room(call)
    return call.page("room/thanks.html", cohort=cohort, home="/", root=_root(call))


def _room(call: Call) -> tuple[Cohort, Round]:
    """Return the cohort of an address and its open round; whatever is wrong, it is not found."""
    number, _dot, key = str(call.path["key"]).partition(".")
    if not (number.isdecimal() and len(number) < 10 and hmac.compare_digest(key, _key(call.house, int(number)))):  # noqa: PLR2004 - fits the column
        raise NotFound("Deze pagina is er niet.")
    cohort = call.session.get(Cohort, int(number))
    current = is_open(call.session, cohort, now=call.now) if cohort else None
    if cohort is None or current is None:
        raise NotFound("Deze pagina is er niet.")
    return cohort, current


def _waiting(call: Call, cohort: Cohort) -> list[Enrolment]:
    answered = (
        select(Receipt.enrolment_id)
        .join(Round, Round.id == Receipt.round_id)
        .where(Round.cohort_id == cohort.id, Round.name == DIRECT)
    )
    query = select(Enrolment).where(
        Enrolment.cohort_id == cohort.id, Enrolment.status.in_(HAS_A_SEAT), Enrolment.id.not_in(answered)
    )
    return sorted(call.session.scalars(query), key=lambda e: (e.person.name or "").casefold())


def _chosen(call: Call, cohort: Cohort) -> Enrolment:
    wanted = int(call.path["enrolment"])
    found = next((e for e in _waiting(call, cohort) if e.id == wanted), None)
    if found is None:
        raise NotFound("Deze pagina is er niet.")
    return found


def _plan(cohort: Cohort) -> RoundPlan:
    return programme_of(cohort).round(DIRECT)


def _last(cohort: Cohort) -> CourseSession | None:
    training = [
        s
        for s in cohort.sessions
        if s.kind is SessionKind.DAGDEEL and s.starts_at and s.status is not SessionStatus.CANCELLED
    ]
    return max(training, key=lambda s: s.starts_at or cohort.created_at, default=None)


def _key(house: House, cohort_id: int) -> str:
    digest = hmac.new(house.app.secret, f"room:{cohort_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _root(call: Call) -> str:
    return f"/zaal/{call.path['key']}"
