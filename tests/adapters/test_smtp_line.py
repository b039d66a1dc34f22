"""One connection to a mail server that stops reading."""

import asyncio

from vitale_core.adapters.smtp import Patience, SmtpServer
from vitale_core.domain.delivery import Parcel, Stage

BODY = b"From: a@b.test\r\n\r\n" + b"x" * 20_000_000 + b"\r\n"


def test_who_stops_reading_is_let_go_at_once_and_not_when_it_has_read_the_whole_mail():
    """Else each such mail keeps a connection for as long as the delivery lasts."""
    gave_up, read = asyncio.Event(), []

    async def stalls(reader, writer):
        writer.write(b"220 stalls\r\n")
        while line := await reader.readline():
            writer.write({b"EHLO": b"250 ok\r\n", b"DATA": b"354 go on\r\n"}.get(line[:4], b"250 ok\r\n"))
            if line.startswith(b"DATA"):
                writer.transport.pause_reading()
                await gave_up.wait()
                writer.transport.resume_reading()
                break
        try:
            while piece := await reader.read(2**20):
                read.append(len(piece))
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def never() -> None:
        raise AssertionError("nobody may mark a mail whose body was not taken")

    async def run():
        server = await asyncio.start_server(stalls, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, SmtpServer(host="127.0.0.1", port=port, patience=Patience(whole=0.5)).connections() as talk:
            ending = await talk.hand_over(Parcel(1, "<1@b.test>", "a@b.test", "c@d.test", BODY), never)
            await asyncio.sleep(0.05)
            gave_up.set()
            await asyncio.sleep(0.5)
        return ending

    ending = asyncio.run(run())

    assert (ending.stage, ending.code) == (Stage.DATA, None)
    assert sum(read) < len(BODY)
