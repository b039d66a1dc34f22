"""Conversations with a server that does everything wrong, one thing at a time."""

import asyncio
import contextlib
import time

import pytest

from tests.chaos_smtp import AT_CONNECT, TAKES, ChaosServer, Fault
from vitale_core.adapters.smtp import Patience, SmtpServer, stuffed
from vitale_core.domain.delivery import Ending, LeaseLost, Parcel, Stage, Verdict, judge

QUICK = Patience(connect=2, command=2, dot=0.4, whole=5)
BODY = b"From: a@b.test\r\nTo: c@d.test\r\nMessage-ID: <1@b.test>\r\n\r\nHallo\r\n.\r\n..twee\r\n"


def parcel(number: int = 1, to: str = "anna@gemeente.test", sender: str = "training+b1-0@vitale.example") -> Parcel:
    return Parcel(number, f"<{number}@b.test>", sender, to, BODY)


def send(server: ChaosServer, *parcels: Parcel, together: bool = False, **settings) -> list[Ending]:
    """Hand parcels over, on one connection after the other or all at once; `marked` lists who was marked."""
    settings = {"size": 1, "patience": QUICK, **settings}

    async def run() -> list[Ending]:
        async with SmtpServer(host="127.0.0.1", port=server.port, **settings).connections() as connections:
            if together:
                return await asyncio.gather(*(connections.hand_over(p, nothing) for p in parcels))
            return [await connections.hand_over(p, nothing) for p in parcels]

    return asyncio.run(run())


async def nothing() -> None:
    pass


def test_a_mail_arrives_byte_for_byte():
    with ChaosServer() as server:
        (ending,) = send(server, parcel())

    assert (ending.stage, ending.code) == (Stage.DOT, 250)
    assert server.bodies == [BODY]


def test_a_connection_is_kept_for_the_next_mail_and_closed_with_a_goodbye():
    with ChaosServer() as server:
        send(server, *(parcel(i) for i in range(5)))

    assert server.connections == 1
    assert server.commands[-1] == "QUIT"


def test_a_connection_is_renewed_after_so_many_mails():
    with ChaosServer() as server:
        send(server, *(parcel(i) for i in range(5)), patience=Patience(mails=2))

    assert server.connections == 3


def test_more_connections_talk_at_once_and_never_more_than_allowed():
    with ChaosServer(plan=lambda _rcpt, _nth: Fault.DOT_LATE) as server:
        send(server, *(parcel(i) for i in range(12)), together=True, size=3)

    assert server.connections == 3
    assert len(server.taken) == 12


EXPECTED = {
    Fault.NONE: Ending(Stage.DOT, 250, "2.0.0 queued"),
    Fault.REFUSE: Ending(Stage.CONNECT, None, "de mailserver verbrak de verbinding"),
    Fault.GREET_421: Ending(Stage.CONNECT, 421, "4.3.2 not now"),
    Fault.MAIL_451: Ending(Stage.RCPT, 451, "4.3.0 later"),
    Fault.MAIL_DROP: Ending(Stage.RCPT, None, "de mailserver verbrak de verbinding"),
    Fault.OUT_OF_STEP: Ending(Stage.RCPT, 503, "5.5.1 nested"),
    Fault.RCPT_450: Ending(Stage.RCPT, 450, "4.2.0 greylisted"),
    Fault.RCPT_452: Ending(Stage.RCPT, 452, "4.2.2 mailbox full"),
    Fault.RCPT_550: Ending(Stage.RCPT, 550, "5.1.1 no such user"),
    Fault.RCPT_DROP: Ending(Stage.RCPT, None, "de mailserver verbrak de verbinding"),
    Fault.DATA_451: Ending(Stage.DATA, 451, "4.3.0 later"),
    Fault.DATA_DROP: Ending(Stage.DATA, None, "de mailserver verbrak de verbinding"),
    Fault.DOT_451: Ending(Stage.DOT, 451, "4.3.0 later"),
    Fault.DOT_550: Ending(Stage.DOT, 550, "5.7.1 policy"),
    Fault.DOT_LOST: Ending(Stage.DOT, None, "de mailserver verbrak de verbinding"),
    Fault.DOT_EATEN: Ending(Stage.DOT, None, "de mailserver verbrak de verbinding"),
    Fault.DOT_HANG: Ending(Stage.DOT, None, "de mailserver antwoordde niet op tijd"),
    Fault.DOT_LATE: Ending(Stage.DOT, 250, "2.0.0 queued"),
    Fault.GARBAGE: Ending(Stage.DOT, None, "de mailserver antwoordde iets onbegrijpelijks"),
}


