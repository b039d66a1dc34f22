"""Invitations and cancellations as people receive them."""

from datetime import UTC, datetime

import pytest

from tests.adapters.calendar_parts import (
    AMSTERDAM,
    BUREAU,
    NASTY,
    PIET,
    event,
    feed_event,
    letter,
    only_entry,
    received,
    vevents,
)
from vitale_core.adapters import ics
from vitale_core.adapters.replies import calendar_reply, mail

# what people receive


def test_an_invitation_as_it_is_sent(golden):
    golden(ics.request(event()), "ics/request.ics")


def test_a_cancellation_as_it_is_sent(golden):
    golden(ics.cancel(event(sequence=2, stamp=datetime(2027, 2, 3, 9, 15, tzinfo=UTC))), "ics/cancel.ics")


def test_an_invitation_with_nasty_texts_as_it_is_sent(golden):
    nasty = event(
        summary=f'Dagdeel 3 en 4: "{NASTY}" \\o/ 🌱',
        location=NASTY,
        description='Eén regel;\r\nnog één, met "aanhalingstekens"\rpad S:\\Notulen\\nieuw\u2028👩🏽‍🏫 tot dan',
        organizer_name='Bureau "Voorbeeld", Utrecht; afd. planning: training',
        attendee_name='Zoë "de" Çelik-Ångström, MSc',
    )

    golden(ics.request(nasty), "ics/request-nasty.ics")


def test_a_feed_as_it_is_fetched(golden):
    summer = feed_event(
        uid="f-a@agenda.bureau.example",
        start=datetime(2027, 4, 8, 9, 30, tzinfo=AMSTERDAM),
        end=datetime(2027, 4, 8, 16, 0, tzinfo=AMSTERDAM),
        cancelled=True,
        sequence=1,
    )

    golden(
        ics.feed("Mijn training", [summer, feed_event()], source_url="https://training.bureau.example/agenda/x.ics"),
        "ics/feed.ics",
    )


def test_a_download_as_it_is_fetched(golden):
    golden(ics.download([feed_event(), feed_event(uid="f-b@b.example", cancelled=True)]), "ics/download.ics")


def test_a_reply_of_the_demonstration(golden):
    answer = ics.reply(
        ics.request(event(sequence=3, summary=NASTY)), "ACCEPTED", now=datetime(2027, 2, 2, 10, 0, tzinfo=UTC)
    )

    golden(answer, "ics/reply.ics")


# one invitation


def test_a_calendar_shows_what_was_sent():
    entry = only_entry(event(summary=NASTY, location=NASTY, description="Regel 1\nRegel 2; en, meer\\"))

    assert entry.start_utc == datetime(2027, 3, 18, 8, 30, tzinfo=UTC)
    assert entry.end_utc == datetime(2027, 3, 18, 15, 0, tzinfo=UTC)
    assert entry.summary == entry.location == NASTY
    assert entry.description == "Regel 1\nRegel 2; en, meer\\"
    assert entry.organizer == BUREAU


@pytest.mark.parametrize("order", ["in order", "reversed", "only the last", "all twice"])
def test_a_moved_session_stands_once_and_at_its_new_time(order):
    later = event(
        sequence=1,
        stamp=datetime(2027, 2, 2, 8, 0, tzinfo=UTC),
        start=datetime(2027, 3, 25, 9, 30, tzinfo=AMSTERDAM),
        end=datetime(2027, 3, 25, 16, 0, tzinfo=AMSTERDAM),
    )
    mails = [("REQUEST", ics.request(event())), ("REQUEST", ics.request(later))]
    mails = {
        "in order": mails,
        "reversed": mails[::-1],
        "only the last": mails[1:],
        "all twice": mails * 2,
    }[order]

    (entry,) = received(*mails).visible().values()

    assert entry.start_utc == later.start
    assert entry.sequence == 1


@pytest.mark.parametrize("order", [1, -1])
def test_a_cancelled_session_disappears(order):
    gone = event(sequence=1, stamp=datetime(2027, 2, 2, 8, 0, tzinfo=UTC))
    mails = [("REQUEST", ics.request(event())), ("CANCEL", ics.cancel(gone))]

    assert received(*mails[::order]).visible() == {}


def test_a_cancelled_event_is_not_sent_as_a_request():
    with pytest.raises(ValueError, match=r"cancel\(\)"):
        ics.request(event(cancelled=True))


