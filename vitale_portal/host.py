"""The pages of a host, in "u": may a group come, when, what they need to know, and how it was."""

from datetime import datetime, time

from sqlalchemy import bindparam, select
from sqlalchemy.orm import contains_eager, joinedload
from starlette.responses import Response

from vitale_core.domain import worktime
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.practical import Practical
from vitale_core.domain.states import BOOKS_THE_SLOT, HAS_A_SEAT, PlanStatus, VisitStatus
from vitale_core.steps import details, hosting, hosts, werkbezoek
from vitale_core.steps.programmes import programme_of
from vitale_core.store.gather import OWNERS, gather
from vitale_core.store.records import Cohort, Group, GroupMember, Host, Person, Plan, Project, Slot, Visit
from vitale_portal.doors import Call, Unfilled
from vitale_portal.forms import Choice, Field, Filled, Form, Part, form

BY = "gastheer"
YES, NO, OTHER = "ja", "nee", "anders"
OTHER_DATES = (1, 2, 3)
SHOWN = (VisitStatus.ASKED, VisitStatus.CONFIRMED, VisitStatus.HELD, VisitStatus.REPORTED)

_VISITS = (
    select(Visit)
    .join(Visit.project)
    .join(Project.host)
    .join(Visit.group)
    .join(Plan, Group.plan_id == Plan.id)
    .where(Host.contact_id == bindparam("contact"), Visit.cohort_id == bindparam("cohort"))
    .where(Visit.status.in_(SHOWN), Plan.status == PlanStatus.APPROVED)
    .options(contains_eager(Visit.project).contains_eager(Project.host), contains_eager(Visit.group))
    .options(joinedload(Visit.session))
    .order_by(Visit.id)
)
_MEMBERS = (
    select(GroupMember, GroupMember.group_id)
    .where(GroupMember.group_id.in_(OWNERS))
    .options(joinedload(GroupMember.enrolment))
    .order_by(GroupMember.enrolment_id)
)
_PROJECTS = (
    select(Project)
    .join(Project.host)
    .where(Host.contact_id == bindparam("contact"), Project.active.is_(True))
    .options(contains_eager(Project.host))
    .order_by(Project.id)
)

FOUR = (
    Field(
        "verzamelen",
        "Waar spreken we af?",
        "de plek waar we afspreken",
        most=300,
        required=False,
        hint="Bijvoorbeeld: bij de poort aan de Tuinlaan.",
    ),
    Field(
        "toegang",
        "Hoe komt men binnen?",
        "hoe men binnenkomt",
        most=300,
        required=False,
        hint="Zeg ook of het met een rolstoel kan, en of er trappen zijn.",
    ),
    Field("parkeren", "Waar kan men parkeren?", "waar men kan parkeren", most=300, required=False),
    Field(
        "contact",
        "Wie bellen we op de dag zelf?",
        "wie we op de dag bellen",
        most=300,
        required=False,
        hint="Een naam en een telefoonnummer. De groep ziet dit pas als het bezoek vaststaat.",
    ),
)
PRACTICAL: Form = form(
    *FOUR,
    Field(
        "praktisch",
        "Wat moet de groep verder weten?",
        "wat de groep verder moet weten",
        "long",
        most=1000,
        required=False,
    ),
)
LOOK_BACK: Form = form(
    Field("hoe", "Hoe was het bezoek voor u?", "hoe het bezoek was", "long", required=False, most=2000),
    Field(
        "weer",
        "Wilt u nog eens een groep ontvangen?",
        "uw antwoord",
        "choice",
        missing="Kies of u nog eens een groep wilt ontvangen.",
        options=(Choice("ja", "Ja, graag"), Choice("misschien", "Misschien"), Choice("nee", "Liever niet")),
    ),
)
OWN: Form = form(
    Field("naam", "Uw naam", "uw naam", least=2, most=120, autocomplete="name"),
    Field("telefoon", "Uw telefoonnummer", "uw telefoonnummer", "tel", required=False, autocomplete="tel"),
)


def overview(call: Call) -> Response:
    """Show the visits and projects of this host in this cohort."""
    person, cohort = _who(call)
    return call.page(
        "host/overview.html",
        formal=True,
        person=person,
        cohort=cohort,
        programme=programme_of(cohort),
        visits=_visits(call),
        projects=_projects(call),
    )


def show_visit(call: Call) -> Response:
    """Show one visit: a question to answer, or how it stands."""
    person, _cohort = _who(call)
    visit = visit_of(call)
    asked = answer_form(visit)
    return call.page(
        "host/visit.html",
        formal=True,
        person=person,
        visit=visit,
        form=asked,
        filled=call.filled or asked.shown(_told(visit.project) | {"praktisch": visit.host_note}),
        over=visit.slot.ends_at <= call.now,
        members=[m.enrolment.person for m in visit.group.members if m.enrolment.status in HAS_A_SEAT],
    )


