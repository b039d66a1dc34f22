"""`vitale mail`: the book of all mail."""

from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from vitale_cli import documents, terminal
from vitale_cli.desk import OPERATOR, choose, open_desk
from vitale_cli.parser import commands
from vitale_core.domain import happenings, labels
from vitale_core.domain.errors import NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vitale_cli.desk import Desk

app = commands("mail", "Mails bekijken, goedkeuren, tegenhouden.")

Number = Annotated[int, Parameter(help="nummer van de mail, uit vitale mail list")]
SHORT_HASH = 12


@app.command(name="list")
def list_(
    code: Annotated[str, Parameter(help="code van een lichting; anders alle")] = "",
    *,
    status: Annotated[str, Parameter(help="alleen deze status, zoals awaiting-approval of failed")] = "",
    kind: Annotated[str, Parameter(help="alleen deze soort, zoals reminder")] = "",
    limit: Annotated[int, Parameter(help="hooguit zoveel, de nieuwste eerst")] = 100,
) -> None:
    """Wat klaarstaat, wat wegging, en wat niet ging en waarom."""
    from vitale_core.domain.kinds import Kind
    from vitale_core.domain.states import MessageStatus
    from vitale_core.steps import cohorts, ledger
    from vitale_core.steps.post import postbook

    statuses = [choose("status", status, {s.value.replace(" ", "-"): s for s in MessageStatus})] if status else []
    kinds = [str(choose("soort mail", kind, {k.value: k for k in Kind}))] if kind else []
    with open_desk() as desk, desk.database.read() as session:
        if code:
            cohorts.get(session, code)
        found = postbook.list_messages(
            session, cohort_code=code or None, statuses=statuses, kinds=kinds, limit=max(limit, 1)
        )
        shown = [documents.message(m) for m in found]
    rows = [
        (
            m["id"],
            documents.short(m["leaves_at"]),
            labels.of_kind(m["kind"]),
            m["name"],
            labels.of_state(m["status"]),
            ledger.short_why(m["why"]),
            m["outcome"],
        )
        for m in shown
    ]
    headers = ("nr", "wanneer", "welke", "aan", "status", "waarom", "uitkomst")
    terminal.show({"mails": shown}, terminal.table(headers, rows))
    if not rows:
        terminal.say("Er zijn geen mails die hierbij passen.")


@app.command
def show(number: Number) -> None:
    """Waarom deze mail er is en wat ermee gebeurde."""
    from vitale_core.steps.post import postbook

    with open_desk() as desk, desk.database.read() as session:
        story = postbook.show_message(session, number, bureau=desk.bureau)
        shown = documents.message(story.message) | {
            "untrue": story.untrue,
            "size": story.size,
            "attempts": [
                {"at": a.at, "what": a.what, "stage": a.stage, "code": a.code, "text": a.text} for a in story.attempts
            ],
        }
    tried = bool(shown["attempts"])
    head = terminal.facts(
        {
            "mail": f"{shown['id']}, {labels.of_kind(shown['kind'])}",
            "aan": shown["name"],
            "status": labels.of_state(shown["status"]),
            "uitkomst": shown["outcome"],
            "waarom": shown["why"],
            "goedgekeurd": _approval(shown),
            "sjabloon": shown["template"],
            "gaat weg": documents.short(shown["leaves_at"]),
            "volgende poging": documents.short(next_) if (next_ := shown["next_attempt_at"]) and tried else None,
            "zinloos na": documents.short(shown["stale_at"]),
            "zou nu niet": shown["untrue"],
            "sleutel": shown["key"],
        }
    )
    rows = [
        (
            documents.short(a["at"]),
            happenings.of_attempt(a["what"]),
            labels.STAGES.get(a["stage"], a["stage"]),
            a["code"],
            a["text"],
        )
        for a in shown["attempts"]
    ]
    history = terminal.table(("wanneer", "wat", "stap", "code", "antwoord"), rows)
    terminal.show({"mail": shown}, "\n\n".join(part for part in (head, history) if part))


def _approval(shown: dict[str, Any]) -> str | None:
    """Return who let this mail go, and when."""
    if not shown["approved_by"]:
        return None
    return f"door {shown['approved_by']}, {documents.short(shown['approved_at'])}"