def test_a_cancellation_says_so_whatever_the_event_says():
    assert ics.cancel(event()) == ics.cancel(event(cancelled=True))


def test_the_reply_of_the_demonstration_is_read_as_any_other():
    asked = ics.request(event(sequence=4, summary="S:\\Notulen, dag 1"))
    part = ics.reply(asked, "TENTATIVE", now=datetime(2027, 2, 2, 10, tzinfo=UTC), comment="Nog; niet\nzeker")

    reply = calendar_reply(mail(letter(part, method="REPLY", to=BUREAU, sender=PIET)))

    assert reply is not None
    assert (reply.uid, reply.attendee, reply.partstat) == (event().uid, PIET, "tentative")
    assert (reply.sequence, reply.stamp) == (4, datetime(2027, 2, 2, 10, tzinfo=UTC))
    assert reply.comment == "Nog; niet\nzeker"
    assert vevents(part)[0].one("SUMMARY").text() == "S:\\Notulen, dag 1"


@pytest.mark.parametrize("part", [b"geen agenda", b"", ics.download([]), ics.download([feed_event()])])
def test_a_reply_needs_an_invitation(part):
    with pytest.raises(ValueError, match="no invitation"):
        ics.reply(part, "ACCEPTED", now=datetime(2027, 2, 2, 10, tzinfo=UTC))


# what is not sent


@pytest.mark.parametrize(
    "address",
    [
        "",
        "p",
        "p@",
        "@b.example",
        " p@b.example",
        "p@b..example",
        "p@[10.0.0.1]",
        "é@b.example",
        "p@bücher.example",
        "mailto:p@b.example",
        "Piet Jansen <p@b.example>",
        "p@b.example, q@b.example",
        "p@b.example\r\nX:1",
        "a" * 250 + "@b.example",
    ],
)
@pytest.mark.parametrize("role", ["organizer_address", "attendee_address"])
def test_an_address_that_is_not_bare_is_refused(role, address):
    with pytest.raises(ValueError, match="not a bare ASCII mail address") as caught:
        event(**{role: address})

    assert not address or address not in str(caught.value) or address == "p"


@pytest.mark.parametrize("address", ["o'brien+training@b.example", "a.b-c_d@xn--bcher-kva.example", "p@localhost"])
def test_an_odd_address_is_an_address(address):
    (vevent,) = vevents(ics.request(event(attendee_address=address)))

    assert vevent.one("ATTENDEE").value == f"mailto:{address}"


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("uid", "", "a UID has"),
        ("uid", "x" * 256, "a UID has"),
        ("uid", "x\r\ny", "a UID has"),
        ("sequence", -1, "SEQUENCE"),
        ("end", datetime(2027, 3, 18, 9, 30, tzinfo=AMSTERDAM), "ends after it starts"),
        ("zone", "Europe/Brussels", "Europe/Amsterdam only"),
    ],
)
def test_an_event_that_no_calendar_can_hold_is_refused(name, value, message):
    with pytest.raises(ValueError, match=message):
        event(**{name: value})


# the hash


@pytest.mark.parametrize(
    "change",
    [
        {"start": datetime(2027, 3, 18, 9, 45, tzinfo=AMSTERDAM)},
        {"end": datetime(2027, 3, 18, 16, 15, tzinfo=AMSTERDAM)},
        {"summary": "Dagdeel 1"},
        {"location": "Online"},
        {"description": ""},
        {"cancelled": True},
    ],
)
def test_what_a_person_sees_changes_the_hash(change):
    assert ics.content_hash(event(**change)) != ics.content_hash(event())


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 5},
        {"stamp": datetime(2027, 2, 9, tzinfo=UTC)},
        {"attendee_name": "P. Jansen"},
        {"start": datetime(2027, 3, 18, 8, 30, tzinfo=UTC)},
        {"summary": " Dagdeel 1 en 2:  Kijk anders\nnaar participatie"},
    ],
)
def test_what_a_person_does_not_see_leaves_the_hash(change):
    assert ics.content_hash(event(**change)) == ics.content_hash(event())


def test_feed_and_invitation_hash_alike():
    pair = feed_event(description=event().description)

    assert ics.content_hash(pair) == ics.content_hash(event())
