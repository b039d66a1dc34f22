"""Mails as servers and people send them, for tests of the inbox."""

from email.message import EmailMessage
from email.policy import SMTP

from tests.post import BUREAU
from vitale_core.domain.postmark import bounce_address


def words(text: str = "Ik kom iets later.", *, sender: str = "anna@gemeente.test", **headers: str) -> bytes:
    """A mail that a person typed."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, BUREAU.mail_address, "Vraag"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def report(
    *,
    number: int = 0,
    message_id: str = "",
    to: str = "",
    envelope_id: str = "",
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "smtp; 550 5.1.1 <anna@gemeente.test>: no such user",
    original: str = "",
) -> bytes:
    """A delivery report as Postfix writes it; `number` with `message_id` makes the address it comes back to."""
    back = to or (
        bounce_address(number, message_id, secret=BUREAU.secret, mail_address=BUREAU.mail_address)
        if number
        else BUREAU.mail_address
    )
    envelope = f"Original-Envelope-Id: {envelope_id}\r\n" if envelope_id else ""
    return (
        f"Return-Path: <>\r\nDelivered-To: {back}\r\nFrom: MAILER-DAEMON@mx.test (Mail Delivery System)\r\n"
        f"To: {back}\r\nSubject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry to have to inform you ...\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n{envelope}\r\n"
        f"Final-Recipient: rfc822; anna@gemeente.test\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: {said}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {original or '<x@y>'}\r\nSubject: x\r\n\r\n"
        "--b--\r\n"
    ).encode()


def calendar_answer(partstat: str = "ACCEPTED", *, sender: str = "anna@gemeente.test", **headers: str) -> bytes:
    """An answer of a calendar; the part is what `tests/inbox.py` hands to a stand-in."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, BUREAU.mail_address, "Geaccepteerd: dagdeel 1"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    part = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:uid-1\r\nSEQUENCE:0\r\n"
        f"DTSTAMP:20270316T090000Z\r\nATTENDEE;PARTSTAT={partstat}:mailto:{sender}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    mail.set_content("Anna komt.")
    mail.add_alternative(part, subtype="calendar", params={"method": "REPLY"})
    mail.set_boundary("the-same-each-time")
    return mail.as_bytes()


def nested(depth: int) -> bytes:
    """Parts within parts."""
    head = "From: a@b.test\r\nTo: training@vitale.example\r\nMIME-Version: 1.0\r\n"
    opened = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n" for i in range(depth))
    return (head + opened + "Content-Type: text/plain\r\n\r\nhi\r\n").encode()
