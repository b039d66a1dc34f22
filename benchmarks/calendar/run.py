"""Measures what one invitation costs, beside the ways in which one would otherwise write it.

All take turns in every round, so that a busy machine is busy for all; a ratio is the median over rounds. Before
anything is measured each way is read back with icalendar and must say the same.

    python benchmarks/calendar/run.py [--rounds 15] [--events 40]

vobject takes part when it can be imported.
"""

import argparse
import importlib.util
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from time import process_time

from icalendar import Calendar, Timezone

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import contenders  # noqa: E402 - after its folder is known

from vitale_core.adapters import ics, replies  # noqa: E402 - the same

Way = Callable[[ics.CalendarEvent], bytes]


def events(count: int) -> list[ics.CalendarEvent]:
    """Return invitations as a bureau sends them, no two alike, half of them in summer time."""
    return [
        ics.CalendarEvent(
            uid=f"{number:032x}@agenda.bureau.example",
            sequence=number % 4,
            stamp=datetime(2027, 1, 4, 8, 0, tzinfo=UTC) + timedelta(minutes=number),
            start=datetime(2027, 3, 1, 8, 30, tzinfo=UTC) + timedelta(days=number),
            end=datetime(2027, 3, 1, 15, 0, tzinfo=UTC) + timedelta(days=number),
            summary=f"Dagdeel {number % 4 + 1}: Kijk anders naar participatie; één verhaal",
            location=f"De Werkplaats, zaal {number}, Stationsplein 45, 3511 ED Utrecht",
            description="Fijn dat je erbij bent.\n\nNeem mee: je eigen casus, op een half A4.\n"
            "Lukt het niet? Geef het door op je eigen pagina; dan zoeken we samen een ander moment.\n\n"
            f"Jouw pagina: https://training.bureau.example/m/{number:043d}\n\nNoor van Dam, trainer\n",
            organizer_name="Bureau Voorbeeld",
            organizer_address="planning@bureau.example",
            attendee_name=f"Deelnemer {number}",
            attendee_address=f"deelnemer.{number}@gemeente.example",
        )
        for number in range(count)
    ]


def ways() -> dict[str, Way]:
    """Return every way to write an invitation on this machine, ours first."""
    zone = Timezone.from_ical(ics.VTIMEZONE)
    found: dict[str, Way] = {
        "vitale": ics.request,
        "icalendar, VTIMEZONE parsed once": lambda event: contenders.plain_icalendar(event, zone),
        "icalendar, add_missing_timezones": contenders.icalendar_missing_timezones,
        "string formatting": contenders.formatted,
    }
    if importlib.util.find_spec("vobject"):
        found["vobject"] = contenders.vobject_invitation
    return found


def says(part: bytes) -> tuple[object, ...]:
    """Return what a calendar reads in it."""
    calendar = Calendar.from_ical(part)
    (event,) = calendar.events
    (attendee,) = event.attendees
    return (
        *(
            str(event[name])
            for name in ("UID", "SEQUENCE", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "ORGANIZER")
        ),
        *(event.decoded(name).astimezone(UTC) for name in ("DTSTAMP", "DTSTART", "DTEND")),
        attendee.email,
        attendee.params["CN"],
        attendee.params["PARTSTAT"],
        attendee.params["RSVP"],
        str(calendar["METHOD"]),
    )


def turns(jobs: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return seconds of processor time of each job in each round; the order turns with the rounds."""
    names = list(jobs)
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            began = process_time()
            jobs[name]()
            times[name].append(process_time() - began)
    return times


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--events", type=int, default=40)
    arguments = parser.parse_args()
    some, found = events(arguments.events), ways()
    for name, way in found.items():
        for event in some:
            if says(way(event)) != says(ics.request(event)):
                sys.exit(f"{name} says something else than the others")

    times = turns(
        {name: (lambda way=way: [way(event) for event in some]) for name, way in found.items()}, arguments.rounds
    )
    print(f"One invitation ({arguments.rounds} rounds of {len(some)}, processor time, median)\n")
    print(f"{'way':36} {'us each':>8} {'ratio':>7}   (quartiles) {'octets':>8}")
    for name, seconds in times.items():
        ratios = [other / ours for other, ours in zip(seconds, times["vitale"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        each = 1e6 * statistics.median(seconds) / len(some)
        print(f"{name:36} {each:8.0f} {middle:7.2f}   ({low:.2f}-{high:.2f}) {len(found[name](some[0])):10}")

    print(f"\nOther parts ({arguments.rounds} rounds, median)\n")
    for name, seconds in turns(others(some), arguments.rounds).items():
        print(f"{name:36} {1e3 * statistics.median(seconds):8.2f} ms")


def others(some: list[ics.CalendarEvent]) -> dict[str, Callable[[], object]]:
    """Return the other things that this part of the house does often."""
    feed = [
        ics.FeedEvent(
            uid=f"f-{event.uid}",
            start=event.start,
            end=event.end,
            summary=event.summary,
            location=event.location,
            description=event.description,
            changed=event.stamp,
        )
        for event in some[:6]
    ]
    answer = EmailMessage()
    answer.set_content("Geaccepteerd")
    part = ics.reply(ics.request(some[0]), "ACCEPTED", now=some[0].stamp)
    answer.add_alternative(part, "text", "calendar", params={"method": "REPLY", "charset": "utf-8"})
    raw = answer.as_bytes()
    return {
        "cancel": lambda: ics.cancel(some[0]),
        "content_hash": lambda: ics.content_hash(some[0]),
        f"feed of {len(feed)} sessions": lambda: ics.feed("Mijn training", feed, source_url="https://b.example/a.ics"),
        "read a reply, raw mail to answer": lambda: replies.calendar_reply(replies.mail(raw)),
        "icalendar alone on that calendar": lambda: Calendar.from_ical(part),
    }


if __name__ == "__main__":
    main()
