"""A server says that a mail did not arrive: which mail it was, and what follows."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.incoming_mails import report
from tests.post import BUREAU, TUESDAY
from vitale_core.domain.incoming import Bounce
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post.bounces import take_bounce
from vitale_core.store.records import Attempt, Incoming, Relay, Suppression


@pytest.mark.parametrize("way", ["address", "envelope id", "message id"])
def test_a_bounce_finds_its_mail(inbox, way):
    number, message_id = inbox.sent()
    back = report(number=number, message_id=message_id).split(b"Delivered-To: ")[1].split(b"\r\n")[0].decode()
    inbox.put(
        {
            "address": report(number=number, message_id=message_id),
            "envelope id": report(envelope_id=back.partition("+")[2].partition("@")[0]),
            "message id": report(original=message_id),
        }[way]
    )

    inbox.read()

    row = inbox.row(number)
    assert row.status is MessageStatus.BOUNCED
    assert "het adres bestaat niet" in row.outcome
    assert "anna" not in row.outcome
    assert inbox.tasks() == {"address": 1}
    with inbox.database.read() as session:
        assert session.scalars(select(Suppression.active)).all() == [True]


def test_a_bounce_with_a_mark_that_is_not_ours_changes_nothing(inbox):
    number, _ = inbox.sent()
    inbox.put(report(to=f"training+b{number}-{'0' * 16}@vitale.example"))

    inbox.read()

    assert inbox.row(number).status is MessageStatus.SENT
    assert inbox.rows(Incoming.outcome) == ["ignored"]


def test_a_delay_on_the_way_is_noted_and_no_more(inbox):
    number, message_id = inbox.sent()
    inbox.put(report(number=number, message_id=message_id, action="delayed", status="4.4.1", said="smtp; no route"))

    inbox.read()

    assert inbox.row(number).status is MessageStatus.SENT
    with inbox.database.read() as session:
        assert session.scalars(select(Attempt.what)).all() == ["delayed"]


def test_a_full_mailbox_counts_half_a_point_a_day_and_blocks_at_three(inbox):
    full = {"status": "4.2.2", "said": "smtp; 452 4.2.2 mailbox full"}
    scores = []
    for day in range(6):
        inbox.now = TUESDAY + timedelta(days=day, minutes=day)
        for copy in range(2):
            number, message_id = inbox.sent(subject=f"{day}-{copy}")
            inbox.put(report(number=number, message_id=message_id, **full))
        inbox.read()
        with inbox.database.read() as session:
            scores.append(session.execute(select(Suppression.score, Suppression.active)).one())

    assert [tuple(s) for s in scores] == [
        (0.5, False),
        (1.0, False),
        (1.5, False),
        (2.0, False),
        (2.5, False),
        (3.0, True),
    ]
    assert inbox.tasks()["address"] == 1


def test_a_refusal_by_policy_is_not_the_fault_of_the_address(inbox):
    number, message_id = inbox.sent()
    inbox.put(report(number=number, message_id=message_id, status="5.7.1", said="smtp; 550 5.7.1 spam"))

    inbox.read()

    assert inbox.row(number).status is MessageStatus.BOUNCED
    assert inbox.tasks() == {"mail": 1}
    with inbox.database.read() as session:
        assert session.scalars(select(Suppression.active)).all() == []
        assert session.scalars(select(Relay.name)).all() == ["to gemeente.test"]


@pytest.mark.parametrize("status", ["", "onbekend", "5.1", "9.1.1"])
@pytest.mark.parametrize(
    "said,words",
    [
        ("smtp; 550 5.1.1 no such user", "het adres bestaat niet"),
        ("smtp; 550-5.1.1 no such user", "het adres bestaat niet"),
        ("550 5.1.1 no such user", "het adres bestaat niet"),
        ("smtp; host mx.test[10.5.1.1] said: 550 no such user", "het adres bestaat niet"),
        ("smtp; 5.7.1 blocked", "de ontvanger weigert onze mail"),
        ("smtp; 554 blocked", "de ontvanger weigert onze mail"),
        ("smtp; 452 4.2.2 mailbox full", "de mailbox is al een dag vol"),
        ("smtp; 571 not wanted", "de mailserver weigert de mail voorgoed"),
        ("smtp; 421 try later", "de ontvangende server gaf het op"),
        ("x-unix; no route", "de ontvangende server gaf het op"),
        ("", "de ontvangende server gaf het op"),
    ],
)
def test_without_a_status_the_words_of_the_server_tell_why(inbox, status, said, words):
    number, message_id = inbox.sent()
    inbox.put(report(number=number, message_id=message_id, status=status, said=said))

    inbox.read()

    row = inbox.row(number)
    assert row.status is MessageStatus.BOUNCED
    assert row.outcome.startswith(f"Niet aangekomen: {words}")
    assert row.outcome.endswith(".")
    assert "()" not in row.outcome


def test_a_bounce_ends_the_doubt_about_an_uncertain_mail(inbox):
    number, message_id = inbox.sent(status=MessageStatus.UNCERTAIN, uncertain_at=TUESDAY)
    inbox.put(report(number=number, message_id=message_id))

    inbox.read()

    assert inbox.row(number).status is MessageStatus.BOUNCED


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_report_of_a_mail_that_went_on_changes_nothing(inbox, action):
    number, message_id = inbox.sent()
    inbox.put(report(number=number, message_id=message_id, action=action, status="2.0.0"))

    inbox.read()

    assert inbox.row(number).status is MessageStatus.SENT
    assert inbox.rows(Incoming.outcome) == ["ignored"]


def test_a_second_report_of_the_same_mail_changes_nothing(inbox):
    number, message_id = inbox.sent()
    for said in ("smtp; 550 no such user", "smtp; 550 nobody of that name"):
        inbox.put(report(number=number, message_id=message_id, said=said))
        inbox.read()

    assert inbox.row(number).status is MessageStatus.BOUNCED
    assert inbox.rows(Incoming.outcome)[1] == "ignored"


def test_a_report_of_a_mail_that_had_failed_already_leaves_its_outcome(inbox):
    number, message_id = inbox.sent(status=MessageStatus.FAILED, outcome="Geweigerd.")
    inbox.put(report(number=number, message_id=message_id))

    inbox.read()

    assert (inbox.row(number).status, inbox.row(number).outcome) == (MessageStatus.FAILED, "Geweigerd.")


def test_a_report_in_words_waits_for_a_person(inbox):
    number, message_id = inbox.sent()
    bounce = Bounce(action="", status="", said="", marks=(), message_ids=(message_id,))

    with inbox.database.write() as session:
        outcome, why = take_bounce(session, bounce, now=TUESDAY, bureau=BUREAU)

    assert (outcome, str(number) in why) == ("task", True)
    assert inbox.row(number).status is MessageStatus.SENT
