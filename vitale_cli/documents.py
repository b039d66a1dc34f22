"""What commands show, as documents with stable keys: moments in UTC, states in English, people by their number."""

from typing import TYPE_CHECKING, Any

from vitale_core.domain import worktime

if TYPE_CHECKING:
    from datetime import datetime

    from vitale_core.store.records import Cohort, CourseSession, Enrolment, Message, Task, Visit

Document = dict[str, Any]


def cohort(row: "Cohort") -> Document:
    """Return a cohort without its sessions."""
    return {
        "code": row.code,
        "title": row.programme.document["title"],
        "programme": row.programme.slug,
        "kind": row.kind,
        "status": row.status,
        "capacity": row.capacity,
        "minimum": row.minimum,
        "location": row.location,
        "next_due_at": row.next_due_at,
    }


def session(row: "CourseSession") -> Document:
    """Return a gathering."""
    return {
        "name": row.name,
        "kind": row.kind,
        "day": row.day,
        "title": row.title,
        "status": row.status,
        "start": row.starts_at,
        "end": row.ends_at,
        "location": row.location,
    }


def enrolment(row: "Enrolment") -> Document:
    """Return a person in a cohort."""
    return {
        "id": row.id,
        "person": row.person_id,
        "name": row.person.name,
        "email": row.person.email,
        "organisation": row.person.organisation,
        "status": row.status,
        "source": row.source,
        "applied_at": row.applied_at,
    }


def message(row: "Message") -> Document:
    """Return a mail without its content."""
    return {
        "id": row.id,
        "kind": row.kind,
        "status": row.status,
        "person": row.person_id,
        "name": row.person.name,
        "subject": row.subject,
        "why": row.why,
        "outcome": row.outcome,
        "due_at": row.due_at,
        "leaves_at": row.not_before,
        "next_attempt_at": row.next_attempt_at if row.status == "queued" else None,
        "stale_at": row.stale_at,
        "ended_at": row.ended_at,
        "approved_by": row.approved_by,
        "approved_at": row.approved_at,
        "template": row.template_version,
        "key": row.key,
        "message_id": row.message_id,
    }


def visit(row: "Visit") -> Document:
    """Return a visit of a group to a project."""
    return {
        "id": row.id,
        "group": row.group.number,
        "status": row.status,
        "project": row.project.title,
        "organisation": row.project.host.organisation,
        "place": row.project.place,
        "start": row.slot.starts_at,
        "end": row.slot.ends_at,
        "session": row.session.name if row.session else None,
        "reason": row.reason,
    }


def task(row: "Task") -> Document:
    """Return something that waits for a person."""
    return {
        "id": row.id,
        "kind": row.kind,
        "what": row.what,
        "command": row.command,
        "due_at": row.due_at,
        "created_at": row.created_at,
    }


def short(moment: "datetime | None") -> str:
    """Write a moment for a column: "do 18-03-2027 09.30"."""
    if moment is None:
        return "-"
    here = worktime.local(moment)
    return f"{worktime.DAYS[here.weekday()][:2]} {here:%d-%m-%Y %H.%M}"
