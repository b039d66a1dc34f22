"""The mails of a cohort: what waits, what went, what did not go and why; and one mail exactly as it leaves."""

import email
import email.policy
from email.message import EmailMessage

from sqlalchemy import Integer, bindparam, select
from starlette.responses import HTMLResponse, Response

from vitale_core.domain import agenda
from vitale_core.domain.errors import NotFound
from vitale_core.domain.programme import Rule
from vitale_core.domain.states import MessageStatus
from vitale_core.steps import facts
from vitale_core.steps.post import postbook, remarks, settling
from vitale_core.store.records import Cohort, Message, Mime, Person
from vitale_portal.doors import Call
from vitale_portal.forms import Choice, Field, Form
from vitale_portal.office import cohort as cohort_page
from vitale_portal.office.deeds import by, deed, note
from vitale_portal.upcoming import page_of

COMING = 30
MOST_SHOWN = 50
STATES = tuple(MessageStatus)
FRAME = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
LETTER = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
"""A mail is shown without scripts, forms, or anything from elsewhere, in a frame of our own page alone."""

_MAILS = (
    select(
        Message.id,
        Message.kind,
        Message.status,
        Message.ended_at,
        Message.not_before,
        Message.outcome,
        Message.why,
        Person.name,
    )
    .join(Message.person)
    .where(Message.cohort_id == bindparam("cohort"), Message.status.in_(bindparam("states", expanding=True)))
    .order_by(Message.id.desc())
    .offset(bindparam("skip", type_=Integer))
    .limit(MOST_SHOWN + 1)
)
_NAMES = select(Person.id, Person.name).where(Person.id.in_(bindparam("wanted", expanding=True)))

ARRIVED, AGAIN = "aangekomen", "opnieuw"


def show(call: Call) -> Response:
    """Show the mails of a cohort, of one state if asked, and what comes."""
    cohort = cohort_page.of(call)
    wanted = call.query.get("staat", "")
    chosen = tuple(state for state in STATES if state.value == wanted)
    page = page_of(call.query.get("blad", ""))
    asked = {"cohort": cohort.id, "states": chosen or STATES, "skip": (page - 1) * MOST_SHOWN}
    mails = call.session.execute(_MAILS, asked).all()
    return call.page(
        "office/mails.html",
        **cohort_page.common(call, cohort, "mails"),
        mails=mails[:MOST_SHOWN],
        before=page - 1,
        after=page + 1 if len(mails) > MOST_SHOWN else 0,
        counts=postbook.count_messages(call.session, cohort_id=cohort.id),
        states=STATES,
        chosen=wanted if chosen else "",
        coming=_coming(call, cohort) if not chosen and page == 1 else [],
    )


def show_one(call: Call) -> Response:
    """Show one mail: to whom, why now, what happened to it, and its text when that was made."""
    story = _story(call)
    message = story.message
    parts = _letter(call, message)
    cohort = call.session.get(Cohort, message.cohort_id) if message.cohort_id else None
    return call.page(
        "office/mail.html",
        headers={"content-security-policy": FRAME},
        story=story,
        message=message,
        cohort=cohort,
        letter=parts,
        fresh=_fresh(message, cohort),
        status=message.status.value,
        settle=settle_form(call),
        plain=deed(call, note()),
        skip=deed(
            call, note("Waarom sla je hem over?", required=True, missing="Schrijf op waarom je deze mail overslaat.")
        ),
        filled=call.filled or Form(()).shown({}),
        form=settle_form(call),
        root=f"/beheer/{cohort.code}/mails" if cohort else "/beheer",
    )


def show_letter(call: Call) -> Response:
    """Give the HTML of a mail for the frame; nothing in it can run or reach outside."""
    message = _story(call).message
    letter = _letter(call, message)
    if letter is None or not letter["html"]:
        raise NotFound("Deze mail heeft geen opgemaakte tekst.")
    return HTMLResponse(letter["html"], headers={"content-security-policy": LETTER})


def prepare(call: Call) -> Response:
    """Make the text of a mail that waits, so that somebody can read it."""
    number = _number(call)
    postbook.preview(call.session, number, letters=call.house.app.renderer, now=call.now)
    return call.to(f"mail/{number}", done=False)


