"""One cohort at a glance: timeline, four numbers, who is where; whether it goes ahead; and its log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, select
from starlette.responses import Response

from vitale_core.domain import worktime
from vitale_core.domain.pictures import timeline
from vitale_core.domain.states import EnrolmentStatus, MessageStatus, TaskStatus, VisitStatus
from vitale_core.steps import cohorts, facts
from vitale_core.steps.post import remarks
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import AuditEvent, Cohort, Enrolment, Message, Person, Task, Visit
from vitale_portal.doors import Call
from vitale_portal.forms import Choice, Field, Form
from vitale_portal.office import matrix
from vitale_portal.office.deeds import by, deed, note
from vitale_portal.office.today import bundled, is_late, open_tasks

MOST_EVENTS = 200
LATE_KINDS = ("intake-silent", "rsvp-silent")
GO, NO_GO = "ja", "nee"

_COHORT: BindParameter[int] = bindparam("cohort")
_TRAINER = select(Person).where(Person.id == bindparam("person"))
_NAMES = select(Enrolment.id, Person.name).join(Person).where(Enrolment.cohort_id == _COHORT)
_MAILS = select(
    func.count().filter(Message.status == MessageStatus.AWAITING_APPROVAL),
    func.count().filter(Message.status == MessageStatus.QUEUED, Message.not_before < bindparam("evening")),
).where(Message.cohort_id == _COHORT)
_SILENT = select(func.count()).where(Visit.cohort_id == _COHORT, Visit.status == VisitStatus.ASKED)


def of(call: Call) -> Cohort:
    """Return the cohort of the address; NotFound when there is none."""
    return cohorts.get(call.session, str(call.path["code"]))


def common(call: Call, cohort: Cohort, tab: str) -> dict[str, Any]:
    """Return what every page of a cohort shows."""
    return {
        "cohort": cohort,
        "programme": programme_of(cohort),
        "tab": tab,
        "base": f"/beheer/{cohort.code}",
        "trainer": call.session.scalars(_TRAINER, {"person": cohort.trainer_id}).one(),
        "seated": cohorts.seats_taken(call.session, cohort),
    }


def show(call: Call) -> Response:
    """Show the cohort."""
    cohort = of(call)
    known = facts.load(call.session, cohort, bureau=call.bureau)
    waiting = open_tasks(call, cohort.id)
    late = {(task.kind, task.enrolment_id) for task in waiting if task.kind in LATE_KINDS and task.enrolment_id}
    today = worktime.local(call.now, known.zone).date()
    names = dict(call.session.execute(_NAMES, {"cohort": cohort.id}).tuples().all())
    evening = worktime.wall_clock(today, worktime.OFFICE_CLOSES, known.zone)
    approve, leaving = call.session.execute(_MAILS, {"cohort": cohort.id, "evening": evening}).one()
    return call.page(
        "office/cohort.html",
        **common(call, cohort, "overzicht"),
        picture=timeline(list(matrix.marks(known, call.now)), today, title=f"Tijdlijn van {cohort.code}"),
        columns=matrix.columns(known),
        lines=matrix.lines(known, late, call.now),
        names=names,
        signs=matrix.SIGNS,
        waiting=bundled(call, waiting),
        late=sum(1 for task in waiting if is_late(task, call.now)),
        approve=approve,
        leaving=leaving,
        silent=call.session.scalar(_SILENT, {"cohort": cohort.id}),
    )


def show_go(call: Call) -> Response:
    """Show what is known before the choice whether the cohort goes ahead."""
    cohort = of(call)
    counts = dict(
        call.session.execute(
            select(Enrolment.status, func.count()).where(Enrolment.cohort_id == cohort.id).group_by(Enrolment.status)
        )
        .tuples()
        .all()
    )
    form = _go_form(call)
    return call.page(
        "office/go.html",
        **common(call, cohort, "overzicht"),
        confirmed=counts.get(EnrolmentStatus.CONFIRMED, 0),
        applied=counts.get(EnrolmentStatus.APPLIED, 0),
        waitlisted=counts.get(EnrolmentStatus.WAITLISTED, 0),
        form=form,
        filled=call.filled or form.shown({}),
    )


def go(call: Call) -> Response:
    """Let the cohort go ahead, or cancel it."""
    cohort = of(call)
    filled = call.fill(_go_form(call))
    name = by(call, filled)
    goes = filled.string("besluit") == GO
    call.chose(f"Lichting {cohort.code} gaat {'door' if goes else 'niet door'}.")
    if goes:
        cohorts.go(call.session, cohort, by=name, now=call.now, bureau=call.bureau)
        what, words = "Besloten dat de lichting doorgaat.", filled.string("notitie")
        remarks.on_deed(call.session, what, words, cohort_id=cohort.id, by=name, now=call.now)
    else:
        reason = filled.string("notitie")
        cohorts.cancel(call.session, cohort, by=name, reason=reason, now=call.now, bureau=call.bureau)
    return call.to(cohort.code)


def show_log(call: Call) -> Response:
    """Show who did what, the newest first."""
    cohort = of(call)
    events = call.session.scalars(
        select(AuditEvent).where(AuditEvent.cohort_id == cohort.id).order_by(AuditEvent.id.desc()).limit(MOST_EVENTS)
    ).all()
    closed = call.session.scalars(
        select(Task)
        .where(Task.cohort_id == cohort.id, Task.status != TaskStatus.OPEN)
        .order_by(Task.closed_at.desc())
        .limit(MOST_EVENTS)
    ).all()
    titles = {plan.name: plan.title for plan in programme_of(cohort).rounds}
    return call.page("office/log.html", **common(call, cohort, "logboek"), events=events, closed=closed, titles=titles)


def change(call: Call, cohort: Cohort, title: str, form: Form, known: Mapping[str, object] | None = None) -> Response:
    """Show the form of a change; without fields there is nothing to choose from."""
    return call.page(
        "office/change.html",
        **common(call, cohort, "wijzigen"),
        title=title,
        form=form,
        filled=call.filled or form.shown(known or {}),
    )


def _go_form(call: Call) -> Form:
    choice = Field(
        "besluit",
        "Gaat deze lichting door?",
        "het besluit",
        "choice",
        missing="Kies of de lichting doorgaat.",
        options=(
            Choice(GO, "Ja, de lichting gaat door", "De uitnodigingen gaan uit."),
            Choice(NO_GO, "Nee, de lichting gaat niet door", "Iedereen krijgt bericht, met je notitie als reden."),
        ),
    )
    return deed(call, choice, note("Reden of notitie"))
