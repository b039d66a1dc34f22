"""The people of a cohort: who applied, who waits, what they told, and what the operator does for them."""

from collections.abc import Iterable

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import contains_eager
from starlette.responses import Response

from vitale_core.domain import labels
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.programme import Option
from vitale_core.domain.states import Answer, Criterion, EnrolmentStatus, SessionStatus, Via
from vitale_core.steps import intake, replies, waiting_list
from vitale_core.steps.post import remarks
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Intake, Invitation, Message, Task
from vitale_portal.doors import Call, Unfilled
from vitale_portal.forms import Choice, Field, Form
from vitale_portal.office import cohort as cohort_page
from vitale_portal.office.deeds import by, deed, note

ORDER = (
    EnrolmentStatus.APPLIED,
    EnrolmentStatus.OFFERED,
    EnrolmentStatus.WAITLISTED,
    EnrolmentStatus.CONFIRMED,
    EnrolmentStatus.COMPLETED,
    EnrolmentStatus.INCOMPLETE,
)
CRITERIA = {
    Criterion.MET: ("past", "ok"),
    Criterion.UNCLEAR: ("onduidelijk", "warn"),
    Criterion.NOT_MET: ("past niet", "bad"),
}
_ENROLMENT: BindParameter[int] = bindparam("enrolment")
_EVERYBODY = select(Enrolment).where(Enrolment.cohort_id == bindparam("cohort"))
_THIS_ONE = _EVERYBODY.where(Enrolment.id == _ENROLMENT)
_TASKS = select(Task).where(Task.enrolment_id == _ENROLMENT).order_by(Task.id.desc())
_MAILS = (
    select(Message)
    .where(Message.person_id == bindparam("person"), Message.cohort_id == bindparam("cohort"))
    .order_by(Message.id.desc())
    .limit(100)
)
_INTAKE = select(Intake).where(Intake.enrolment_id == _ENROLMENT)
_INVITATIONS = (
    select(Invitation)
    .join(Invitation.session)
    .where(Invitation.enrolment_id == _ENROLMENT, Invitation.cancelled_at.is_(None))
    .where(CourseSession.status != SessionStatus.CANCELLED)
    .options(contains_eager(Invitation.session))
)

YES, NO, STOP = "plaatsen", "afwijzen", "afmelden"
CHOSEN = {YES: "Je plaatst {}.", NO: "Je wijst {} af.", STOP: "Je meldt {} af."}
DECIDED = {YES: "Een deelnemer geplaatst.", STOP: "Een deelnemer afgemeld."}


def show(call: Call) -> Response:
    """Show everybody, those who wait for a decision first."""
    cohort = cohort_page.of(call)
    found = call.session.scalars(_EVERYBODY, {"cohort": cohort.id}).all()
    rank = {status: number for number, status in enumerate(ORDER)}
    ordered = sorted(found, key=lambda e: (rank.get(e.status, len(ORDER)), -e.priority, e.applied_at, e.id))
    criteria = [criterion.name for criterion in programme_of(cohort).audience]
    return call.page(
        "office/people.html",
        **cohort_page.common(call, cohort, "mensen"),
        people=ordered,
        criteria=criteria,
        words=CRITERIA,
        shown=lambda e, name: CRITERIA.get(Criterion(e.screening.get(name, Criterion.UNCLEAR))),
    )


def show_one(call: Call) -> Response:
    """Show one person."""
    cohort = cohort_page.of(call)
    enrolment = _enrolment(call, cohort)
    form = decide_form(call, enrolment)
    invitations = _invitations(call, enrolment)
    answer = answer_form(call, invitations)
    one = {"enrolment": enrolment.id, "person": enrolment.person_id, "cohort": cohort.id}
    return call.page(
        "office/person.html",
        **cohort_page.common(call, cohort, "mensen"),
        enrolment=enrolment,
        person=enrolment.person,
        place=waiting_list.place_on_list(call.session, enrolment),
        criteria=[
            (c, *CRITERIA[Criterion(enrolment.screening.get(c.name, Criterion.UNCLEAR))])
            for c in programme_of(cohort).audience
        ],
        told=[
            (q.label, _in_words(q.options, enrolment.screening[f"answer:{q.name}"]))
            for q in programme_of(cohort).application
            if enrolment.screening.get(f"answer:{q.name}")
        ],
        told_intake=call.session.scalar(_INTAKE, one),
        invitations=invitations,
        tasks=call.session.scalars(_TASKS, one).all(),
        mails=call.session.scalars(_MAILS, one).all(),
        form=form,
        answer=answer,
        filled=call.filled or form.shown({}),
    )