def answer_visit(call: Call) -> Response:
    """Take a yes, a no or other dates."""
    visit = visit_of(call)
    filled = call.fill(answer_form(visit))
    answer, note = filled.string("antwoord"), filled.string("praktisch")
    page = f"bezoek/{visit.id}"
    if answer == YES:
        project = visit.project
        hosting.set_practical(call.session, project, _practical(filled, more=project.practical), by=BY, now=call.now)
        werkbezoek.confirm_visit(call.session, visit, by=BY, now=call.now, bureau=call.bureau, note=note)
    elif answer == NO:
        werkbezoek.refuse_visit(
            call.session, visit, by=BY, reason=filled.string("reden"), now=call.now, bureau=call.bureau
        )
        return call.to()
    else:
        for start, end in _moments(filled):
            werkbezoek.propose_other_date(call.session, visit, start, end, by=BY, now=call.now, bureau=call.bureau)
    return call.to(page)


def answer_form(visit: Visit) -> Form:
    """Return the question to a host; who said yes may still change the date or cancel."""
    first = "Ja, deze datum is goed" if visit.status is VisitStatus.ASKED else "Het bezoek gaat door zoals het staat"
    answer = Field(
        "antwoord",
        "Wat is uw antwoord?",
        "uw antwoord",
        "choice",
        missing="Kies uw antwoord.",
        options=(
            Choice(YES, first),
            Choice(OTHER, "Ik stel een andere datum voor", "Vul hieronder een tot drie momenten in."),
            Choice(NO, "Nee, wij kunnen de groep niet ontvangen"),
        ),
    )
    note = Field(
        "praktisch",
        "Wat moet deze groep verder weten?",
        "wat deze groep verder moet weten",
        "long",
        required=False,
        most=1000,
    )
    reason = Field(
        "reden",
        "Kunt u niet? Wilt u zeggen waarom?",
        "de reden",
        required=False,
        most=300,
        hint="Dan vragen we u geen dingen die toch niet kunnen.",
    )
    return Form(
        (
            Part((answer,)),
            Part((*FOUR, note), title="Bij een ja"),
            *(_other_part(nr) for nr in OTHER_DATES),
            Part((reason,), title="Bij een nee"),
        )
    )


def show_dates(call: Call) -> Response:
    """Show the moments a project offers."""
    person, cohort = _who(call)
    project = _project(call)
    asked = dates_form()
    booked = set(
        call.session.scalars(
            select(Visit.slot_id).where(Visit.project_id == project.id, Visit.status.in_(BOOKS_THE_SLOT))
        )
    )
    offered = [s for s in project.slots if s.withdrawn_at is None and s.starts_at > call.now]
    return call.page(
        "host/dates.html",
        formal=True,
        person=person,
        project=project,
        offered=offered,
        booked=booked,
        window=hosts.visit_window(cohort, bureau=call.bureau),
        form=asked,
        filled=call.filled or asked.shown({}),
    )


def send_dates(call: Call) -> Response:
    """Add moments, or take one back."""
    project = _project(call)
    back = f"data/{project.id}"
    withdrawn = call.sent.get("intrekken")
    if isinstance(withdrawn, str):
        slot = call.session.get(Slot, int(withdrawn)) if withdrawn.isdecimal() and len(withdrawn) < 12 else None  # noqa: PLR2004 - fits the column
        if slot is None or slot.project_id != project.id:
            raise NotFound("Dit moment is er niet.")
        hosts.withdraw_slot(call.session, slot, by=BY, now=call.now)
        return call.to(back)
    filled = call.fill(dates_form())
    hosts.offer_slots(call.session, project, _moments(filled), by=BY, now=call.now)
    return call.to(back)


def dates_form() -> Form:
    """Return three moments to fill in."""
    return Form(tuple(_other_part(nr, heading="Moment") for nr in OTHER_DATES))


def show_practical(call: Call) -> Response:
    """Show what a group must know of a project."""
    person, _cohort = _who(call)
    project = _project(call)
    return call.page(
        "host/practical.html",
        formal=True,
        person=person,
        project=project,
        form=PRACTICAL,
        filled=call.filled or PRACTICAL.shown(_told(project)),
    )


def send_practical(call: Call) -> Response:
    """Keep it."""
    project = _project(call)
    filled = call.fill(PRACTICAL)
    told = _practical(filled, more=filled.string("praktisch"))
    hosting.set_practical(call.session, project, told, by=BY, now=call.now)
    return call.to(f"praktisch/{project.id}")


def show_look_back(call: Call) -> Response:
    """Ask two questions after a visit."""
    person, _cohort = _who(call)
    visit = visit_of(call)
    return call.page(
        "host/look_back.html",
        formal=True,
        person=person,
        visit=visit,
        over=visit.slot.starts_at <= call.now,
        form=LOOK_BACK,
        filled=call.filled or LOOK_BACK.shown({}),
    )


