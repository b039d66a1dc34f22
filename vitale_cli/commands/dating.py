"""`vitale cohort propose-dates` and `trainer-calendar`: when a cohort can be."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from vitale_cli import terminal
from vitale_cli.desk import OPERATOR, Desk, open_desk, read_date
from vitale_core.domain import worktime
from vitale_core.domain.errors import NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vitale_core.domain.programme import Programme
    from vitale_core.planning.dating import Busy, DateSet
    from vitale_core.store.records import Person

AHEAD = timedelta(weeks=8)
"""Recruiting, the intake and the invitations take that long."""

LOOKED_AT = timedelta(weeks=16)
LONGEST = timedelta(days=366)

Trainer = Annotated[str, Parameter(help="e-mailadres van de trainer")]


def propose_dates(
    *,
    programme: Annotated[str, Parameter(help="naam van het programma")] = "overheidsparticipatie",
    first: Annotated[str, Parameter(name="--from", help="eerste dag op zijn vroegst; anders over acht weken")] = "",
    last: Annotated[str, Parameter(name="--until", help="eerste dag op zijn laatst; anders zestien weken later")] = "",
    trainer: Trainer = "",
    calendar: Annotated[str, Parameter(help="agenda van de trainer: een .ics-bestand of een adres")] = "",
    region: Annotated[Literal["noord", "midden", "zuid"] | None, Parameter(help="van wie de vakanties tellen")] = None,
    count: Annotated[int, Parameter(help="hoeveel voorstellen")] = 5,
) -> None:
    """Stel data voor: trainingsdagen, de periode voor werkbezoeken en de terugkomdag, met uitleg.

    Om feestdagen en kerst heen; schoolvakanties en ongunstige dagen kosten punten. Minder punten is beter.
    """
    from vitale_core.domain.programme_document import read
    from vitale_core.planning.dating import DateQuestion, propose

    with open_desk() as desk:
        rules = read(desk.app.programme(programme))
        today = worktime.local(desk.now).date()
        begin = read_date(first) if first else today + AHEAD
        end = read_date(last) if last else begin + LOOKED_AT
        if begin < today:
            raise Refused(f"{worktime.in_words(begin)} is al voorbij.", remedy="Kies een dag in de toekomst.")
        if not begin <= end <= begin + LONGEST:
            raise Refused(
                f"Van {worktime.in_words(begin)} tot {worktime.in_words(end)} kan niet: hooguit een jaar, en vooruit."
            )
        if not 1 <= count <= 20:  # noqa: PLR2004 - a list that a person reads
            raise Refused("Vraag 1 tot 20 voorstellen.")
        question = DateQuestion(
            programme=rules,
            first=begin,
            last=end,
            holidays=desk.bureau.holidays,
            school_holidays=desk.bureau.school_holidays,
            region=region or desk.bureau.region,
            busy=_busy(desk, trainer, calendar, begin, end + LONGEST),
        )
        found = propose(question, count=count)
    shown = [_document(one) for one in found]
    terminal.show({"programme": programme, "proposals": shown}, _text(shown, rules))
    if not shown:
        terminal.say("Er is geen mogelijkheid. Kies een andere periode met --from en --until.")
    elif shown[0]["days"]:
        days = " ".join(f"--{name} {day}" for name, day in shown[0]["days"].items())
        terminal.say(f"Volgende: vitale cohort create CODE --programme {programme} {days}")


def trainer_calendar(
    trainer: Trainer,
    source: Annotated[str, Parameter(help="een .ics-bestand of een adres; leeg toont of er een bekend is")] = "",
    *,
    forget: Annotated[bool, Parameter(negative="", help="vergeet de agenda")] = False,
) -> None:
    """Leg vast waar de eigen agenda van een trainer staat; wat erin staat wordt niet bewaard."""
    from vitale_core.steps import trainers

    with open_desk() as desk:
        if source and not forget:
            today = worktime.local(desk.now).date()
            desk.app.busy(source, first=today, last=today)  # it must be one that we can read

        def change(session: "Session") -> bool:
            person = _person(session, trainer)
            if source or forget:
                trainers.keep_calendar(session, person, "" if forget else source, by=OPERATOR, now=desk.now)
            return bool(trainers.calendar_of(session, person))

        known = desk.do(change, what="Agenda van de trainer:")
    terminal.show({"trainer": trainer, "known": known}, "")
    terminal.say("De agenda van deze trainer is bekend." if known else "Van deze trainer is geen agenda bekend.")


def _busy(desk: Desk, trainer: str, calendar: str, first: date, last: date) -> "list[Busy]":
    """Return when the trainer has something else: here, and in his own calendar."""
    from vitale_core.planning.dating import Busy
    from vitale_core.steps import trainers

    found: list[Busy] = []
    source = calendar
    if trainer:
        with desk.database.read() as session:
            person = _person(session, trainer)
            found += trainers.busy(session, person, first=first, last=last)
            source = source or trainers.calendar_of(session, person)
    if source:
        found += [Busy(start, end) for start, end in desk.app.busy(source, first=first, last=last)]
    return found


def _person(session: "Session", address: str) -> "Person":
    from vitale_core.steps import people

    found = people.find_person(session, address)
    if found is None:
        raise NotFound("Deze trainer is niet bekend.", remedy="Een trainer wordt bekend met zijn eerste lichting.")
    return found


def _document(one: "DateSet") -> dict[str, Any]:
    return {
        "score": one.score,
        "days": {name: day.isoformat() for name, day in one.days.items()},
        "visits": None if one.window is None else {"from": str(one.window[0]), "until": str(one.window[1])},
        "why": list(one.merits),
        "costs": [{"points": cost.points, "why": cost.why} for cost in one.costs],
    }


def _text(shown: list[dict[str, Any]], rules: "Programme") -> str:
    blocks = []
    for number, one in enumerate(shown, start=1):
        points = "1 punt" if one["score"] == 1 else f"{one['score']} punten"
        lines = [terminal.paint(f"Voorstel {number}: {points}", terminal.BOLD)]
        days = {name: date.fromisoformat(one["days"][name]) for name in rules.days if name in one["days"]}
        lines += [f"  {name:<12} {worktime.in_words(day)}" for name, day in days.items()]
        if one["visits"]:
            window = (date.fromisoformat(one["visits"][edge]) for edge in ("from", "until"))
            lines.append(f"  {'bezoeken':<12} {' tot en met '.join(worktime.in_words(day) for day in window)}")
        lines += [f"  + {merit}" for merit in one["why"]]
        lines += [f"  - {cost['points']}: {cost['why']}" for cost in one["costs"]]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)