@pytest.mark.parametrize("pipelining", [True, False], ids=["in one go", "one by one"])
@pytest.mark.parametrize("fault", EXPECTED, ids=str)
def test_the_stage_is_known_whatever_goes_wrong_and_the_next_mail_is_not_touched_by_it(fault, pipelining):
    faults = {"bad@a.test": fault}
    nth = iter([fault] if fault in AT_CONNECT else [])
    with ChaosServer(
        plan=lambda rcpt, _nth: faults.get(rcpt, Fault.NONE),
        at_connect=lambda _nth: next(nth, Fault.NONE),
        pipelining=pipelining,
    ) as server:
        bad, good = send(server, parcel(1, "bad@a.test"), parcel(2, "good@a.test"))

    assert bad == EXPECTED[fault]
    assert good == Ending(Stage.DOT, 250, "2.0.0 queued")
    taken = [mail.rcpt for mail in server.taken]
    assert taken.count("good@a.test") == 1
    assert ("bad@a.test" in taken) == (fault in TAKES)
    verdict = judge(bad, attempts=0, seed="").verdict
    if verdict is not Verdict.UNCERTAIN:
        assert (verdict is Verdict.SENT) == ("bad@a.test" in taken), "what is certain is true"


@pytest.mark.parametrize("fault", [Fault.MAIL_451, Fault.RCPT_450, Fault.RCPT_550], ids=str)
def test_after_a_refusal_the_connection_goes_on(fault):
    with ChaosServer(plan=lambda rcpt, _nth: fault if rcpt.startswith("bad") else Fault.NONE) as server:
        send(server, parcel(1, "bad@a.test"), parcel(2, "good@a.test"))

    assert server.connections == 1
    assert server.commands[1:5] == [*server.commands[1:3], "DATA", "RSET"]


def test_a_server_that_goes_ahead_without_a_receiver_gets_no_dot():
    with ChaosServer(
        plan=lambda rcpt, _nth: Fault.RCPT_550 if rcpt.startswith("bad") else Fault.NONE, careless=True
    ) as server:
        bad, good = send(server, parcel(1, "bad@a.test"), parcel(2, "good@a.test"))

    assert bad == EXPECTED[Fault.RCPT_550]
    assert good.code == 250
    assert [mail.rcpt for mail in server.taken] == ["good@a.test"]
    assert server.connections == 2


@pytest.mark.parametrize(
    "pieces",
    [
        [b"250-2.1.0 o", b"k\r", b"\n250 2.1.0 ok\r\n250 2.1.5 ok\r\n35", b"4 go on\r\n"],
        [b"250 2.1.0 ok\n250 2.1.5 ok\n354 go on\n"],
    ],
    ids=["in pieces", "in one piece"],
)
def test_answers_are_put_together_however_they_come(pieces):
    ending = asyncio.run(one_talk([*pieces, None, b"250-2.0.0 queued\r\n250 as 4XYZ\r\n"]))

    assert ending == Ending(Stage.DOT, 250, "2.0.0 queued as 4XYZ")


def test_an_answer_that_nobody_asked_for_ends_the_conversation_before_the_dot():
    ending = asyncio.run(one_talk([b"250 ok\r\n250 ok\r\n354 go on\r\n250 and on\r\n", None, b"250 queued\r\n"]))

    assert (ending.stage, ending.code) == (Stage.DATA, None)


@pytest.mark.parametrize("after", [b"", b"250 2.0.0 ok\r\n", b"421 4.7.0 enough\r\n"])
def test_what_follows_nonsense_is_not_the_answer_to_the_dot(after):
    ending = asyncio.run(one_talk([b"250 ok\r\n250 ok\r\n354 go\r\n", None, b"\xff what?\r\n" + after]))

    assert (ending.stage, ending.code) == (Stage.DOT, None)


@pytest.mark.parametrize("endless", [b"250-" + b"x" * 70_000, b"250-\r\n" * 12_000], ids=["one line", "empty lines"])
def test_an_answer_without_an_end_is_not_kept_in_memory(endless):
    ending = asyncio.run(one_talk([endless, None]))

    assert (ending.stage, ending.code) == (Stage.MAIL, None)
    assert "onbegrijpelijk" in ending.text