@app.command
def preview(
    number: Number,
    *,
    part: Annotated[
        Literal["text", "html", "calendar", "source"], Parameter(help="tekst, HTML, agendadeel of de bron")
    ] = "text",
) -> None:
    """Precies wat weggaat, of wat weg is."""
    with open_desk() as desk:
        shown = _preview(desk, number)
    body = shown[part]
    if body is None:
        raise Refused(f"Mail {number} heeft geen deel '{part}'.", remedy=f"vitale mail preview {number} --part text")
    head = f"Aan: {shown['to']}\nOnderwerp: {shown['subject']}\n\n" if part == "text" else ""
    terminal.show({"mail": shown}, head + body)
    terminal.say(f"Code van deze tekst: {shown['content_hash'][:SHORT_HASH]}")


@app.command
def approve(
    *numbers: Number,
    all_: Annotated[str, Parameter(name="--all", help="alles wat wacht in deze lichting")] = "",
    shown: Annotated[str, Parameter(help="code van de tekst die je las; anders de tekst van nu")] = "",
) -> None:
    """Laat mails gaan die op goedkeuring wachten; laat eerst zien welke."""
    from vitale_core.steps.post import settling

    with open_desk() as desk:
        chosen = _waiting(desk, all_) if all_ else list(numbers)
        if not chosen:
            terminal.say("Er wacht niets op goedkeuring.")
            return
        texts = {number: _preview(desk, number) for number in chosen}
        if shown and any(not text["content_hash"].startswith(shown) for text in texts.values()):
            raise Refused("De code hoort niet bij de tekst van nu.", remedy=f"vitale mail preview {chosen[0]}")
        for number, text in texts.items():
            terminal.say(f"  mail {number} aan {text['to']}: {text['subject']}")

        def change(session: "Session") -> list[dict[str, Any]]:
            return [
                documents.message(
                    settling.approve(session, n, content_hash=t["content_hash"], by=OPERATOR, now=desk.now)
                )
                for n, t in texts.items()
            ]

        _finish(desk.carry_out(change, what=f"{len(texts)} goedkeuren:"), "goedgekeurd")


@app.command
def hold(*numbers: Number, reason: Annotated[str, Parameter(help="waarom")] = "") -> None:
    """Houd mails tegen tot iemand ze goedkeurt."""
    from vitale_core.steps.post import settling

    with open_desk() as desk:

        def change(session: "Session") -> list[dict[str, Any]]:
            held = [settling.hold(session, n, by=OPERATOR, now=desk.now, why=reason) for n in numbers]
            return [documents.message(m) for m in held]

        _finish(desk.do(change, what="Tegenhouden:"), "tegengehouden")


@app.command
def cancel(*numbers: Number, reason: Annotated[str, Parameter(help="waarom")] = "") -> None:
    """Trek mails in; ze gaan niet meer weg."""
    from vitale_core.steps.post import settling

    with open_desk() as desk:

        def change(session: "Session") -> list[dict[str, Any]]:
            gone = [settling.cancel(session, n, by=OPERATOR, now=desk.now, why=reason) for n in numbers]
            return [documents.message(m) for m in gone]

        _finish(desk.carry_out(change, what=f"{len(numbers)} intrekken:"), "ingetrokken")


@app.command
def settle(
    number: Number,
    *,
    arrived: Annotated[bool, Parameter(negative="", help="hij is aangekomen")] = False,
    again: Annotated[bool, Parameter(negative="", help="stuur hem nog eens")] = False,
) -> None:
    """Maak een eind aan de twijfel over een mail waarvan het antwoord nooit kwam."""
    from vitale_core.steps.post import settling

    if arrived == again:
        raise Refused("Zeg wat er met de mail is.", remedy=f"vitale mail settle {number} --arrived, of --again")
    with open_desk() as desk:

        def change(session: "Session") -> list[dict[str, Any]]:
            settled = settling.settle(session, number, arrived=arrived, by=OPERATOR, now=desk.now)
            return [documents.message(settled)]

        shown = desk.do(change, what="Beslissen:")
    _finish(shown, "beslist")
    if again and shown[0]["status"] == "skipped":
        terminal.say(shown[0]["outcome"])


