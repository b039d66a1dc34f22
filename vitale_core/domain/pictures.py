"""Pictures as SVG text: the timeline of a cohort, the bars of an evaluation.

Pure functions of plain values. Colours stand in attributes, so that a picture also reads well as a data URI or in
print; classes beside them let a page give it the colours of light and dark. Nothing in a picture is known by colour
alone. All text is escaped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from vitale_core.domain import svg
from vitale_core.domain.svg import BOLD_LETTER, BRAND, CARD, INK, LETTER, LINE, SOFT, TODAY

SHORT_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")

SHADES = ("#b5482a", "#e3a687", "#d5d8d6", "#86bcc4", "#0b5563")
"""From 'not at all' to 'fully'; also apart in grey."""

ON_SHADES = ("#ffffff", INK, INK, INK, "#ffffff")
ABOVE = frozenset({"day", "visit"})
"""Kinds of marks that stand above the line."""

SOME_DAY = date(2027, 1, 15).toordinal()
"""Where a timeline without any moment is drawn."""

_Across = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Mark:
    """One moment on a timeline. `kind` is day, visit, deadline or mail; `note` is a second line."""

    at: date
    label: str
    kind: str = "deadline"
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Label:
    x: float
    left: float
    row: int
    mark: Mark


def timeline(marks: Sequence[Mark], today: date | None, *, title: str, width: int = 1040) -> str:
    """Draw moments along the months, with a red line at today; no marks give an empty drawing of a line.

    Days and visits stand above the line, deadlines and mails below it. Labels that would touch move to another row.
    """
    ordered = sorted(marks, key=lambda mark: (mark.at, mark.label))
    days = [mark.at.toordinal() for mark in ordered] + ([today.toordinal()] if today else [])
    first, last = min(days, default=SOME_DAY) - 9, max(days, default=SOME_DAY) + 9
    span = last - first

    def across(day: int) -> float:
        return 26 + (width - 52) * (day - first) / span

    upper = _rows([m for m in ordered if m.kind in ABOVE], across, width)
    lower = _rows([m for m in ordered if m.kind not in ABOVE], across, width)
    above = 44 * (max((label.row for label in upper), default=-1) + 1)
    below = 36 * (max((label.row for label in lower), default=-1) + 1)
    axis = 34 + above
    height = axis + 44 + below
    # In layers: a line may cross a label of another row, and then passes behind it.
    parts = [
        svg.line(26, axis, width - 26, axis, LINE, 3, "p-line"),
        *(_stalk(label, axis) for label in (*upper, *lower)),
        *(
            [svg.line(across(today.toordinal()), 4, across(today.toordinal()), height - 4, TODAY, 2.5, "p-today")]
            if today
            else []
        ),
        *_months(first, last, across, axis),
        *(_point(label, axis) for label in (*upper, *lower)),
        *(_words(label, axis) for label in (*upper, *lower)),
    ]
    if today is not None:
        parts.append(_today(across(today.toordinal()), width))
    said = "; ".join(f"{mark.at.day} {SHORT_MONTHS[mark.at.month - 1]}: {mark.label}" for mark in ordered)
    return svg.drawing(width, height, parts, title=title, description=said)


def bars(rows: Sequence[tuple[str, Sequence[int]]], *, title: str, ends: tuple[str, str], width: int = 760) -> str:
    """Draw one bar for each row, split in five counts (1..5) around the middle answer, with the counts inside.

    `ends` are the words for 1 and for 5. A row has a label and five counts; a row without answers says so.
    """
    label_width, room = 300, width - 320
    most = max((max(sum(c[:2]) + c[2] / 2, sum(c[3:]) + c[2] / 2) for _label, c in rows), default=1) or 1
    unit, middle = room / 2 / most, label_width + 10 + room / 2
    parts = [
        svg.text(label_width + 10, 16, ends[0], SOFT, 12.5),
        svg.text(width - 10, 16, ends[1], SOFT, 12.5, anchor="end"),
    ]
    top = 30.0
    for label, counts in rows:
        lines = svg.wrapped(label, 42)
        height = max(30, 17 * len(lines) + 4)
        for number, line in enumerate(lines):
            parts.append(svg.text(0, top + 19 + 17 * number - (len(lines) - 1) * 1.5, line, INK, 13, css="p-ink"))
        at = middle - unit * (sum(counts[:2]) + counts[2] / 2)
        if not sum(counts):
            parts.append(svg.text(middle + 10, top + 19, "geen antwoorden", SOFT, 12.5, css="p-soft"))
        for count, shade, on_shade in zip(counts, SHADES, ON_SHADES, strict=True):
            if count:
                parts.append(
                    f'<rect x="{at:.1f}" y="{top:.1f}" width="{unit * count:.1f}" height="26" fill="{shade}"/>'
                )
                parts.append(
                    svg.text(at + unit * count / 2, top + 18, str(count), on_shade, 13, anchor="middle", bold=True)
                )
                at += unit * count
        top += height + 10
    dotted = (
        f'<line x1="{middle:.1f}" y1="24" x2="{middle:.1f}" y2="{top:.1f}" stroke="{SOFT}" '
        f'stroke-width="1" stroke-dasharray="2 4"/>'
    )
    said = "; ".join(f"{label}: {', '.join(map(str, counts))}" for label, counts in rows)
    return svg.drawing(width, top + 4, [dotted, *parts], title=title, description=f"Aantallen van 1 tot 5. {said}")


def growth(
    rows: Sequence[tuple[str, Mapping[str, float]]], *, title: str, moments: Sequence[tuple[str, str]], width: int = 760
) -> str:
    """Draw where a group stood at several moments on a scale of 1 to 5: one line a row, one shape a moment.

    `moments` gives (key, words) in order of time, at most four; a row has a label and a mean by key. A key that a row
    does not have is left out.
    """
    label_width, right = 330, width - 26

    def across(value: float) -> float:
        return label_width + (right - label_width) * (value - 1) / 4

    parts = []
    x = float(label_width)
    for number, (_key, words) in enumerate(moments):
        parts += [_shape(x, 14, number), svg.text(x + 12, 19, words, SOFT, 12.5, css="p-soft")]
        x += 26 + LETTER * len(words)
    top = 52.0
    for value in range(1, 6):
        parts.append(svg.text(across(value), 42, str(value), SOFT, 12.5, anchor="middle", css="p-soft"))
    for label, means in rows:
        lines = svg.wrapped(label, 46)
        height = max(36, 17 * len(lines) + 8)
        middle = top + height / 2
        for number, line in enumerate(lines):
            parts.append(svg.text(0, middle + 5 + 17 * (number - (len(lines) - 1) / 2), line, INK, 13, css="p-ink"))
        parts.append(svg.line(across(1), middle, across(5), middle, LINE, 1, "p-line"))
        shown = [(number, means[key]) for number, (key, _words) in enumerate(moments) if key in means]
        for (_one, start), (_other, end) in pairwise(shown):
            parts.append(svg.line(across(start), middle, across(end), middle, BRAND, 4, "p-stroke"))
        parts += [_shape(across(mean), middle, number) for number, mean in shown]
        top += height + 6
    said = "; ".join(
        f"{label}: {', '.join(f'{words} {_decimal(means[key])}' for key, words in moments if key in means)}"
        for label, means in rows
    )
    return svg.drawing(width, top + 4, parts, title=title, description=said)


def marks_out_of_ten(counts: Sequence[int], *, title: str, width: int = 760) -> str:
    """Draw eleven columns of dots, one dot for each person who gave that mark (0..10), and the mean.

    `counts` has eleven numbers.
    """
    tallest = max([*counts, 3])
    base = 24.0 + tallest * 17
    parts = [svg.line(20, base + 6, width - 20, base + 6, LINE, 2, "p-line")]
    step = (width - 60) / 10
    for mark, count in enumerate(counts):
        x = 30 + step * mark
        parts.append(svg.text(x, base + 26, str(mark), SOFT, 13, anchor="middle", css="p-soft"))
        parts += [
            f'<circle cx="{x:.1f}" cy="{base - 17 * n:.1f}" r="7" fill="{BRAND}" class="p-brand"/>'
            for n in range(count)
        ]
    given = sum(counts)
    said = ", ".join(f"{count} keer een {mark}" for mark, count in enumerate(counts) if count) or "geen cijfers"
    if given:
        mean = sum(mark * count for mark, count in enumerate(counts)) / given
        parts.append(
            svg.text(width - 20, 16, f"gemiddeld {_decimal(mean)}", INK, 13, anchor="end", bold=True, css="p-ink")
        )
    return svg.drawing(width, base + 40, parts, title=title, description=said)


def _rows(marks: Sequence[Mark], across: _Across, width: int) -> list[_Label]:
    """Give each label the first row in which it does not touch the one before it."""
    ends: list[float] = []
    labels = []
    for mark in marks:
        x = across(mark.at.toordinal())
        wide = _wide(mark)
        left = min(max(x - wide / 2, 2), width - wide - 2)
        row = next((n for n, end in enumerate(ends) if end + 12 < left), len(ends))
        ends[row : row + 1] = [left + wide]
        labels.append(_Label(x, left, row, mark))
    return labels


def _wide(mark: Mark) -> float:
    letter = BOLD_LETTER if mark.kind in ABOVE else LETTER
    return max(letter * len(mark.label), LETTER * len(_day(mark)))


def _height(label: _Label, axis: float) -> float:
    """Return where the first line of a label stands."""
    return axis - 36 - 44 * label.row if label.mark.kind in ABOVE else axis + 52 + 36 * label.row


def _stalk(label: _Label, axis: float) -> str:
    y = _height(label, axis)
    return svg.line(label.x, axis, label.x, y + 18 if label.mark.kind in ABOVE else y - 12, LINE, 1.5, "p-line")


def _point(label: _Label, axis: float) -> str:
    if label.mark.kind == "day":
        return f'<circle cx="{label.x:.1f}" cy="{axis}" r="8" fill="{BRAND}" class="p-brand"/>'
    if label.mark.kind == "visit":
        return f'<path d="M{label.x:.1f} {axis - 9}l9 9-9 9-9-9z" fill="{BRAND}" class="p-brand"/>'
    return (
        f'<circle cx="{label.x:.1f}" cy="{axis}" r="4.5" fill="{CARD}" class="p-card p-stroke" stroke="{BRAND}" '
        f'stroke-width="2"/>'
    )


def _words(label: _Label, axis: float) -> str:
    middle, y = label.left + _wide(label.mark) / 2, _height(label, axis)
    bold = label.mark.kind in ABOVE
    return svg.text(
        middle, y, label.mark.label, INK, 13 if bold else 12.5, anchor="middle", bold=bold, css="p-ink p-halo"
    ) + svg.text(middle, y + 14, _day(label.mark), SOFT, 12, anchor="middle", css="p-soft p-halo")


def _months(first: int, last: int, across: _Across, axis: float) -> Iterable[str]:
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        if day.day == 1:
            x = across(ordinal)
            yield svg.line(x, axis - 5, x, axis + 5, SOFT, 1.5, "p-edge")
            yield svg.text(x + 4, axis + 22, SHORT_MONTHS[day.month - 1], SOFT, 12, css="p-soft")


def _today(x: float, width: int) -> str:
    anchor = "end" if x > width - 80 else "start"
    shift = -6 if anchor == "end" else 6
    return svg.text(x + shift, 15, "vandaag", TODAY, 12.5, anchor=anchor, bold=True, css="p-now p-halo")


def _day(mark: Mark) -> str:
    return f"{mark.at.day} {SHORT_MONTHS[mark.at.month - 1]}{f', {mark.note}' if mark.note else ''}"


def _shape(x: float, y: float, number: int) -> str:
    """Return the shape of the n-th moment: ring, square, disc, diamond."""
    place = f'cx="{x:.1f}" cy="{y:.1f}"'
    return (
        f'<circle {place} r="7" fill="{CARD}" class="p-card p-stroke" stroke="{BRAND}" stroke-width="2.5"/>',
        f'<rect x="{x - 6.5:.1f}" y="{y - 6.5:.1f}" width="13" height="13" fill="{SHADES[3]}" stroke="{BRAND}"/>',
        f'<circle {place} r="8" fill="{BRAND}" class="p-brand"/>',
        f'<path d="M{x:.1f} {y - 9:.1f}l9 9-9 9-9-9z" fill="#a1520e"/>',
    )[number]


def _decimal(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
