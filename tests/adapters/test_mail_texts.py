"""Every mail, held to the house's rules for texts: short sentences, one thing to do, the same facts twice, no harm."""

import re
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest

from tests.letter_facts import HOME, SECOND_PROGRAMME, VARIANTS, facts_of
from vitale_core.adapters.letters import HOUSE, PARTS, load_letters
from vitale_core.domain.kinds import Kind
from vitale_core.domain.worktime import DAYS, MONTHS

WITHOUT_AN_END = [
    (Kind.DIRECT_EVALUATION, "closes"),
    (Kind.DIRECT_REMINDER, "closes"),
    (Kind.TRANSFER_EVALUATION, "closes"),
    (Kind.DATE_POLL, "deadline"),
    (Kind.POLL_REMINDER, "deadline"),
    (Kind.RSVP_REMINDER, "deadline"),
]
LETTERS = {
    **{str(kind): (kind, facts_of(kind)) for kind in Kind},
    **{name: (kind, facts_of(kind, **overrides)) for name, (kind, overrides) in VARIANTS.items()},
    **{f"{k}-second": (k, facts_of(k, **SECOND_PROGRAMME)) for k in (Kind.SEAT_CONFIRMED, Kind.OVERVIEW)},
    "intake_reminder-first": (Kind.INTAKE_REMINDER, facts_of(Kind.INTAKE_REMINDER, last=False)),
    "direct_reminder-first": (Kind.DIRECT_REMINDER, facts_of(Kind.DIRECT_REMINDER, last=False)),
    **{f"{kind}-open": (kind, facts_of(kind, **{fact: None})) for kind, fact in WITHOUT_AN_END},
}
TO_HOSTS = {name for name, (_, facts) in LETTERS.items() if facts["host"]}
HOSTILE = """<b>Noor</b><script>1</script> {{ 7*7 }} {% if %} "Eén" & 'Ömer' &amp; 😀 =?utf-8?q?x=0D=0ABcc:_a@b?="""
OURS = {"audience", "what", "headline", "why", "page", "todo", "home", "agenda", "check", "phone", "host_phone"}
"""Facts that no person writes: codes, addresses of pages, checked numbers."""


@pytest.fixture(scope="module")
def letters():
    return load_letters()


@pytest.fixture(scope="module")
def rendered(letters):
    return {name: letters.render(kind, facts) for name, (kind, facts) in LETTERS.items()}