@app.command
def resend(number: Number) -> None:
    """Stuur een mail nog eens, met opzet: opnieuw gemaakt, met de feiten van nu."""
    from vitale_core.steps.post import settling

    with open_desk() as desk:

        def change(session: "Session") -> list[dict[str, Any]]:
            return [documents.message(settling.resend(session, number, by=OPERATOR, **desk.at))]

        _finish(desk.carry_out(change, what=f"Mail {number} nog eens sturen:"), "klaargezet")


@app.command
def inbox(number: Annotated[int, Parameter(help="nummer van een binnengekomen mail; anders de lijst")] = 0) -> None:
    """Wat er binnenkwam en op een mens wacht; met een nummer wat er staat."""
    from sqlalchemy import select

    from vitale_core.store.records import Incoming

    with open_desk() as desk, desk.database.read() as session:
        query = select(Incoming).order_by(Incoming.id.desc()).limit(100)
        if number:
            query = query.where(Incoming.id == number)
        found = session.scalars(query).all()
        shown: list[documents.Document] = [
            {"id": m.id, "received_at": m.received_at, "kind": m.kind, "outcome": m.outcome, "why": m.why}
            for m in found
        ]
        raw = found[0].raw if number and found else None
    if number and not shown:
        raise NotFound(f"Binnengekomen mail {number} bestaat niet.", remedy="vitale mail inbox")
    rows = [
        (m["id"], documents.short(m["received_at"]), labels.INCOMING[m["kind"]], labels.HANDLED[m["outcome"]], m["why"])
        for m in shown
    ]
    text = terminal.table(("nr", "ontvangen", "soort", "uitkomst", "waarom"), rows)
    if number:
        words = _words(raw) if raw else "De inhoud wordt niet meer bewaard."
        shown[0]["text"] = words
        text += f"\n\n{words}"
    terminal.show({"inbox": shown}, text)
    if not rows:
        terminal.say("Er kwam nog niets binnen.")


def _words(raw: bytes) -> str:
    """Return from whom a mail is and what it says, without control characters."""
    parsed = message_from_bytes(raw, policy=policy.default)
    body = parsed.get_body(("plain", "html"))
    try:
        text = str(body.get_content()) if body is not None else ""
    except (LookupError, KeyError, ValueError):
        text = "(onleesbaar)"
    head = f"Van: {parsed['from']}\nOnderwerp: {parsed['subject']}"
    return "".join(c for c in f"{head}\n\n{text.strip()}" if c.isprintable() or c in "\n\t")


def _preview(desk: "Desk", number: int) -> dict[str, Any]:
    """Return what a mail says, its bytes made when that was not done yet."""
    from vitale_core.steps.post import postbook

    with desk.write() as session:
        mail = postbook.preview(session, number, letters=desk.app.renderer, now=desk.now)
    parsed = message_from_bytes(mail.mime, policy=policy.default)
    bodies = {p.get_content_type(): p for p in parsed.walk() if not p.is_multipart() and not p.is_attachment()}

    def body(kind: str) -> str | None:
        return str(bodies[kind].get_content()) if kind in bodies else None

    return {
        "id": number,
        "to": mail.recipient,
        "subject": str(parsed["subject"]),
        "message_id": str(parsed["message-id"]),
        "content_hash": mail.content_hash,
        "text": body("text/plain"),
        "html": body("text/html"),
        "calendar": body("text/calendar"),
        "source": mail.mime.decode("ascii"),
    }


def _waiting(desk: "Desk", code: str) -> list[int]:
    from vitale_core.domain.states import MessageStatus
    from vitale_core.steps import cohorts
    from vitale_core.steps.post import postbook

    with desk.database.read() as session:
        cohorts.get(session, code)
        found = postbook.list_messages(session, cohort_code=code, statuses=[MessageStatus.AWAITING_APPROVAL])
        return sorted(message.id for message in found)


def _finish(shown: list[dict[str, Any]], word: str) -> None:
    terminal.show({"mails": shown}, "")
    terminal.say(f"{len(shown)} {word}.")
