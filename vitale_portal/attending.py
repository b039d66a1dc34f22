"""Coming or not: answers to invitations, and the poll about a date."""

from starlette.responses import Response

from vitale_core.domain.errors import Refused
from vitale_core.domain.states import HAS_A_SEAT, Answer, Via
from vitale_core.steps import replies, terugkomdag
from vitale_core.store.records import CourseSession, Invitation
from vitale_portal import standing
from vitale_portal.doors import Call, Unfilled
from vitale_portal.forms import Choice, Field, Form, Part
from vitale_portal.standing import Standing
from vitale_portal.views import clock, day

COMING = (
    Choice(Answer.ACCEPTED.value, "Ja, ik kom"),
    Choice(Answer.TENTATIVE.value, "Misschien"),
    Choice(Answer.DECLINED.value, "Nee"),
)
FITS = (Choice("yes", "Ja"), Choice("if_needed", "Liever niet"), Choice("no", "Nee"))
COMMENT = "opmerking"


def show(call: Call) -> Response:
    """Show what this person is invited to, with the answers so far."""
    s = _seated(call)
    form = coming_form(s)
    known = {_name(i): i.answer.value for i in s.to_answer if i.answer is not Answer.NEEDS_ACTION}
    return call.page(
        "participant/coming.html",
        s=s,
        form=form,
        filled=call.filled or form.shown(known),
        by_phone=[i for i in s.to_answer if i.answer_via is Via.OPERATOR],
        deadline=s.moment(s.programme.rsvp_deadline),
        answers={i.id: i for i in s.to_answer},
    )


def send(call: Call) -> Response:
    """Record each answer that differs from the last one."""
    s = _seated(call)
    filled = call.fill(coming_form(s))
    given = [(i, Answer(filled.string(_name(i)))) for i in s.to_answer if filled.string(_name(i))]
    if not given:
        if not s.to_answer:
            raise Refused("Er is nu geen uitnodiging om op te antwoorden.")
        filled.problems[_name(s.to_answer[0])] = "Kies bij ten minste één onderdeel of je komt."
        raise Unfilled(filled)
    for invitation, answer in given:
        if answer is not invitation.answer or invitation.answer_sequence != invitation.sequence:
            replies.answer(
                call.session,
                invitation,
                answer,
                via=Via.PAGE,
                now=call.now,
                bureau=call.bureau,
                comment=filled.string(COMMENT),
            )
    return call.to("rsvp")


def coming_form(s: Standing) -> Form:
    """Return one question for each invitation, day by day; nothing is chosen beforehand."""
    parts = []
    for gathering in s.gatherings:
        here = {session.id for session in gathering.sessions}
        asked = [i for i in s.to_answer if i.session_id in here]
        if asked and gathering.start and gathering.end:
            when = f"{day(gathering.start)}, {clock(gathering.start)} tot {clock(gathering.end)} uur"
            place = f" in {gathering.location}" if gathering.location else ""
            parts.append(Part(tuple(_question(i) for i in asked), title=gathering.title, text=f"{when}{place}."))
    comment = Field(COMMENT, "Wil je er iets bij zeggen?", "je opmerking", "long", required=False, most=500)
    return Form((*parts, Part((comment,)))) if parts else Form(())


def show_poll(call: Call) -> Response:
    """Show the dates of each gathering that has none yet."""
    s = _seated(call)
    form = poll_form(s)
    known = {f"datum-{option}": choice for option, choice in s.votes.items()}
    return call.page(
        "participant/poll.html",
        s=s,
        form=form,
        filled=call.filled or form.shown(known),
        deadline=s.moment(s.programme.poll_deadline),
        chosen=[g for g in s.gatherings if g.start and g.sessions[0].id in s.polls],
    )


def send_poll(call: Call) -> Response:
    """Keep which dates fit."""
    s = _seated(call)
    filled = call.fill(poll_form(s))
    for session in s.open_polls:
        choices = {option.id: filled.string(f"datum-{option.id}") for option in s.polls[session.id]}
        terugkomdag.vote(call.session, s.enrolment, session.id, choices, now=call.now)
    return call.to("prikker")


def poll_form(s: Standing) -> Form:
    """Return one question for each date of each open poll."""
    return Form(tuple(_poll_part(s, session) for session in s.open_polls))


def _poll_part(s: Standing, session: CourseSession) -> Part:
    fields = []
    for option in s.polls[session.id]:
        when = f"{day(option.starts_at)}, {clock(option.starts_at)} tot {clock(option.ends_at)} uur"
        fields.append(
            Field(
                f"datum-{option.id}",
                when[:1].upper() + when[1:],
                when,
                "choice",
                missing=f"Kies of je kunt op {when}.",
                options=FITS,
                in_a_row=True,
            )
        )
    return Part(tuple(fields), title=session.title)


def _question(invitation: Invitation) -> Field:
    session = invitation.session
    start, end = session.starts_at, session.ends_at
    assert start is not None  # noqa: S101 - only what has a date is asked
    assert end is not None  # noqa: S101 - the same
    title = session.title
    return Field(
        _name(invitation),
        f"{title}, {clock(start)} tot {clock(end)} uur",
        f"‘{title}’",
        "choice",
        required=False,
        options=COMING,
        in_a_row=True,
        says_optional=False,
    )


def _name(invitation: Invitation) -> str:
    return f"komst-{invitation.id}"


def _seated(call: Call) -> Standing:
    s = standing.of(call)
    if s.enrolment.status not in HAS_A_SEAT:
        raise Refused("Deze pagina is er voor wie een plek heeft.", remedy="Op je overzicht zie je hoe het nu staat.")
    return s
