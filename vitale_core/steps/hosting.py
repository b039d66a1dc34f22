"""What a host tells on the own page besides yes or no: practical information, and afterwards how it was."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.errors import Refused
from vitale_core.domain.practical import Practical
from vitale_core.domain.states import TaskStatus
from vitale_core.steps import audit, people, tasks, visits
from vitale_core.store.database import touch
from vitale_core.store.records import Project, Task, Visit

LOOK_BACK = "host-look-back"
"""The kind of the task that holds what a host told afterwards."""

FOUR = ("meeting_point", "entrance", "parking", "day_contact")
"""What every group asks, a line each."""

AGAIN = {"ja": "graag nog eens", "misschien": "misschien nog eens", "nee": "liever niet nog eens"}


def set_practical(session: Session, project: Project, told: Practical, *, by: str, now: datetime) -> bool:
    """Keep where to come, how to get in, how to park and whom to call; say whether it differs from what was known.

    Letters of the cohorts that visit this project and still wait are made anew.
    """
    lines = {name: people.clean_line(getattr(told, name), longest=300) for name in FOUR}
    clean = lines | {"practical": people.clean_text(told.more, longest=1000)}
    if all(getattr(project, name) == text for name, text in clean.items()):
        return False
    for name, text in clean.items():
        setattr(project, name, text)
    session.flush()
    for cohort_id in session.scalars(
        select(Visit.cohort_id).where(Visit.project_id == project.id, Visit.status.in_(visits.LIVE)).distinct()
    ).all():
        touch(session, cohort_id)
    audit.note(session, what="practical information", actor=by, object_kind="project", object_id=project.id, now=now)
    return True


def look_back(session: Session, visit: Visit, *, words: str, again: str, by: str, now: datetime) -> Task:
    """Keep how the visit was for the host, as a task for the operator; telling it again replaces the first.

    `again` is a key of AGAIN: whether the host would receive a group once more.
    """
    if again not in AGAIN:
        raise Refused("Kies of u nog eens een groep wilt ontvangen.")
    if not visits.begun(visit, now):
        raise Refused("Dit bezoek is nog niet geweest.")
    key = f"{LOOK_BACK}/{visit.id}"
    task = tasks.owe_task(
        session,
        key=key,
        kind=LOOK_BACK,
        what=f"De gastheer van bezoek {visit.id} keek terug: {AGAIN[again]}.",
        cohort_id=visit.cohort_id,
        visit_id=visit.id,
        now=now,
    )
    if task is None:
        task = session.scalars(select(Task).where(Task.key == key, Task.status == TaskStatus.OPEN)).one()
        task.what = f"De gastheer van bezoek {visit.id} keek terug: {AGAIN[again]}."
    task.note = people.clean_text(words, longest=2000)
    audit.note(
        session,
        what="host looked back",
        actor=by,
        cohort_id=visit.cohort_id,
        object_kind="visit",
        object_id=visit.id,
        now=now,
    )
    return task
