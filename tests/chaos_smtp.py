"""A mail server that misbehaves on demand or by seed, and writes down what it took.

`Fault` names what goes wrong and where. A mail counts as taken from the moment the server has the final dot, whether
its answer arrives or not: the log is what "delivered" means in every test. As a program it survives whoever it serves:
`python -m tests.chaos_smtp LOG` prints its port; there the address says what goes wrong (`by_name`).
"""

import asyncio
import contextlib
import hashlib
import random
import re
import ssl
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Self


class Fault(StrEnum):
    """What the server does wrong with one mail."""

    NONE = "none"
    REFUSE = "refuse"  # closes the connection without a word
    GREET_421 = "greet 421"
    MAIL_451 = "mail 451"
    MAIL_DROP = "mail drop"
    OUT_OF_STEP = "503"
    RCPT_450 = "rcpt 450"
    RCPT_452 = "rcpt 452 full"
    RCPT_550 = "rcpt 550"
    RCPT_DROP = "rcpt drop"
    DATA_451 = "data 451"
    DATA_DROP = "data drop"
    BODY_DROP = "body drop"  # closes while the body comes in
    DOT_451 = "dot 451"
    DOT_550 = "dot 550 policy"
    DOT_LOST = "dot lost"  # takes the mail and closes: the answer never comes
    DOT_EATEN = "dot eaten"  # closes at the dot without taking the mail
    DOT_HANG = "dot hang"  # takes the mail and says nothing more
    DOT_LATE = "dot late"  # takes the mail and answers after a while
    GARBAGE = "garbage"  # takes the mail and answers nonsense


TAKES = {Fault.NONE, Fault.DOT_LOST, Fault.DOT_HANG, Fault.DOT_LATE, Fault.GARBAGE}
REFUSES = {Fault.MAIL_451, Fault.OUT_OF_STEP, Fault.RCPT_450, Fault.RCPT_452, Fault.RCPT_550}
AT_CONNECT = {Fault.REFUSE, Fault.GREET_421}
LATE = 0.05


class Taken(NamedTuple):
    """One mail that the server has."""

    rcpt: str
    message_id: str
    digest: str
    fault: str


