"""Mails about an address that was corrected: the old calendar is cleared, the new one is filled."""

import asyncio

from tests.post import MemoryJournal, ScriptedServer
from tests.training import BUREAU, HERE, NOW, a_cohort, an_enrolment
from vitale_core.adapters.letters import MessageRenderer, load_letters
from vitale_core.domain.kinds import Kind
from vitale_core.steps import invitations, persons
from vitale_core.steps.content import content
from vitale_core.steps.post.rounds import deliver_due


def deliver(database) -> list[tuple[str, str]]:
    """Send what is due; return (kind, recipient) of each mail that arrived."""
    server = ScriptedServer()
    renderer = MessageRenderer(load_letters(), BUREAU, b"a secret", content)
    asyncio.run(
        deliver_due(database, server=server, letters=renderer, journal=MemoryJournal(), now=lambda: NOW, bureau=BUREAU)
    )
    kinds = [parcel.mime.partition(b"X-Vitale-Kind: ")[2].partition(b"\r\n")[0].decode() for parcel in server.kept]
    return sorted(zip(kinds, (parcel.recipient for parcel in server.kept), strict=True))


def test_a_corrected_address_clears_the_old_calendar_and_fills_the_new(database):
    with database.write() as session:
        cohort = a_cohort(session)
        noor = an_enrolment(session, cohort, "Noor Dijkstra")
        invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
        old, person = noor.person.email, noor.person_id
    invited = deliver(database)

    with database.write() as session:
        persons.correct_address(session, session.get_one(type(noor.person), person), "noor@elders.example", **HERE)
    corrected = deliver(database)

    assert invited == [(Kind.CALENDAR_INVITATION, old)] * 4
    assert [mail for mail in corrected if mail[0] in {Kind.CALENDAR_CANCEL, Kind.CALENDAR_INVITATION}] == [
        *[(Kind.CALENDAR_CANCEL, old)] * 4,
        *[(Kind.CALENDAR_INVITATION, "noor@elders.example")] * 4,
    ]