def decide(call: Call) -> Response:
    """Give a seat or a place on the list, reject, or take out."""
    cohort = cohort_page.of(call)
    enrolment = _enrolment(call, cohort)
    filled = call.fill(decide_form(call, enrolment))
    name, what, words = by(call, filled), filled.string("besluit"), filled.string("notitie")
    call.chose(f"{CHOSEN[what].format(enrolment.person.name or '(gewist)')} Lichting: {cohort.code}.")
    if what == YES:
        intake.confirm(call.session, enrolment, by=name, now=call.now, bureau=call.bureau)
    elif what == STOP:
        intake.withdraw(call.session, enrolment, by=name, now=call.now, bureau=call.bureau)
    else:
        if not words:
            filled.problems["notitie"] = "Schrijf bij een afwijzing op waarom; de reden komt in de mail."
            raise Unfilled(filled)
        intake.reject(call.session, enrolment, by=name, reason=words, now=call.now)
    if what != NO:  # the reason of a rejection is kept with it
        remarks.on_deed(
            call.session, DECIDED[what], words, cohort_id=cohort.id, enrolment_id=enrolment.id, by=name, now=call.now
        )
    return call.to(f"{cohort.code}/mensen/{enrolment.id}")


def answer(call: Call) -> Response:
    """Record an answer that was given by phone."""
    cohort = cohort_page.of(call)
    enrolment = _enrolment(call, cohort)
    invitations = _invitations(call, enrolment)
    filled = call.fill(answer_form(call, invitations))
    given = [(i, filled.string(f"komst-{i.id}")) for i in invitations]
    if not any(value for _invitation, value in given):
        raise Refused("Kies bij ten minste één onderdeel wat de deelnemer zei.")
    for invitation, value in given:
        if value:
            replies.answer(
                call.session,
                invitation,
                Answer(value),
                via=Via.OPERATOR,
                now=call.now,
                bureau=call.bureau,
                comment=f"{by(call, filled)}: {filled.string('notitie')}",
            )
    return call.to(f"{cohort.code}/mensen/{enrolment.id}")


def decide_form(call: Call, enrolment: Enrolment) -> Form:
    """Return what can be decided about somebody now."""
    seated = enrolment.status is EnrolmentStatus.CONFIRMED
    choices = []
    if enrolment.status in {EnrolmentStatus.APPLIED, EnrolmentStatus.WAITLISTED}:
        choices.append(Choice(YES, "Plaatsen", "Is het vol, dan komt deze persoon op de wachtlijst."))
        choices.append(Choice(NO, "Afwijzen", "De mail gaat pas weg als je hem hebt goedgekeurd."))
    if seated or enrolment.status is EnrolmentStatus.OFFERED:
        choices.append(Choice(STOP, "Afmelden", "Op verzoek van de deelnemer. De plek gaat naar de volgende."))
    if not choices:
        return Form(())
    question = Field(
        "besluit",
        "Wat besluit je?",
        "je besluit",
        "choice",
        missing="Kies wat je besluit.",
        options=tuple(choices),
    )
    return deed(call, question, note("Notitie of reden"))


def answer_form(call: Call, invitations: list[Invitation]) -> Form:
    """Return a question for each invitation, for what somebody says on the phone."""
    options = tuple(Choice(a.value, labels.of_state(a)) for a in (Answer.ACCEPTED, Answer.TENTATIVE, Answer.DECLINED))
    asked = tuple(
        Field(
            f"komst-{i.id}",
            i.session.title,
            f"‘{i.session.title}’",
            "choice",
            required=False,
            options=options,
            in_a_row=True,
            says_optional=False,
        )
        for i in invitations
    )
    if not asked:
        return Form(())
    return deed(
        call, *asked, note("Wat zei de deelnemer?", required=True, missing="Schrijf op wie je sprak en wanneer.")
    )


def _invitations(call: Call, enrolment: Enrolment) -> list[Invitation]:
    found = call.session.scalars(_INVITATIONS, {"enrolment": enrolment.id})
    return sorted(found, key=lambda i: (i.session.starts_at or call.now, i.session.position))


def _enrolment(call: Call, cohort: Cohort) -> Enrolment:
    found = call.session.scalar(_THIS_ONE, {"cohort": cohort.id, "enrolment": int(call.path["enrolment"])})
    if found is None:
        raise NotFound("Deze deelnemer is er niet.")
    return found


def _in_words(options: Iterable[Option], given: str) -> str:
    return next((option.label for option in options if option.value == given), given)