async def one_talk(pieces: list[bytes | None]) -> Ending:
    """Hand one mail to a server that says these pieces after the envelope; None waits for the dot."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(b"220 here\r\n")
            await reader.readline()
            writer.write(b"250-here\r\n250 PIPELINING\r\n")
            await reader.readuntil(b"DATA\r\n")
            for piece in pieces:
                if piece is None:
                    await reader.readuntil(b"\r\n.\r\n")
                else:
                    writer.write(piece)
                    await asyncio.sleep(0.02)
            await reader.readuntil(b"QUIT\r\n")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        relay = SmtpServer(host="127.0.0.1", port=server.sockets[0].getsockname()[1], patience=QUICK)
        async with relay.connections() as connections:
            ending = await connections.hand_over(parcel(), lambda: asyncio.sleep(0.05))
        await gone.wait()
        return ending


def test_a_server_that_closes_while_the_body_comes_in_is_certain():
    marked = []

    async def mark() -> None:
        await asyncio.sleep(0.1)
        marked.append(1)

    async def run() -> Ending:
        async with SmtpServer(host="127.0.0.1", port=server.port, patience=QUICK).connections() as connections:
            return await connections.hand_over(parcel(), mark)

    with ChaosServer(plan=lambda _rcpt, _nth: Fault.BODY_DROP) as server:
        ending = asyncio.run(run())

    assert ending.stage is Stage.DATA
    assert ending.code is None


def test_an_idle_connection_that_the_server_closed_costs_the_next_mail_nothing():
    async def run() -> list[Ending]:
        async with SmtpServer(host="127.0.0.1", port=server.port, patience=QUICK).connections() as connections:
            first = await connections.hand_over(parcel(1, "lost@a.test"), nothing)
            for talk in list(server._talks):
                server._loop.call_soon_threadsafe(talk.cancel)
            await asyncio.sleep(0.1)
            return [first, await connections.hand_over(parcel(2), nothing)]

    with ChaosServer() as server:
        endings = asyncio.run(run())

    assert [ending.code for ending in endings] == [250, 250]


def test_a_cancelled_conversation_does_not_poison_its_connection():
    async def run() -> Ending:
        async with SmtpServer(host="127.0.0.1", port=server.port, size=1, patience=QUICK).connections() as connections:
            task = asyncio.ensure_future(connections.hand_over(parcel(1, "slow@a.test"), nothing))
            while not server.taken:  # noqa: ASYNC110 - the server has a loop of its own
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return await connections.hand_over(parcel(2, "next@a.test"), nothing)

    with ChaosServer(plan=lambda rcpt, _nth: Fault.DOT_HANG if rcpt.startswith("slow") else Fault.NONE) as server:
        ending = asyncio.run(run())

    assert ending.code == 250
    assert [mail.rcpt for mail in server.taken] == ["slow@a.test", "next@a.test"]
    assert server.connections == 2


def test_a_mark_that_is_refused_stops_before_the_dot():
    async def refused() -> None:
        raise LeaseLost

    async def run() -> None:
        async with SmtpServer(host="127.0.0.1", port=server.port, patience=QUICK).connections() as connections:
            with pytest.raises(LeaseLost):
                await connections.hand_over(parcel(), refused)
            await connections.hand_over(parcel(2), nothing)

    with ChaosServer() as server:
        asyncio.run(run())

    assert [mail.message_id for mail in server.taken] == ["<1@b.test>"]


def test_the_whole_conversation_is_bounded():
    async def slow() -> None:
        await asyncio.sleep(10)

    async def run() -> Ending:
        patience = Patience(whole=0.3)
        async with SmtpServer(host="127.0.0.1", port=server.port, patience=patience).connections() as connections:
            return await connections.hand_over(parcel(), slow)

    began = time.monotonic()
    with ChaosServer() as server:
        ending = asyncio.run(run())

    assert (ending.stage, ending.code) == (Stage.DATA, None)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "address",
    ["a@x.test> SIZE=1", "p@x.test, q@x.test", "a@x.test\r\nRCPT TO:<e@x.test>", "Jan <a@x.test>", "", "a", "é@x.test"],
)
def test_what_is_not_one_bare_address_is_never_said_to_a_server(address):
    with ChaosServer() as server:
        recipient, sender = send(server, parcel(to=address), parcel(sender=address))

    assert (recipient.stage, recipient.code) == (Stage.RCPT, 553)
    assert (sender.stage, sender.code) == (Stage.MAIL, 553)
    assert server.commands == []


def test_every_mail_has_exactly_one_recipient_and_the_server_hears_its_size():
    with ChaosServer() as server:
        send(server, parcel(1), parcel(2))

    said = [command.split(":")[0] for command in server.commands if command.startswith(("MAIL", "RCPT", "DATA"))]
    assert said == ["MAIL FROM", "RCPT TO", "DATA"] * 2
    assert all(f"SIZE={len(BODY)}" in command for command in server.commands if command.startswith("MAIL"))


def test_the_envelope_id_goes_along_so_that_a_bounce_brings_it_back():
    with ChaosServer() as server:
        send(server, parcel(sender="training+b17-0123456789abcdef@vitale.example"))

    assert any("RET=HDRS ENVID=b17-0123456789abcdef" in command for command in server.commands)


def test_a_login_that_is_refused_is_a_fault_of_the_relay():
    with ChaosServer() as server:
        (ending,) = send(server, parcel(), user="anna", password="secret")

    assert (ending.stage, server.taken) == (Stage.LOGIN, [])
    assert judge(ending, attempts=0, seed="").verdict is Verdict.RELAY_FAULT


@pytest.mark.parametrize(
    "given, carried",
    [
        (b"a\r\n.b\r\n", b"a\r\n..b\r\n"),
        (b".a\r\n", b"..a\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n"),
        (b"a\rb\r\n", b"a\r\nb\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_dots_are_doubled_and_lines_end_as_they_should(given, carried):
    assert stuffed(given) == carried
