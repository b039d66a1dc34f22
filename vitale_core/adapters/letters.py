"""Letters: from the facts of a message to its words, and from the words to the bytes of one mail.

A letter is three templates in `templates/mail/<kind>/`: subject.txt, body.txt and body.html. They hold words and
facts, no rules, and are read, inlined and compiled once. A name that is missing in the facts is an error, never an
empty place.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from vitale_core.adapters import ics, mime, wording
from vitale_core.adapters.stylesheet import InlinedTemplates, TemplateBroken
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.delivery import RenderedMail
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import CALENDAR, Kind
from vitale_core.domain.postmark import bounce_address, envelope_address

HOUSE = Path(__file__).parents[2] / "templates" / "mail"
PARTS = ("subject.txt", "body.txt", "body.html")
LONGEST = 200_000  # characters of one part: what makes more is broken

_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_STAMP = re.compile(rb"\r\nDTSTAMP:[^\r]*")


@dataclass(frozen=True, slots=True)
class Letter:
    """The words of one mail."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Letters:
    """All templates, ready to be filled in. `load_letters` makes it, once."""

    _compiled: Mapping[Kind, tuple[Template, ...]]
    _versions: Mapping[Kind, str]

    def render(self, kind: Kind | str, facts: Mapping[str, Any]) -> Letter:
        """Return the letter of this kind with these facts.

        Raises TemplateBroken with the template and the line when it asks for a fact that is not there, or does what a
        template may not.
        """
        seen = wording.visible(facts)
        words, text, html = self._compiled[Kind(kind)]
        subject = mime.one_line(_filled(words, seen))
        plain = _EMPTY_LINES.sub("\n\n", _filled(text, seen)).strip() + "\n"
        letter = Letter(subject, plain, _filled(html, {**seen, "subject": subject}))
        if not letter.subject or _CONTROL.search(letter.text) or _CONTROL.search(letter.html):
            raise TemplateBroken(f"De mailtekst {kind} heeft geen onderwerp, of tekens die niemand ziet.")
        return letter

    def version(self, kind: Kind | str) -> str:
        """Return 12 hex digits that change when the words of this kind may have changed."""
        return self._versions[Kind(kind)]