def send_look_back(call: Call) -> Response:
    """Keep the answers."""
    visit = visit_of(call)
    filled = call.fill(LOOK_BACK)
    hosting.look_back(call.session, visit, words=filled.string("hoe"), again=filled.string("weer"), by=BY, now=call.now)
    return call.to(f"terugblik/{visit.id}")


def show_own(call: Call) -> Response:
    """Show what we know of the host."""
    person, _cohort = _who(call)
    known = {"naam": person.name or "", "telefoon": person.phone or ""}
    return call.page("host/own.html", formal=True, person=person, form=OWN, filled=call.filled or OWN.shown(known))


def send_own(call: Call) -> Response:
    """Keep the corrections."""
    person, _cohort = _who(call)
    filled = call.fill(OWN)
    given = {"name": filled.string("naam"), "phone": filled.string("telefoon")}
    details.correct(call.session, person, given, by=BY, now=call.now, bureau=call.bureau)
    return call.to("gegevens")


def _told(project: Project) -> dict[str, object]:
    """Return what is known of a project, by the names of the fields."""
    return {
        "verzamelen": project.meeting_point,
        "toegang": project.entrance,
        "parkeren": project.parking,
        "contact": project.day_contact,
        "praktisch": project.practical,
    }


def _practical(filled: Filled, *, more: str) -> Practical:
    meeting_point, entrance, parking, day_contact = (filled.string(field.name) for field in FOUR)
    return Practical(meeting_point, entrance, parking, day_contact, more)


def _other_part(nr: int, heading: str = "Bij een andere datum: moment") -> Part:
    fields = (
        Field(f"datum-{nr}", "Datum", f"datum {nr}", "date", required=False, says_optional=False),
        Field(f"van-{nr}", "Van", f"begintijd {nr}", "time", required=False, says_optional=False),
        Field(f"tot-{nr}", "Tot", f"eindtijd {nr}", "time", required=False, says_optional=False),
    )
    return Part(fields, title=f"{heading} {nr}", beside=True, folded=nr > 1)


def _moments(filled: Filled) -> list[tuple[datetime, datetime]]:
    """Return the moments that were filled in; half a moment, or none at all, goes back to the page."""
    found = []
    for nr in OTHER_DATES:
        day, start, end = (filled.values.get(f"{part}-{nr}") for part in ("datum", "van", "tot"))
        if day is None and start is None and end is None:
            continue
        for part, value, say in (
            ("datum", day, "de datum"),
            ("van", start, "de begintijd"),
            ("tot", end, "de eindtijd"),
        ):
            if value is None:
                filled.problems[f"{part}-{nr}"] = f"Vul ook {say} van moment {nr} in."
        if not filled.problems:
            assert not isinstance(day, str | int | list)  # noqa: S101 - a date field holds a date
            assert isinstance(start, time)  # noqa: S101 - a time field a time
            assert isinstance(end, time)  # noqa: S101 - the same
            assert day is not None  # noqa: S101 - the same
            if end <= start:
                filled.problems[f"tot-{nr}"] = f"De eindtijd van moment {nr} ligt niet na de begintijd."
            else:
                found.append((worktime.wall_clock(day, start), worktime.wall_clock(day, end)))  # type: ignore[arg-type]
    if not found and not filled.problems:
        filled.problems["datum-1"] = "Vul ten minste één moment in: een datum, een begintijd en een eindtijd."
    if filled.problems:
        raise Unfilled(filled)
    return found


def _who(call: Call) -> tuple[Person, Cohort]:
    link = call.the_link
    cohort = call.session.get(Cohort, link.cohort_id) if link.cohort_id else None
    if cohort is None or link.person.erased_at is not None:
        raise NotFound("Deze link werkt niet of niet meer.")
    return link.person, cohort


def _visits(call: Call) -> list[Visit]:
    """Return the visits to projects of this host in the cohort of the link."""
    link = call.the_link
    found = call.session.scalars(_VISITS, {"contact": link.person_id, "cohort": link.cohort_id}).all()
    gather(call.session, [visit.group for visit in found], Group.members, _MEMBERS)
    return sorted(found, key=lambda visit: visit.slot.starts_at)


def visit_of(call: Call) -> Visit:
    """Return the visit of the address, when it is one of this host."""
    wanted = int(call.path["visit"])
    found = next((visit for visit in _visits(call) if visit.id == wanted), None)
    if found is None:
        raise NotFound("Dit bezoek is er niet.")
    return found


def _projects(call: Call) -> list[Project]:
    return list(call.session.scalars(_PROJECTS, {"contact": call.the_link.person_id}))


def _project(call: Call) -> Project:
    wanted = int(call.path["project"])
    found = next((project for project in _projects(call) if project.id == wanted), None)
    if found is None:
        raise NotFound("Dit project is er niet.")
    return found


__all__ = ["Refused", "answer_form", "answer_visit", "dates_form", "overview"]
