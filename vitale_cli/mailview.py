"""Look into the embedded mailbox: every mail as its reader sees it, and as it is.

A Starlette application over the folder of `adapters.sink`. It only reads, and it shows mail HTML in
a sandboxed frame without scripts. Loopback only; it is for a laptop, a demo and for tests.
"""

import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from vitale_core.domain import labels, worktime
from vitale_core.domain.kinds import Kind

SANDBOX = {"content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"}
PAGE = """<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:1rem}}
a{{color:#0b5cab}} table{{border-collapse:collapse;width:100%}}
th,td{{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884;vertical-align:top}}
iframe{{width:100%;height:44rem;border:1px solid #8886;background:#fff}}
pre{{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8886;padding:1rem}}
.kind{{font-size:.85rem;opacity:.75;white-space:nowrap}} nav a{{margin-right:1rem}}
@media(max-width:40rem){{td{{display:block;border:0;padding:0}}th{{display:none}}
td:last-child{{border-bottom:1px solid #8884}}}}
@media(prefers-color-scheme:dark){{body{{background:#15191e;color:#e8eaed}}a{{color:#8ab8f0}}}}
</style></head><body>{body}</body></html>"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail in the folder."""

    number: int
    path: Path
    message: EmailMessage

    @property
    def kind(self) -> str:
        """What Vitale calls it in its code."""
        return str(self.message.get("X-Vitale-Kind", ""))

    @property
    def sort(self) -> str:
        """What the bureau calls it; nothing for a mail of somebody else."""
        return labels.of_kind(self.kind) if self.kind in set(Kind) else ""

    @property
    def recipient(self) -> str:
        """The bare address it was delivered to."""
        return str(self.message.get("Delivered-To", "")).strip().casefold()

    @property
    def subject(self) -> str:
        """Its subject."""
        return str(self.message.get("Subject", ""))

    @property
    def moment(self) -> str:
        """When it left, in the time of the Netherlands."""
        return f"{worktime.local(self.date):%d-%m-%Y %H:%M}"

    @property
    def date(self) -> datetime:
        """Its Date header."""
        return parsedate_to_datetime(str(self.message["Date"]))

    def part(self, kind: str) -> str:
        """Return the first part of a content type as text, or nothing."""
        for part in self.message.walk():
            if part.get_content_type() == kind:
                payload = part.get_payload(decode=True)
                return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
        return ""


def read(folder: Path, *, after: int = 0) -> list[Kept]:
    """Return the mails of a Maildir in the order in which they came, without the first `after` of them."""
    paths = [path for name in ("new", "cur") for path in (folder / name).glob("*") if path.is_file()]
    paths.sort(key=lambda path: (path.stat().st_mtime_ns, path.name))
    return [Kept(number, path, parse(path.read_bytes())) for number, path in enumerate(paths[after:], after + 1)]


def parse(raw: bytes) -> EmailMessage:
    """Return a mail as the library's modern message object."""
    return email.message_from_bytes(raw, policy=email.policy.default)


def routes(folder: Path, prefix: str = "/post") -> list[Route]:
    """Return the pages of one mailbox, below a prefix."""

    def listing(request: Request) -> Response:
        wanted = request.query_params.get("aan", "")
        mails = [mail for mail in read(folder) if not wanted or mail.recipient == wanted.casefold()]
        rows = "".join(
            f"<tr><td>{mail.moment}</td><td><a href='{prefix}/{mail.number}'>{escape(mail.subject)}</a></td>"
            f"<td class=kind>{escape(mail.sort)}</td>"
            f"<td><a href='{prefix}?aan={escape(mail.recipient)}'>{escape(mail.recipient)}</a></td></tr>"
            for mail in mails
        )
        head = f"<nav><a href='/'>Begin</a> <a href='{prefix}'>Alle post</a></nav><h1>Postbus</h1>"
        count = "1 mail" if len(mails) == 1 else f"{len(mails)} mails"
        words = f"<p>{count}{f' aan {escape(wanted)}' if wanted else ''}.</p>"
        if not mails:
            none = f"<p>Er is nog geen mail{f' aan {escape(wanted)}' if wanted else ''}. Ververs later.</p>"
            return HTMLResponse(PAGE.format(title="Postbus", body=head + none))
        table = f"<table><tr><th>Datum<th>Onderwerp<th>Soort<th>Aan</tr>{rows}</table>"
        return HTMLResponse(PAGE.format(title="Postbus", body=head + words + table))

    def one(request: Request) -> Response:
        mail = _find(folder, request.path_params["number"])
        if mail is None:
            return PlainTextResponse("Deze mail is er niet.", 404)
        calendar = mail.part("text/calendar")
        body = (
            f"<nav><a href='/'>Begin</a> <a href='{prefix}'>Alle post</a></nav><h1>{escape(mail.subject)}</h1>"
            f"<p>{mail.moment} · {escape(mail.sort)} · aan {escape(mail.recipient)}</p>"
            f"<h2>Zoals de lezer het ziet</h2><iframe sandbox src='{prefix}/{mail.number}/html' title='HTML'></iframe>"
            f"<h2>Tekst</h2><pre>{escape(mail.part('text/plain'))}</pre>"
            + (f"<h2>Agenda</h2><pre>{escape(calendar)}</pre>" if calendar else "")
            + f"<p><a href='{prefix}/{mail.number}/bron'>Bron</a></p>"
        )
        return HTMLResponse(PAGE.format(title=escape(mail.subject), body=body))

    def shown(read_part: Callable[[Kept], Response]) -> Callable[[Request], Response]:
        def endpoint(request: Request) -> Response:
            mail = _find(folder, request.path_params["number"])
            return PlainTextResponse("Deze mail is er niet.", 404) if mail is None else read_part(mail)

        return endpoint

    return [
        Route(prefix, listing),
        Route(f"{prefix}/{{number:int}}", one),
        Route(
            f"{prefix}/{{number:int}}/html",
            shown(lambda mail: HTMLResponse(mail.part("text/html"), headers=SANDBOX)),
        ),
        Route(
            f"{prefix}/{{number:int}}/bron",
            shown(lambda mail: PlainTextResponse(mail.path.read_bytes().decode("utf-8", "replace"))),
        ),
    ]


def _find(folder: Path, number: int) -> Kept | None:
    return next(iter(read(folder, after=number - 1)), None) if number > 0 else None
