"""What every action of the operator has: a name, often a note, and its consequences shown first."""

from collections import Counter
from collections.abc import Sequence

from starlette.responses import Response

from vitale_core.domain import labels
from vitale_core.domain.errors import Refused
from vitale_core.steps.consequences import Consequences, MailAhead
from vitale_portal.doors import Call
from vitale_portal.forms import Field, Filled, Form, Part

SURE = "zeker"
NOTE_LENGTH = 500
WHO = Field(
    "naam",
    "Jouw naam",
    "je naam",
    least=2,
    most=60,
    missing="Vul je naam in. Die komt in het logboek.",
    autocomplete="name",
)


def note(label: str = "Notitie", *, required: bool = False, missing: str = "") -> Field:
    """Return a field for what the operator wants to remember of this."""
    return Field(
        "notitie",
        label,
        "de notitie",
        "long",
        required=required,
        most=NOTE_LENGTH,
        missing=missing,
    )


def deed(call: Call, *fields: Field) -> Form:
    """Return the form of an action; who is logged in need not type a name."""
    return Form((Part(fields if call.actor else (*fields, WHO)),))


def by(call: Call, filled: Filled) -> str:
    """Return who does it."""
    return call.actor or filled.string("naam")


def chosen(filled: Filled, name: str) -> int:
    """Return the number of what was chosen; Refused when meanwhile there is nothing left to choose from."""
    value = filled.string(name)
    if not value:
        raise Refused("Er is nu niets om uit te kiezen.", remedy="Kijk op de pagina hoe het nu staat.")
    return int(value)


def show(call: Call, consequences: Consequences[Response]) -> Response:
    """Show what an action would do, with a button that does it and one that does not."""
    sent = [
        (name, value)
        for name, value in call.sent.multi_items()
        if isinstance(value, str) and name not in {SURE, "zegel"}
    ]
    return call.page(
        "office/consequences.html",
        sent=sent,
        choice=call.choice,
        remark=next((value for name, value in sent if name == "notitie"), ""),
        letters=counted(consequences.letters),
        calendar=counted(consequences.calendar),
        taken_back=counted(consequences.taken_back),
        tasks=consequences.tasks,
        lists=consequences.lists,
        conflicts=consequences.conflicts,
        waiting=sum(1 for mail in consequences.mails if mail.approval),
        quiet=not (consequences.mails or consequences.taken_back),
    )


def counted(mails: Sequence[MailAhead]) -> list[tuple[str, int, list[str]]]:
    """Return the kinds of mail in words, how many of each, and to whom."""
    kinds = Counter(mail.kind for mail in mails)
    return [
        (labels.of_kind(kind), count, list(dict.fromkeys(mail.name or "?" for mail in mails if mail.kind == kind)))
        for kind, count in kinds.items()
    ]
