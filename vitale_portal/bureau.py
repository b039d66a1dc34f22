"""The bureau's own pages: which trainings are open, what they hold, and the aanmelding."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Integer, bindparam, func, select
from starlette.responses import RedirectResponse, Response

from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.programme import Programme
from vitale_core.domain.states import (
    CohortKind,
    CohortStatus,
    EnrolmentStatus,
    OfferStatus,
    SessionKind,
    SessionStatus,
)
from vitale_core.steps import intake
from vitale_core.steps.programmes import programme_of
from vitale_core.store.gather import with_sessions
from vitale_core.store.records import Certificate, Cohort, CourseSession, Enrolment, Offer, Person
from vitale_portal import questions, upcoming
from vitale_portal.doors import Call
from vitale_portal.forms import Field, Form, Part

TAKES_APPLICATIONS = (CohortStatus.OPEN, CohortStatus.CONFIRMED)
MOST_SHOWN = 8

_IS_OPEN = upcoming.to_begin(Cohort.status.in_(TAKES_APPLICATIONS), Cohort.kind == CohortKind.OPEN)
_OPEN = _IS_OPEN.offset(bindparam("skipped", type_=Integer)).limit(MOST_SHOWN + 1)
_THIS_ONE = _IS_OPEN.where(Cohort.code == bindparam("code"))
_WANTED: BindParameter[int] = bindparam("wanted", expanding=True)
_TRAINERS = select(Person.id, Person.name).where(Person.id.in_(_WANTED))
_CONFIRMED = (
    select(Enrolment.cohort_id, func.count())
    .where(Enrolment.cohort_id.in_(_WANTED), Enrolment.status == EnrolmentStatus.CONFIRMED)
    .group_by(Enrolment.cohort_id)
)
_OFFERS = (
    select(Offer.cohort_id, func.count())
    .where(Offer.cohort_id.in_(_WANTED), Offer.status == OfferStatus.OPEN)
    .group_by(Offer.cohort_id)
)


@dataclass(frozen=True, slots=True)
class Offered:
    """A cohort somebody can apply for. `free` counts the seats that nobody holds."""

    cohort: Cohort
    programme: Programme
    days: tuple[tuple[str, tuple[CourseSession, ...]], ...]
    trainer: str
    free: int

    @property
    def start(self) -> datetime:
        """When it begins."""
        return next(s.starts_at for _day, sessions in self.days for s in sessions if s.starts_at)


def home(call: Call) -> Response:
    """Show what is open, a page at a time."""
    page = upcoming.page_of(call.query.get("blad", ""))
    found = _offered(call, page=page)
    offered = found[:MOST_SHOWN]
    programmes = {one.programme.slug: one.programme for one in reversed(offered)}
    return call.page(
        "home.html",
        offered=offered,
        programmes=list(programmes.values())[::-1],
        before=f"/?blad={page - 1}" if page > 1 else "",
        after=f"/?blad={page + 1}" if len(found) > MOST_SHOWN else "",
        home="/",
    )


def application(call: Call) -> Response:
    """Show the aanmelding for one cohort, or what happens after it was sent."""
    offered = _one(call)
    form = application_form(offered.programme)
    return call.page("apply.html", offered=offered, form=form, filled=call.filled or form.shown({}), root="/", home="/")


def apply(call: Call) -> Response:
    """Take in an aanmelding. The answer is the same for a known address as for a new one."""
    offered = _one(call)
    filled = call.fill(application_form(offered.programme))
    answers = {
        question.name: filled.values[f"vraag-{question.name}"]
        for question in offered.programme.application
        if filled.values[f"vraag-{question.name}"]
    }
    intake.apply(
        call.session,
        offered.cohort,
        intake.Application(
            name=filled.string("naam"),
            email=filled.string("mail"),
            organisation=filled.string("organisatie"),
            department=filled.string("afdeling"),
            function=filled.string("functie"),
            phone=filled.string("telefoon"),
            answers=answers,
        ),
        source=intake.PORTAL,
        now=call.now,
        bureau=call.bureau,
    )
    return RedirectResponse(f"/aanmelden/{offered.cohort.code}?klaar=1", status_code=303)


def application_form(programme: Programme) -> Form:
    """Return the aanmelding of a programme."""
    return Form(
        (
            Part(
                (
                    Field("naam", "Voornaam en achternaam", "je naam", least=2, most=120, autocomplete="name"),
                    Field(
                        "mail",
                        "Mailadres",
                        "je mailadres",
                        "email",
                        hint="Hierop krijg je alle berichten over de training. Gebruik bij voorkeur je werkadres.",
                        autocomplete="email",
                    ),
                    Field(
                        "organisatie",
                        "Organisatie",
                        "je organisatie",
                        missing="Vul in bij welke organisatie je werkt.",
                        autocomplete="organization",
                    ),
                    Field("functie", "Functie", "je functie", autocomplete="organization-title"),
                    Field("afdeling", "Afdeling of werkveld", "je afdeling", required=False),
                    Field(
                        "telefoon",
                        "Telefoonnummer",
                        "je telefoonnummer",
                        "tel",
                        required=False,
                        hint="Alleen voor als er op de dag zelf iets is.",
                        autocomplete="tel",
                    ),
                ),
                title="Over jou",
            ),
            Part(
                questions.fields(programme.application, "vraag-"),
                title="Past de training bij je?",
                text="Een mens leest je antwoorden en denkt mee. Er is geen goed of fout.",
            ),
        )
    )


def certificate(call: Call) -> Response:
    """Say whether a bewijs van deelname is genuine."""
    found = call.session.scalar(select(Certificate).where(Certificate.number == call.path["number"]))
    if found is None:
        return call.page("certificate.html", certificate=None, programme=None, http=404, home="/")
    cohort = call.session.get_one(Cohort, found.cohort_id)
    return call.page("certificate.html", certificate=found, programme=programme_of(cohort), cohort=cohort, home="/")


def _one(call: Call) -> Offered:
    found = _offered(call, code=str(call.path["code"]))
    if found:
        return found[0]
    exists = call.session.scalar(
        select(Cohort.id).where(Cohort.code == str(call.path["code"]), Cohort.kind == CohortKind.OPEN)
    )
    if exists is None:
        raise NotFound("Deze training staat niet open.")
    raise Refused("Je kunt je niet meer aanmelden voor deze training.", remedy="Kijk welke trainingen nu open staan.")


def _offered(call: Call, code: str | None = None, page: int = 1) -> list[Offered]:
    """Return the open cohorts that did not begin yet, the first to begin first, and one more than fit on a page.

    With a code, that one of them.
    """
    skipped = (page - 1) * MOST_SHOWN
    query, known = (_OPEN, {"skipped": skipped}) if code is None else (_THIS_ONE, {"code": code})
    ids = call.session.scalars(query, {"now": call.now} | known).all()
    cohorts = upcoming.cohorts(call.session, ids)
    with_sessions(call.session, *cohorts)
    taken = _taken(call, [cohort.id for cohort in cohorts])
    wanted = {"wanted": [cohort.trainer_id for cohort in cohorts]}
    trainers = dict(call.session.execute(_TRAINERS, wanted).tuples().all())
    return [
        Offered(
            cohort,
            programme_of(cohort),
            _days(cohort),
            trainers.get(cohort.trainer_id) or "",
            max(cohort.capacity - taken.get(cohort.id, 0), 0),
        )
        for cohort in cohorts
    ]


def _days(cohort: Cohort) -> tuple[tuple[str, tuple[CourseSession, ...]], ...]:
    programme = programme_of(cohort)
    found = []
    for number, day in enumerate(programme.days, start=1):
        sessions = tuple(
            s
            for s in cohort.sessions
            if s.day == day and s.kind is not SessionKind.WERKBEZOEK and s.status is not SessionStatus.CANCELLED
        )
        if sessions:
            own_name = sessions[0].kind is SessionKind.TERUGKOMDAG
            found.append((sessions[0].title if own_name else f"Dag {number}", sessions))
    return tuple(found)


def _taken(call: Call, cohorts: list[int]) -> dict[int, int]:
    """Return how many seats are held, by cohort: confirmed people and open offers."""
    taken: dict[int, int] = {}
    for query in (_CONFIRMED, _OFFERS):
        for cohort_id, count in call.session.execute(query, {"wanted": cohorts}):
            taken[cohort_id] = taken.get(cohort_id, 0) + count
    return taken