def approve(call: Call) -> Response:
    """Let a mail go with exactly the text that was shown."""
    filled = call.fill(deed(call, note()))
    number, name = _number(call), by(call, filled)
    shown = call.sent.get("tekst")
    settling.approve(call.session, number, content_hash=shown if isinstance(shown, str) else "", by=name, now=call.now)
    remarks.on_mail(call.session, number, filled.string("notitie"), by=name, now=call.now)
    return call.to(f"mail/{number}")


def hold(call: Call) -> Response:
    """Keep a mail that would leave by itself until somebody approves it."""
    filled = call.fill(deed(call, note()))
    settling.hold(call.session, _number(call), by=by(call, filled), now=call.now, why=filled.string("notitie"))
    return call.to(f"mail/{_number(call)}")


def skip(call: Call) -> Response:
    """Take a mail back."""
    filled = call.fill(
        deed(call, note("Waarom sla je hem over?", required=True, missing="Schrijf op waarom je deze mail overslaat."))
    )
    name = by(call, filled)
    settling.cancel(
        call.session, _number(call), by=name, now=call.now, why=f"Overgeslagen door {name}: {filled.string('notitie')}"
    )
    return call.to(f"mail/{_number(call)}")


def settle(call: Call) -> Response:
    """End the doubt about a mail of which nobody knows whether it arrived."""
    filled = call.fill(settle_form(call))
    number, name = _number(call), by(call, filled)
    settling.settle(call.session, number, arrived=filled.string("uitkomst") == ARRIVED, by=name, now=call.now)
    remarks.on_mail(call.session, number, filled.string("notitie"), by=name, now=call.now)
    return call.to(f"mail/{number}")


def settle_form(call: Call) -> Form:
    """Return the question about a doubtful mail."""
    question = Field(
        "uitkomst",
        "Is deze mail aangekomen?",
        "de uitkomst",
        "choice",
        missing="Kies of de mail is aangekomen.",
        options=(
            Choice(ARRIVED, "Ja, aangekomen", "Je hebt het nagevraagd, of de mailserver bevestigt het."),
            Choice(AGAIN, "Nee, stuur hem opnieuw", "Precies dezelfde mail gaat nog één keer, als hij nog zin heeft."),
        ),
    )
    return deed(call, question, note("Hoe weet je dat?", required=True, missing="Schrijf op hoe je dat weet."))


def _number(call: Call) -> int:
    return int(call.path["mail"])


def _story(call: Call) -> postbook.MailStory:
    return postbook.show_message(call.session, _number(call), bureau=call.bureau)


def _fresh(message: Message, cohort: Cohort | None) -> bool:
    """Say whether the stored text is what would leave now."""
    waits = message.status in postbook.CAN_STILL_CHANGE and message.attempts == 0
    return not waits or message.rendered_version == (cohort.version if cohort else 0)


def _letter(call: Call, message: Message) -> dict[str, str] | None:
    """Return subject, recipient, text, HTML and calendar part of the stored bytes; None while there are none."""
    mime = call.session.get(Mime, message.id)
    if mime is None:
        return None
    parsed = email.message_from_bytes(mime.content, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)  # noqa: S101 - that is what this policy makes
    return {
        "subject": str(parsed["Subject"]),
        "to": mime.recipient,
        "text": _part(parsed, "text/plain"),
        "html": _part(parsed, "text/html"),
        "calendar": _part(parsed, "text/calendar"),
    }


def _part(parsed: EmailMessage, kind: str) -> str:
    found = next((part for part in parsed.walk() if part.get_content_type() == kind), None)
    if found is None:
        return ""
    content = found.get_payload(decode=True)
    return content.decode("utf-8", errors="replace") if isinstance(content, bytes) else ""


def _coming(call: Call, cohort: Cohort) -> list[tuple[agenda.Owed, str]]:
    """Return the mails that the programme will owe, with the name of who gets them."""
    known = facts.load(call.session, cohort, bureau=call.bureau)
    later = [o for o in agenda.agenda(known) if o.at > call.now and isinstance(o.rule, Rule)][:COMING]
    wanted = {"wanted": [*{o.occasion.person for o in later}]}
    names = dict(call.session.execute(_NAMES, wanted).tuples().all())
    return [(o, names.get(o.occasion.person) or "") for o in later]
