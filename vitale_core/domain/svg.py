"""What every picture is drawn with: lines, words, the frame. All text is escaped."""

from collections.abc import Iterable
from html import escape

INK, SOFT, LINE, BRAND, CARD, TODAY = "#1c2b2e", "#4c5d61", "#b9c2c3", "#0b5563", "#fffefb", "#b3261e"
FONT = 'font-family="system-ui, Segoe UI, DejaVu Sans, sans-serif"'
LETTER = 7.3
BOLD_LETTER = 8.5
"""Width of one letter at 13 pixels, rather too much than too little."""


def wrapped(words: str, most: int) -> list[str]:
    """Return words over lines of at most so many letters."""
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def line(x1: float, y1: float, x2: float, y2: float, colour: str, thick: float, css: str) -> str:
    """Return a straight line."""
    named = f' class="{css}"' if css else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{thick}"{named}/>'
    )


def text(
    x: float,
    y: float,
    words: str,
    colour: str,
    size: float,
    *,
    anchor: str = "start",
    bold: bool = False,
    css: str = "",
) -> str:
    """Return one line of words; `css` with p-halo gets a rim of the colour of the paper."""
    named = f' class="{css}"' if css else ""
    weight = ' font-weight="650"' if bold else ""
    halo = f' stroke="{CARD}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"' if "p-halo" in css else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}"{weight}{halo}{named}>'
        f"{escape(words)}</text>"
    )


def drawing(width: int, height: float, parts: Iterable[str], *, title: str, description: str) -> str:
    """Return the whole picture; the description says in words what it shows."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" role="img" {FONT} '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title><desc>{escape(description)}</desc>{"".join(parts)}</svg>'
    )
