"""Pictures of a plan: the groups as a graph, and who goes where and when as a table that reads like a map.

Pure functions of plain values, drawn like the other pictures: nothing is known by colour alone, and the description
says in words what the drawing shows.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vitale_core.domain import svg
from vitale_core.domain.svg import CARD, INK, LETTER, LINE, SOFT

COLOURS = ("#0b5563", "#a1520e", "#5b3f8c", "#2f6b2f", "#8c2f55", "#3d5a80", "#6b5b1e", "#444444")
"""Dark enough for white letters; the number in a circle tells apart what shares a colour."""

CELL, ROW, SIDE = 184, 64, 150
"""Width of a half day, height of a place, width of the names of places, in pixels."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One person in a picture of groups."""

    id: str
    name: str
    group: int
    organisation: str = ""
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """A group in a place at a half day; `spare` is its reserve. `note` is a second line, such as "1 kan niet"."""

    group: int
    place: str
    half_day: str
    project: str
    note: str = ""
    spare: bool = False


def groups(people: Sequence[Dot], wishes: Iterable[tuple[str, str]], *, title: str, width: int = 760) -> str:
    """Draw the people of each group in a ring, coloured and numbered by organisation.

    A thin line ties two of one group who share a theme; a thick line two who wished to be together, a dashed one when
    they are not. Wishes of who is not here are left out.
    """
    numbers = sorted({dot.group for dot in people})
    columns = 2 if len(numbers) == 4 else min(len(numbers), 3) or 1  # noqa: PLR2004 - two by two
    cell_width, cell_height = width / columns, 262
    organisations = list(dict.fromkeys(dot.organisation for dot in people if dot.organisation))
    places: dict[str, tuple[float, float]] = {}
    frames: list[str] = []
    for position, number in enumerate(numbers):
        members = [dot for dot in people if dot.group == number]
        x = cell_width * (position % columns) + cell_width / 2
        y = cell_height * (position // columns) + cell_height / 2 + 4
        frames.append(
            f'<rect x="{x - cell_width / 2 + 8:.1f}" y="{y - 126:.1f}" width="{cell_width - 16:.1f}" height="250" '
            f'rx="18" fill="none" stroke="{LINE}" class="p-line" stroke-width="1.5"/>'
        )
        frames.append(svg.text(x, y - 102, f"Groep {number}", INK, 14, anchor="middle", bold=True, css="p-ink"))
        for turn, dot in enumerate(members):
            angle = 2 * math.pi * turn / len(members) - math.pi / 2
            places[dot.id] = (x + 72 * math.cos(angle), y + 2 + 64 * math.sin(angle))
    shared = [
        (one, other, common)
        for place, one in enumerate(people)
        for other in people[place + 1 :]
        if one.group == other.group and (common := [t for t in one.themes if t in other.themes])
    ]
    known = [(one, other) for one, other in wishes if one in places and other in places]
    circles = [_circle(dot, places[dot.id], organisations) for dot in people]
    lines = [_tie(places[one.id], places[other.id], 1.5, "") for one, other, _ in shared]
    group_of = {dot.id: dot.group for dot in people}
    lines += [
        _tie(places[one], places[other], 4, "" if group_of[one] == group_of[other] else "6 6") for one, other in known
    ]
    base = cell_height * math.ceil(len(numbers) / columns) + 8
    legend, height = _legend(organisations, base, width)
    said = [f"Groep {number}: " + ", ".join(_told(dot) for dot in people if dot.group == number) for number in numbers]
    said += [f"{one.name} en {other.name} delen {', '.join(common)}" for one, other, common in shared]
    return svg.drawing(width, height, [*frames, *lines, *circles, *legend], title=title, description=". ".join(said))


def plan_map(
    places: Sequence[str], half_days: Sequence[str], stops: Sequence[Stop], *, title: str, names: Mapping[int, str]
) -> str:
    """Draw a row for each place (give them from north to south) and a column for each half day, with who goes there.

    A visit is a full card, a reserve a dashed one. `names` gives the people of a group, for the description.
    """
    stacks = {
        (place, day): [s for s in stops if (s.place, s.half_day) == (place, day)]
        for place in places
        for day in half_days
    }
    tall = [max((len(stacks[place, day]) for day in half_days), default=0) or 1 for place in places]
    width = SIDE + CELL * len(half_days) + 10
    parts = []
    for column, day in enumerate(half_days):
        for number, words in enumerate(svg.wrapped(day, 22)):
            parts.append(svg.text(SIDE + CELL * column + 10, 16 + 15 * number, words, SOFT, 12.5, css="p-soft"))
    top = 46.0
    for place, rows in zip(places, tall, strict=True):
        parts.append(svg.line(0, top, width, top, LINE, 1, "p-line"))
        parts.append(svg.text(0, top + 26, place, INK, 13, bold=True, css="p-ink"))
        for column, day in enumerate(half_days):
            for level, stop in enumerate(stacks[place, day]):
                parts.append(_card(stop, SIDE + CELL * column, top + 6 + ROW * level))
        top += ROW * rows + 6
    said = []
    for stop in stops:
        who = f" ({names[stop.group]})" if stop.group in names and not stop.spare else ""
        what = "heeft als reserve" if stop.spare else "gaat naar"
        note = f"; {stop.note}" if stop.note else ""
        said.append(f"Groep {stop.group}{who} {what} {stop.project} in {stop.place}, {stop.half_day}{note}")
    return svg.drawing(width, top + 4, parts, title=title, description=". ".join(said))


def _circle(dot: Dot, place: tuple[float, float], organisations: Sequence[str]) -> str:
    (x, y), known = place, dot.organisation in organisations
    number = organisations.index(dot.organisation) if known else 0
    colour = COLOURS[number % len(COLOURS)] if known else SOFT
    mark = str(number + 1) if known else "·"
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="15" fill="{colour}" stroke="#ffffff" stroke-width="2"/>'
        + svg.text(x, y + 4.5, mark, "#ffffff", 13, anchor="middle", bold=True)
        + svg.text(x, y + 31, dot.name, INK, 12.5, anchor="middle", css="p-ink p-halo")
    )


