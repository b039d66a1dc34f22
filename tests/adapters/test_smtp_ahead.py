"""The envelope of the next mail goes along with the final dot of this one: quicker, and nothing is promised by it."""

import asyncio

import pytest

from tests.adapters.test_smtp import BODY, QUICK, parcel
from tests.chaos_smtp import ChaosServer, Fault
from vitale_core.adapters.smtp import SmtpServer
from vitale_core.domain.delivery import Ending, Parcel, Stage


def send_ahead(server: ChaosServer, *parcels: Parcel, said: list[Parcel] | None = None) -> list[Ending]:
    """Hand parcels over on one connection, each foretold; `said` are foretold instead of the true ones."""

    async def run() -> list[Ending]:
        foretold = iter(said if said is not None else parcels[1:])
        async with SmtpServer(host="127.0.0.1", port=server.port, size=1, patience=QUICK).connections() as connections:
            return [await connections.hand_over(p, marked, lambda: next(foretold, None)) for p in parcels]

    return asyncio.run(run())


async def marked() -> None:
    await asyncio.sleep(0.05)


def to(*names: str) -> list[Parcel]:
    return [parcel(number, f"{name}@gemeente.test") for number, name in enumerate(names, 1)]


def test_foretold_mails_arrive_once_each_with_their_own_receiver():
    with ChaosServer(pipelining=True) as server:
        endings = send_ahead(server, *to("anna", "bo", "carl"))

    assert [ending.code for ending in endings] == [250, 250, 250]
    assert server.bodies == [BODY] * 3
    assert [mail.rcpt for mail in server.taken] == ["anna@gemeente.test", "bo@gemeente.test", "carl@gemeente.test"]


@pytest.mark.parametrize("said", ["other@gemeente.test", "a@b.test>\r\nRCPT TO:<everybody@gemeente.test"])
def test_a_mail_that_was_foretold_and_does_not_come_is_not_sent(said):
    """Another comes in its place; an address that is none is not said at all."""
    with ChaosServer(pipelining=True) as server:
        endings = send_ahead(server, *to("anna", "bo"), said=[parcel(9, said)])

    assert [ending.code for ending in endings] == [250, 250]
    assert [mail.rcpt for mail in server.taken] == ["anna@gemeente.test", "bo@gemeente.test"]


def test_a_last_mail_that_was_foretold_and_never_comes_is_not_sent():
    with ChaosServer(pipelining=True) as server:
        (ending,) = send_ahead(server, *to("anna"), said=to("bo"))

    assert ending.code == 250
    assert any("bo@gemeente.test" in command for command in server.commands), "its envelope was said"
    assert [mail.rcpt for mail in server.taken] == ["anna@gemeente.test"]


@pytest.mark.parametrize(
    "fault,first,second",
    [
        (Fault.DOT_LOST, (Stage.DOT, None), (Stage.DOT, 250)),  # the answer never came: that is about the first alone
        (Fault.DOT_HANG, (Stage.DOT, None), (Stage.DOT, 250)),
        (Fault.BODY_DROP, (Stage.DATA, None), (Stage.DOT, 250)),
    ],
)
def test_what_happens_to_one_mail_says_nothing_of_the_next(fault, first, second):
    with ChaosServer(
        pipelining=True, plan=lambda rcpt, _nth: fault if rcpt.startswith("anna") else Fault.NONE
    ) as server:
        endings = send_ahead(server, *to("anna", "bo"))

    assert [(ending.stage, ending.code) for ending in endings] == [first, second]
    assert [mail.rcpt for mail in server.taken].count("bo@gemeente.test") == 1


def test_a_mail_whose_address_was_corrected_meanwhile_goes_to_the_new_one():
    """It has the number of the mail that was foretold, and not its envelope."""
    anna, old = to("anna", "old")
    with ChaosServer(pipelining=True) as server:
        endings = send_ahead(server, anna, parcel(old.id, "new@gemeente.test"), said=[old])

    assert [ending.code for ending in endings] == [250, 250]
    assert [mail.rcpt for mail in server.taken] == ["anna@gemeente.test", "new@gemeente.test"]


def test_a_receiver_that_is_refused_ahead_is_refused_when_its_turn_comes():
    with ChaosServer(
        pipelining=True, plan=lambda rcpt, _nth: Fault.RCPT_550 if rcpt.startswith("bo") else Fault.NONE
    ) as server:
        endings = send_ahead(server, *to("anna", "bo", "carl"))

    assert [(ending.stage, ending.code) for ending in endings] == [
        (Stage.DOT, 250),
        (Stage.RCPT, 550),
        (Stage.DOT, 250),
    ]
