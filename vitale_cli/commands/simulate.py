"""`vitale simulate`: what would happen to a cohort from now on, played on a copy; nothing is sent or kept."""

from collections import Counter
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from vitale_cli import documents, terminal
from vitale_cli.commands.cohort import document_of, text_of
from vitale_cli.desk import open_desk, read_moment_or_date
from vitale_cli.parser import Code
from vitale_core.domain import labels, worktime
from vitale_core.domain.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitale_core.steps.rehearsal import Happening

LONGEST = timedelta(days=3 * 366)
"""A cohort that is not over by then never is."""

END_OF_DAY = time(23, 59)

WORDS = {
    "mail": "mail",
    "skipped": "niet meer nodig",
    "task": "taak",
    "deed": "antwoord",
    "trouble": "lukt niet",
}
DONE = {
    "decide": "je laat iemand toe",
    "go-or-no-go": "je laat de lichting doorgaan",
    "propose-groups": "je maakt een voorstel voor de groepen",
    "groups-approve": "je keurt de groepen goed",
    "choose-date": "je kiest een datum",
    "attendance": "je sluit de presentielijsten",
    "visit-attendance": "je sluit de presentielijst van een werkbezoek",
}


def simulate(
    code: Code,
    *,
    until: Annotated[str, Parameter(help="tot wanneer: 2027-06-30; anders tot het einde")] = "",
    answers: Annotated[
        Literal["all", "none", "random"], Parameter(help="wie antwoordt: iedereen, niemand, of naar het toeval")
    ] = "all",
    seed: Annotated[int, Parameter(help="bij random: hetzelfde getal geeft hetzelfde verloop")] = 1,
) -> None:
    """Speel af wat er vanaf nu met een lichting gebeurt, op een kopie. Er gaat niets weg en er verandert niets.

    Jij doet daarin meteen wat een taak vraagt: doorgaan, groepen goedkeuren, datum kiezen, presentie sluiten.
    """
    import random

    from vitale_core.steps import cohorts
    from vitale_core.steps.rehearsal import Answers, Rehearsal
    from vitale_core.store.copies import in_memory

    with open_desk() as desk:
        end = read_moment_or_date(until, END_OF_DAY) if until else desk.now + LONGEST
        if end <= desk.now:
            raise Refused(
                f"{worktime.moment_in_words(end)} is al voorbij.", remedy="Geef bij --until een later moment."
            )
        with desk.database.read() as session:
            cohorts.get(session, code)  # before a large copy is made
        copy = in_memory(desk.database)
        try:
            with copy.write() as session:
                cohort = cohorts.get(session, code)
                dice = random.Random(seed)  # noqa: S311 - a rehearsal, no secret
                told = Rehearsal(session, cohort, desk.bureau, Answers(answers), dice).play(desk.now, end)
                outcome = document_of(session, cohort)
                session.rollback()
        finally:
            copy.dispose()
    happenings = _together(told)
    mails = Counter(one.kind for one in told if one.what == "mail")
    document = {
        "cohort": code,
        "from": desk.now,
        "until": end if until else None,
        "answers": answers,
        "seed": seed,
        "happenings": happenings,
        "mails": dict(sorted(mails.items())),
        "outcome": outcome,
    }
    terminal.show(document, _text(happenings, outcome))
    terminal.say(f"Dit was een oefening: {labels.counted(mails.total(), 'mail', 'mails')}, en er ging niets weg.")


def _together(told: "Iterable[Happening]") -> list[dict[str, Any]]:
    """Return what happens at one moment and says the same as one line, with how often."""
    counts: Counter[tuple[datetime, str, str, str]] = Counter(
        (one.at, one.what, one.kind, "" if one.what in {"mail", "skipped"} else one.text) for one in told
    )
    return [
        {"at": at, "what": what, "kind": kind, "text": text or _words(what, kind), "count": count}
        for (at, what, kind, text), count in counts.items()
    ]


def _words(what: str, kind: str) -> str:
    if kind in DONE:
        return DONE[kind]
    name = labels.of_kind(kind)
    return f"op: {name}" if what == "deed" else name


def _text(happenings: list[dict[str, Any]], outcome: dict[str, Any]) -> str:
    rows = [(documents.short(h["at"]), WORDS[h["what"]], h["count"], h["text"]) for h in happenings]
    return "\n\n".join([terminal.table(("wanneer", "wat", "aantal", "welke"), rows), text_of(outcome)])