class Page(HTMLParser):
    """What somebody sees of a mail: its words, buttons, tables and tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: Counter[str] = Counter()
        self.buttons: list[str] = []
        self.layouts: list[bool] = []
        self.hidden: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        kept = dict(attrs)
        self.tags[tag] += 1
        if kept.get("class") == "button":
            self.buttons.append(kept["href"] or "")
        if tag == "table":
            self.layouts.append(kept.get("role") == "presentation")
        if tag in {"title", "style"} or kept.get("class") == "hidden":
            self.hidden.append(tag)

    def handle_endtag(self, tag):
        if self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W_]+(?:[-./:@][^\W_]+)*", text))


def sentences(text: str) -> list[str]:
    """What reads as a sentence: no lists, quotes, addresses and titles."""
    prose = [line for line in text.splitlines() if not re.match(r"> |- |  |https?:", line)]
    found = [part for line in prose for part in re.split(r"(?<=[.!?:])\s+", line)]
    return [part for part in found if part.endswith((".", "!", "?", ":")) and " " in part]


@pytest.mark.parametrize("name", LETTERS)
def test_a_subject_fits_on_the_screen_of_a_phone(name, rendered):
    assert 10 <= len(rendered[name].subject) <= 60


@pytest.mark.parametrize("name", LETTERS)
def test_a_subject_fits_on_the_longest_day_of_the_year_too(name, letters):
    kind, facts = LETTERS[name]
    longest = datetime(2027, 9, 23, 8, 30, tzinfo=UTC)  # donderdag 23 september

    letter = letters.render(kind, _on(facts, longest))

    assert len(letter.subject) <= 60


def _on(value: Any, moment: datetime) -> Any:
    """The facts with every moment on one day."""
    if isinstance(value, dict):
        return {key: _on(inner, moment) for key, inner in value.items()}
    if isinstance(value, list):
        return [_on(inner, moment) for inner in value]
    return moment if isinstance(value, datetime) else value


@pytest.mark.parametrize("name", LETTERS)
def test_sentences_are_short(name, rendered):
    lengths = [len(sentence.split()) for sentence in sentences(rendered[name].text)]

    assert max(lengths) <= 20
    assert mean(lengths) <= 12


@pytest.mark.parametrize("name", LETTERS)
def test_a_mail_asks_one_thing_with_one_button_and_its_bare_address(name, rendered):
    letter, facts = rendered[name], LETTERS[name][1]

    (address,) = Page(letter.html).buttons

    assert address in {facts["todo"], facts["page"], facts["home"]}
    assert address in letter.text.splitlines()


@pytest.mark.parametrize("name", LETTERS)
def test_the_text_and_the_page_say_the_same(name, rendered):
    letter = rendered[name]

    assert words(letter.text) == words(Page(letter.html).text)


@pytest.mark.parametrize("name", LETTERS)
def test_a_host_is_u_and_everybody_else_is_je(name, rendered):
    letter = rendered[name]
    said = set(re.findall(r"\w+", f"{letter.subject} {letter.text} {Page(letter.html).text}".lower()))

    wrong = {"je", "jij", "jou", "jouw", "jullie"} if name in TO_HOSTS else {"u", "uw"}

    assert not said & wrong


@pytest.mark.parametrize("name", LETTERS)
def test_a_date_has_its_weekday_and_year_and_a_time_its_uur(name, rendered):
    text = rendered[name].text

    days = re.findall(rf"(\w+) \d{{1,2}} (?:{'|'.join(MONTHS)})(?: (\d{{4}}))?", text)
    times = re.findall(r"\d\d\.\d\d(?: (tot|uur))?", text)

    assert all(weekday in DAYS and year for weekday, year in days)
    assert all(times)
    assert all(later == "uur" for earlier, later in pairwise(times) if earlier == "tot")


@pytest.mark.parametrize("name", LETTERS)
def test_a_page_can_be_read_by_ear_and_fetches_nothing(name, rendered):
    html = rendered[name].html
    page = Page(html)

    assert '<html lang="nl"' in html
    assert page.layouts
    assert all(page.layouts)
    assert not {"img", "script", "link", "iframe", "form", "input"} & set(page.tags)
    assert set(re.findall(r"https?://[^/\"<\s]+/", html)) <= {HOME}
    assert "url(" not in html


@pytest.mark.parametrize("name", LETTERS)
def test_what_people_write_is_shown_as_they_wrote_it_once(name, letters):
    kind, facts = LETTERS[name]
    clean, hostile = (letters.render(kind, _with(facts, extra)) for extra in ("", HOSTILE))

    page = Page(hostile.html)

    assert Counter(Page(clean.html).tags) == page.tags
    assert HOSTILE in page.text
    assert HOSTILE in hostile.text
    assert "&amp;lt;" not in hostile.html
    assert "=?" not in hostile.subject


def _with(value: Any, extra: str, name: str = "") -> Any:
    """The facts with something added to all that a person may have written."""
    if isinstance(value, str):
        return value if name in OURS or not value else value + extra
    if isinstance(value, dict):
        return {key: _with(inner, extra, key) for key, inner in value.items()}
    return [_with(inner, extra, name) for inner in value] if isinstance(value, list) else value


def test_every_kind_has_its_templates_and_no_others_lie_about():
    folders = {path.name: sorted(part.name for part in path.iterdir()) for path in HOUSE.iterdir() if path.is_dir()}

    assert folders == {str(kind): sorted(PARTS) for kind in Kind}


def test_no_template_trusts_what_people_write():
    sources = [path.read_text() for path in HOUSE.rglob("*.html")]

    assert not [source for source in sources if re.search(r"\bsafe\b|autoescape|Markup", source)]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    "text, ground",
    [
        ("#1d2a30", "#ffffff"),  # words on the card
        ("#1d2a30", "#e9f2f3"),  # a moment in its box
        ("#48585f", "#ffffff"),  # the foot
        ("#0b5563", "#ffffff"),  # a link
        ("#ffffff", "#0b5563"),  # the button
        ("#e8edef", "#1c2529"),  # the same in the dark
        ("#e8edef", "#26343a"),
        ("#b9c6cb", "#1c2529"),
        ("#8ed3df", "#1c2529"),
        ("#0e2227", "#8ed3df"),
    ],
)
def test_every_colour_can_be_read_on_its_ground(text, ground):
    style = (HOUSE / "base.html").read_text()
    darker, lighter = sorted((luminance(text), luminance(ground)))

    assert text in style
    assert ground in style
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("name", LETTERS)
def test_each_block_stands_apart_and_each_paragraph_that_begins_ends(rendered, name):
    lines = rendered[name].text.splitlines()
    html = rendered[name].html

    closing = [nr for nr, line in enumerate(lines) if line.startswith(("Vragen?", "Groet,", "Met vriendelijke"))]
    assert [lines[nr - 1] for nr in closing] == [""] * len(closing)
    assert len(re.findall(r"<p[ >]", html)) == html.count("</p>")
