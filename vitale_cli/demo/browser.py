"""A small browser for the people of the demo: open a page, fill in its form, send it."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx


class PageProblem(RuntimeError):
    """A page did not do what somebody expected of it."""


@dataclass
class Form:
    """One form: where it goes, what it holds already, and what can be chosen."""

    action: str
    method: str = "get"
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def first(self, *words: str) -> str:
        """Return the first field whose name holds one of the words."""
        for word in words:
            for name in self.kinds:
                if word in name:
                    return name
        raise PageProblem(f"no field like {words} in {sorted(self.kinds)}")


@dataclass(frozen=True)
class Page:
    """What came back."""

    url: str
    status: int
    text: str
    forms: tuple[Form, ...]
    links: tuple[str, ...]

    def form(self, *names: str, ends: str = "") -> Form:
        """Return the form that has all these fields, and whose action ends so."""
        for form in self.forms:
            if form.method == "post" and set(names) <= set(form.kinds) and form.action.endswith(ends):
                return form
        raise PageProblem(f"no form with {names} at {urlsplit(self.url).path.rsplit('/', 1)[-1]} ({self.status})")


class Browser:
    """Talks HTTP to the portal, as a person's browser would; keeps no cookies between people."""

    def __init__(self) -> None:
        """Open no connection yet."""
        self._client = httpx.Client(follow_redirects=True, timeout=30)

    def open(self, url: str) -> Page:
        """Get a page."""
        return self._page(self._client.get(url))

    def send(self, page: Page, form: Form, **filled: str | list[str]) -> Page:
        """Post a form with what was filled in; a page that shows an error is a PageProblem."""
        data: dict[str, str | list[str]] = {name: list(values) for name, values in form.values.items()}
        data.update(filled)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        answer = self._client.post(
            urljoin(page.url, form.action or page.url),
            data=data,
            headers={"origin": origin, "sec-fetch-site": "same-origin"},
        )
        result = self._page(answer)
        if answer.status_code >= httpx.codes.BAD_REQUEST or "<title>Fout" in result.text:
            raise PageProblem(
                f"{urlsplit(page.url).path.rsplit('/', 1)[-1]}: {answer.status_code} {_errors(result.text)}"
            )
        return result

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _page(self, answer: httpx.Response) -> Page:
        reader = _Reader()
        if "html" in answer.headers.get("content-type", ""):
            reader.feed(answer.text)
        return Page(str(answer.url), answer.status_code, answer.text, tuple(reader.forms), tuple(reader.links))


class _Reader(HTMLParser):
    """Finds the forms and the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag adds to the form that is open."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        if self._form is None:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            self._input(self._form, name, given)
        elif tag == "select":
            self._select = name
            self._form.kinds[name] = "select"
        elif tag == "option" and self._select:
            self._form.choices.setdefault(self._select, []).append(given.get("value", ""))
        elif tag == "textarea" and name:
            self._area = name
            self._form.kinds[name] = "textarea"
            self._form.values[name] = [""]
        elif tag == "button" and name:
            self._form.kinds[name] = "button"
            self._form.choices.setdefault(name, []).append(given.get("value", ""))

    def handle_data(self, data: str) -> None:
        """Keep what a text area holds."""
        if self._form is not None and self._area:
            self._form.values[self._area] = [self._form.values[self._area][0] + data]

    def handle_endtag(self, tag: str) -> None:
        """Close what ends."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    @staticmethod
    def _input(form: Form, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        form.kinds[name] = kind
        value = given.get("value", "on" if kind == "checkbox" else "")
        if kind in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(value)
            if "checked" in given:
                form.values.setdefault(name, []).append(value)
        else:
            form.values[name] = [value]


def _errors(html: str) -> str:
    """Return the first lines of the page's error summary, for the one who repairs the demo."""
    start = html.find('role="alert"')
    text = html[start : start + 1500] if start >= 0 else html[:200]
    parts = re.sub(r"<[^>]*>", " ", text[text.find(">") + 1 :]).split()
    return " ".join(parts)[:600]
