"""The forms of the operator about mail and tasks."""

import pytest
from sqlalchemy import select

from flows import intake, post
from tests.aanmeldingen import apply
from tests.flows.asking import CODE, ask, in_database, status_of
from tests.training import NOW, a_cohort, mails_of, tasks_of
from vitale_core.domain.errors import NeedsApproval
from vitale_core.domain.states import CohortStatus, MessageStatus
from vitale_core.steps import cohorts
from vitale_core.store.records import CourseSession, Message

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def a_mail(app, **facts):
    """An owed mail in the state that a person has to look at."""
    with app.database.write() as session:
        apply(session, a_cohort(session, status=CohortStatus.OPEN))
        [mail] = mails_of(session, "receipt")
        for field, value in facts.items():
            setattr(mail, field, value)
        return mail.id


def test_a_mail_is_approved_by_the_code_of_the_text_that_was_shown(app):
    number = a_mail(app, status=MessageStatus.AWAITING_APPROVAL, content_hash="abcdef0123456789")

    for wrong in ("abcde", "ffffff", ""):
        with pytest.raises(NeedsApproval):
            ask(post.approve_mail, number, wrong, "Marijke")
    ask(post.approve_mail, number, "ABCDEF", "Marijke")

    assert status_of(app, Message, number) is MessageStatus.QUEUED


@pytest.mark.parametrize(
    "what,becomes",
    [(post.Settlement.ARRIVED, MessageStatus.SENT), (post.Settlement.SEND_AGAIN, MessageStatus.QUEUED)],
)
def test_a_doubtful_mail_is_settled_either_way(app, what, becomes):
    number = a_mail(app, status=MessageStatus.UNCERTAIN, uncertain_at=NOW)

    ask(post.settle_mail, number, what)

    assert status_of(app, Message, number) is becomes


def test_a_doubtful_mail_that_never_came_and_is_too_late_ends_as_skipped(app):
    number = a_mail(app, status=MessageStatus.UNCERTAIN, uncertain_at=NOW, stale_at=NOW)

    said = ask(post.settle_mail, number, post.Settlement.SEND_AGAIN)

    assert status_of(app, Message, number) is MessageStatus.SKIPPED
    assert "overgeslagen" in said


def test_nothing_here_leaves_a_task_that_is_done(app):
    in_database(app, a_cohort, status=CohortStatus.OPEN)
    with app.database.write() as session:
        number = apply(session, cohorts.get(session, CODE)).id
        assert len(tasks_of(session, "decide")) <= 1

    ask(intake.decide_applicant, number, intake.Decision.CONFIRM)

    with app.database.read() as session:
        assert [t for t in tasks_of(session, "decide") if t.enrolment_id == number] == []
        assert session.scalar(select(CourseSession.id).limit(1))