def _tie(one: tuple[float, float], other: tuple[float, float], thick: float, dash: str) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{one[0]:.1f}" y1="{one[1]:.1f}" x2="{other[0]:.1f}" y2="{other[1]:.1f}" stroke="{SOFT}" '
        f'class="p-edge" stroke-width="{thick}"{dashed}/>'
    )


def _legend(organisations: Sequence[str], top: float, width: int) -> tuple[list[str], float]:
    """Return which number and colour is which organisation, and where that ends."""
    parts, x, y = [], 16.0, top + 14
    for number, name in enumerate(organisations):
        wide = 42 + 1.1 * LETTER * len(name)
        if x > 16 and x + wide > width:  # noqa: PLR2004 - the left edge
            x, y = 16.0, y + 26
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="10" fill="{COLOURS[number % len(COLOURS)]}"/>')
        parts.append(svg.text(x, y + 4, str(number + 1), "#ffffff", 11.5, anchor="middle", bold=True))
        parts.append(svg.text(x + 16, y + 4.5, name, SOFT, 12.5, css="p-soft"))
        x += wide
    return parts, y + 18 if parts else top


def _card(stop: Stop, x: float, y: float) -> str:
    dash = ' stroke-dasharray="5 4"' if stop.spare else ""
    head = f"Reserve groep {stop.group}" if stop.spare else f"Groep {stop.group}"
    project = svg.wrapped(stop.project, 22)
    second = f"{project[0]}…" if len(project) > 1 else project[0]
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{CELL - 10}" height="{ROW - 8}" rx="10" fill="{CARD}" '
        f'class="p-card p-stroke" stroke="{COLOURS[0]}" stroke-width="1.5"{dash}/>'
        + svg.text(x + 10, y + 17, head, INK, 13, bold=not stop.spare, css="p-ink")
        + svg.text(x + 10, y + 33, second, INK, 12.5, css="p-ink")
        + (svg.text(x + 10, y + 49, stop.note, SOFT, 12, css="p-soft") if stop.note else "")
    )


def _told(dot: Dot) -> str:
    return f"{dot.name} ({dot.organisation})" if dot.organisation else dot.name