@dataclass
class ChaosServer:
    """The server, in a thread of its own. `plan` chooses the fault for (recipient, how often it was tried)."""

    plan: Callable[[str, int], Fault] = lambda _rcpt, _nth: Fault.NONE
    at_connect: Callable[[int], Fault] = lambda _nth: Fault.NONE
    tls: ssl.SSLContext | None = None
    starttls: bool = True  # whether it is offered, when there is a certificate
    log: Path | None = None
    pipelining: bool = True  # several commands may come in one go
    careless: bool = False  # goes ahead with DATA although it refused the receiver
    greeting_delay: float = 0
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    size: int = 10_000_000
    port: int = 0

    def __enter__(self) -> Self:
        self._tries: dict[str, int] = {}
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self.serve())

    async def serve(self) -> None:
        self._stop = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass
        finally:
            self._talks.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        at_connect = self.at_connect(self.connections)
        if at_connect is Fault.REFUSE:
            return
        await asyncio.sleep(self.greeting_delay)
        await _say(writer, "421 4.3.2 not now" if at_connect is Fault.GREET_421 else "220 chaos ESMTP")
        fault, rcpt, secure = Fault.NONE, "", False
        while line := await reader.readline():
            command = line.decode("latin-1").strip()
            self.commands.append(command)
            verb = command.upper().split(" ")[0]
            if verb == "EHLO":
                offers = ["chaos", f"SIZE {self.size}", "DSN", "8BITMIME"]
                offers += ["PIPELINING"] if self.pipelining else []
                offers += ["STARTTLS"] if self.tls and self.starttls and not secure else []
                await _say(writer, "".join(f"250-{offer}\r\n" for offer in offers) + "250 HELP")
            elif verb == "STARTTLS" and self.tls:
                await _say(writer, "220 go ahead")
                await writer.start_tls(self.tls)
                secure = True
            elif verb == "MAIL":
                await _say(writer, "250 2.1.0 ok")
            elif verb == "RCPT":
                rcpt = re.sub(r"^RCPT TO:<(.*?)>.*$", r"\1", command, flags=re.IGNORECASE).lower()
                fault = self._next(rcpt)
                if not await self._before_the_dot(writer, fault):
                    return
            elif verb == "DATA":
                if fault in REFUSES and not self.careless:
                    await _say(writer, "503 5.5.1 no receiver")
                    continue
                if fault in {Fault.DATA_451, Fault.DATA_DROP}:
                    if fault is Fault.DATA_DROP:
                        return
                    await _say(writer, "451 4.3.0 later")
                    continue
                await _say(writer, "354 go on")
                if not await self._take(reader, writer, rcpt, fault):
                    return
            elif verb == "QUIT":
                await _say(writer, "221 bye")
                return
            else:
                await _say(writer, "250 ok")

    async def _before_the_dot(self, writer: asyncio.StreamWriter, fault: Fault) -> bool:
        """Answer RCPT; False when the connection must close."""
        if fault in {Fault.RCPT_DROP, Fault.MAIL_DROP}:
            return False
        answer = {
            Fault.MAIL_451: "451 4.3.0 later",
            Fault.OUT_OF_STEP: "503 5.5.1 nested",
            Fault.RCPT_450: "450 4.2.0 greylisted",
            Fault.RCPT_452: "452 4.2.2 mailbox full",
            Fault.RCPT_550: "550 5.1.1 no such user",
        }.get(fault, "250 2.1.5 ok")
        await _say(writer, answer)
        return True

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rcpt: str, fault: Fault) -> bool:
        """Read the body and answer the dot; False when the connection must close."""
        if fault is Fault.BODY_DROP:
            await reader.readline()
            return False
        body = await reader.readuntil(b"\r\n.\r\n")
        body = body[:-3].replace(b"\r\n..", b"\r\n.")
        if fault in TAKES:
            found = re.search(rb"(?mi)^message-id:\s*(\S+)", body)
            self._took(Taken(rcpt, found[1].decode() if found else "", hashlib.sha256(body).hexdigest(), fault), body)
        if fault in {Fault.DOT_LOST, Fault.DOT_EATEN}:
            return False
        if fault is Fault.DOT_HANG:
            await self._stop.wait()
        if fault is Fault.DOT_LATE:
            await asyncio.sleep(LATE)
        answer = {
            Fault.DOT_451: "451 4.3.0 later",
            Fault.DOT_550: "550 5.7.1 policy",
            Fault.GARBAGE: "what?",
        }.get(fault, "250 2.0.0 queued")
        await _say(writer, answer)
        return True

    def _next(self, rcpt: str) -> Fault:
        self._tries[rcpt] = nth = self._tries.get(rcpt, 0) + 1
        return self.plan(rcpt, nth)

    def _took(self, mail: Taken, body: bytes) -> None:
        self.taken.append(mail)
        self.bodies.append(body)
        if self.log:
            with self.log.open("a") as log:
                log.write("\t".join(mail) + "\n")


async def _say(writer: asyncio.StreamWriter, answer: str) -> None:
    writer.write(answer.encode() + b"\r\n")
    await writer.drain()


def by_seed(seed: int, chance: float, faults: Iterable[Fault] = tuple(Fault)) -> Callable[[str, int], Fault]:
    """Return a plan in which each try goes wrong by chance, in a way that the seed chooses; the same each run."""
    possible = sorted(set(faults) - AT_CONNECT - {Fault.NONE})

    def plan(rcpt: str, nth: int) -> Fault:
        dice = random.Random(f"{seed}/{rcpt}/{nth}")
        return dice.choice(possible) if dice.random() < chance else Fault.NONE

    return plan


def read_log(path: Path) -> list[Taken]:
    """Return what a server that logs to this file has taken."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [Taken(*line.split("\t")) for line in lines]


def by_name(rcpt: str, nth: int) -> Fault:
    """Return what the address itself asks for on the first try: `dot-lost.17@a.test` loses its answer once."""
    asked = rcpt.partition(".")[0].replace("-", " ")
    return Fault(asked) if asked in set(Fault) and (nth == 1 or asked == Fault.RCPT_550) else Fault.NONE


async def _main(log: str) -> None:
    server = ChaosServer(log=Path(log), plan=by_name)
    server._tries, server._ready = {}, threading.Event()
    serving = asyncio.ensure_future(server.serve())
    await asyncio.to_thread(server._ready.wait)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    await serving


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(*sys.argv[1:]))