def load_letters(*own: Path) -> Letters:
    """Read every template, first from the folders of the bureau's own texts, then from the house's.

    Raises TemplateBroken with the template and the line of the first that is missing or cannot be read.
    """
    sources = InlinedTemplates([*own, HOUSE])
    environment = ImmutableSandboxedEnvironment(
        loader=sources,
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(wording.FILTERS)
    compiled = {kind: tuple(_compiled(environment, f"{kind}/{part}") for part in PARTS) for kind in Kind}
    for name in sources.shared:
        _compiled(environment, name)
    versions = {
        kind: sha256("\0".join(map(sources.text, (*sources.shared, *(f"{kind}/{p}" for p in PARTS)))).encode())
        for kind in Kind
    }
    return Letters(
        MappingProxyType(compiled), MappingProxyType({kind: v.hexdigest()[:12] for kind, v in versions.items()})
    )


@dataclass(frozen=True, slots=True)
class Marks:
    """What makes a mail this mail: all from the ledger, so that every rendering has the same."""

    message_id: str
    date: datetime
    kind: str
    key: str


def compose(
    letter: Letter,
    marks: Marks,
    *,
    sender: mime.Mailbox,
    recipient: mime.Mailbox,
    envelope_from: str,
    template_version: str,
    calendar: mime.Part | None = None,
) -> RenderedMail:
    """Return the letter as one mail to one recipient.

    The hash is over what the reader sees: to whom, the words and the calendar, without the moments of making. Raises
    Refused when the address is not exactly one, or when something does not fit in a header.
    """
    address = envelope_address(recipient.address)
    content = mime.write(
        mime.Mail(
            sender=sender,
            recipient=mime.Mailbox(recipient.name, address),
            subject=letter.subject,
            date=marks.date,
            message_id=marks.message_id,
            marks=(
                ("X-Vitale-Kind", marks.kind),
                ("X-Vitale-Key", marks.key),
                ("Auto-Submitted", "auto-generated"),  # RFC 3834: no holiday replies to us
                ("X-Auto-Response-Suppress", "OOF, AutoReply"),  # the same for Exchange; bounces still come
            ),
            text=letter.text,
            html=letter.html,
            calendar=calendar,
        )
    )
    seen = [part.encode() for part in (address, letter.subject, letter.text, letter.html)]
    if calendar is not None:
        seen.append(_STAMP.sub(b"", calendar.content))
    return RenderedMail(content, address, envelope_from, sha256(b"\0".join(seen)).hexdigest(), template_version)


@dataclass(frozen=True, slots=True)
class MessageRenderer:
    """Makes the mail of a row in the ledger: `delivery.Letters`.

    `content` gathers the facts of a message from the database: `steps.content.content`.
    """

    letters: Letters
    bureau: Bureau
    secret: bytes
    content: Callable[..., Mapping[str, Any]]

    def render(self, session: Any, message: Any, *, now: datetime) -> RenderedMail:  # noqa: ANN401 - Session, Message
        """Return the mail as it would leave now; the same facts give the same bytes.

        Raises Refused when there is nothing to say any more or nobody to say it to, TemplateBroken when the words
        cannot be made.
        """
        facts = self.content(session, message, now=now, bureau=self.bureau, secret=self.secret)
        kind = Kind(message.kind)
        if not message.person.email:
            raise Refused("Deze persoon heeft geen mailadres meer.")
        address = (
            message.payload.get("address") or message.person.email
        )  # a cancellation goes where the invitation went
        recipient = mime.Mailbox(message.person.name or "", envelope_address(address))
        return compose(
            self.letters.render(kind, facts),
            Marks(message.message_id, message.not_before, kind, message.key),
            sender=mime.Mailbox(self.bureau.mail_name, self.bureau.mail_address),
            recipient=recipient,
            envelope_from=bounce_address(
                message.id, message.message_id, secret=self.secret, mail_address=self.bureau.mail_address
            ),
            template_version=self.letters.version(kind),
            calendar=_calendar(kind, message.payload, self.bureau, recipient) if kind in CALENDAR else None,
        )


def _calendar(kind: Kind, event: Mapping[str, Any], bureau: Bureau, recipient: mime.Mailbox) -> mime.Part:
    """Return the calendar part of the event as it was frozen when the mail was owed."""
    cancelled = kind is Kind.CALENDAR_CANCEL
    try:
        frozen = ics.CalendarEvent(
            uid=event["uid"],
            sequence=event["sequence"],
            stamp=datetime.fromisoformat(event["stamp"]),
            start=datetime.fromisoformat(event["start"]),
            end=datetime.fromisoformat(event["end"]),
            summary=event["summary"],
            location=event["location"],
            description=event["description"],
            organizer_name=bureau.mail_name,
            organizer_address=envelope_address(bureau.mail_address),
            attendee_name=recipient.name,
            attendee_address=recipient.address,
            cancelled=cancelled,
        )
    except (KeyError, ValueError) as problem:
        raise Refused(f"De agenda-afspraak in deze mail kan niet gemaakt worden: {problem}.") from None
    return mime.Part(ics.cancel(frozen), "CANCEL") if cancelled else mime.Part(ics.request(frozen), "REQUEST")


def _compiled(environment: Environment, name: str) -> Template:
    try:
        return environment.get_template(name)
    except TemplateSyntaxError as problem:
        raise TemplateBroken(
            f"De mailtekst {problem.name or name}, regel {problem.lineno}, klopt niet: {problem.message}",
            remedy="Verbeter de tekst, of zet de oude terug.",
        ) from None


def _filled(template: Template, facts: Mapping[str, Any]) -> str:
    try:
        filled = template.render(facts)
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        # Only what Jinja says is repeated: another message may hold what somebody wrote.
        said = str(problem.message) if isinstance(problem, TemplateError) else type(problem).__name__
        raise TemplateBroken(
            f"De mailtekst {_place(problem, template)} klopt niet: {said}",
            remedy="Verbeter de tekst, of zet de oude terug.",
        ) from None
    if len(filled) > LONGEST:
        raise TemplateBroken(f"De mailtekst {template.name} werd langer dan {LONGEST} tekens.")
    return filled


def _place(problem: Exception, template: Template) -> str:
    """Return the template and the line in which it went wrong, also when that is one that it includes."""
    places = []
    trace = problem.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.name in {*PARTS, *InlinedTemplates.shared}:
            places.append(f"{path.parent.name}/{path.name}, regel {trace.tb_lineno},")
        trace = trace.tb_next
    return places[-1] if places else str(template.name)


__all__ = ["HOUSE", "Letter", "Letters", "Marks", "MessageRenderer", "TemplateBroken", "compose", "load_letters"]
