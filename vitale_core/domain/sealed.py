"""The last look at the bytes of a mail before they are kept: what was built is what was meant.

A name that hides a line break, an address that hides a second one, a library that folds wrongly: whatever went wrong on
the way, a mail with the wrong headers never leaves. Header injection is looked for in the result, not in the input.
"""

import re

from vitale_core.domain.errors import Refused

ONCE = ("from", "to", "subject", "date", "message-id", "mime-version", "auto-submitted")
NEVER = ("bcc", "cc", "resent-to", "return-path", "delivered-to", "sender")
LONGEST_LINE = 998
LARGEST = 10 * 1024 * 1024
_FIELD = re.compile(rb"([!-9;-~]+):[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)")
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
_ANGLE = re.compile(rb"<([^<>\s]+)>")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]")


def inspect(mime: bytes, *, recipient: str, message_id: str) -> None:
    """Raise Refused unless these bytes are one well-formed mail to this one recipient. Names no personal data."""
    _inspect_lines(mime)
    fields = _fields(mime)
    for name in ONCE:
        if len(fields.get(name, ())) != 1:
            raise Refused(f"De mail heeft niet precies één kopregel '{name}'.")
    for name in NEVER:
        if name in fields:
            raise Refused(f"De mail heeft een kopregel '{name}'.")
    if fields["message-id"][0].strip() != message_id.encode():
        raise Refused("De mail heeft een ander Message-ID dan de rij.")
    to = _QUOTED.sub(b"", fields["to"][0])  # a name may hold anything between its quotes
    addresses = _ANGLE.findall(to) or [to.strip()]
    if len(addresses) != 1 or addresses[0].lower() != recipient.lower().encode():
        raise Refused("De kopregel 'to' is niet precies de ontvanger.")


def _inspect_lines(mime: bytes) -> None:
    if len(mime) > LARGEST:
        raise Refused("De mail is groter dan 10 MB.")
    if mime.count(b"\r\n") != mime.count(b"\n") or mime.count(b"\r\n") != mime.count(b"\r"):
        raise Refused("De mail heeft losse regeleinden.")
    if _CONTROL.search(mime):
        raise Refused("De mail heeft stuurtekens of tekens buiten ASCII.")
    if max(map(len, mime.split(b"\r\n"))) > LONGEST_LINE:
        raise Refused("De mail heeft een te lange regel.")


def _fields(mime: bytes) -> dict[str, list[bytes]]:
    head, separator, _body = mime.partition(b"\r\n\r\n")
    if not separator:
        raise Refused("De mail heeft geen inhoud.")
    fields: dict[str, list[bytes]] = {}
    at = 0
    while at < len(head):
        found = _FIELD.match(head, at)
        if found is None:
            raise Refused("De mail heeft een kapotte kopregel.")
        fields.setdefault(found[1].decode("ascii").lower(), []).append(found[2])
        at = found.end() + 2
    return fields
