"""Somebody with a browser: opens pages of the portal in this process, and sends the forms on them."""

import asyncio
import re
from dataclasses import dataclass
from html.parser import HTMLParser

import httpx

ORIGIN = "http://127.0.0.1:8080"
SAME_ORIGIN = {"sec-fetch-site": "same-origin", "origin": "null"}
WRONG = "A" * 43
"""A token as long as ours, that nobody was given."""


class Visitor:
    """A browser without scripts. It remembers nothing but its loop; close it at the end."""

    def __init__(self, application, *, address="127.0.0.1", host="127.0.0.1:8080"):
        transport = httpx.ASGITransport(application, client=(address, 50_000))
        self._loop = asyncio.new_event_loop()
        self._client = httpx.AsyncClient(transport=transport, base_url=f"http://{host}", timeout=30)

    def close(self):
        self._loop.run_until_complete(self._client.aclose())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def request(self, method, path, **options):
        path = path.removeprefix(ORIGIN)
        return self._loop.run_until_complete(self._client.request(method, path, **options))

    def together(self, requests):
        """Send several requests at the same time; return their responses in order."""

        async def all_of_them():
            return await asyncio.gather(*(self._client.request(method, path, **o) for method, path, o in requests))

        return self._loop.run_until_complete(all_of_them())

    def open(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, fields=None, *, headers=None, **options):
        return self.request("POST", path, data=fields or {}, headers=SAME_ORIGIN | (headers or {}), **options)

    def send(self, path, fields=None, *, nr=0, follow=True, **options):
        """Open a page, fill in its form as a browser would, and send it."""
        page = Page(self.open(path).text)
        form = page.forms[nr]
        target = form.action or path
        values = {**form.known, **(fields or {})}
        if form.button:
            values.setdefault(*form.button)
        response = self.post(target, values, **options)
        if follow and response.status_code == 303:
            return self.open(response.headers["location"])
        return response


@dataclass
class Form:
    """A form as it stands on a page: where it goes, what is filled in, which names it has."""

    action: str
    known: dict
    names: dict  # name -> list of values that can be chosen; empty for text
    button: tuple | None = None
    buttons: int = 0


class Page(HTMLParser):
    """What a test asks about a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.text, self.forms, self.links, self.title = text, [], [], ""
        self._area = None
        self._in_title = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        has = dict(attrs)
        if tag == "a" and has.get("href"):
            self.links.append(has["href"])
        elif tag == "title" and not self.title:
            self._in_title = True
        elif tag == "form":
            self.forms.append(Form(has.get("action", ""), {}, {}))
        elif self.forms and tag in {"input", "textarea", "button"}:
            self.forms[-1].buttons += tag == "button"
            if has.get("name"):
                self._field(tag, has)

    def _field(self, tag, has):
        form, name = self.forms[-1], has["name"]
        if tag == "button":
            form.button = form.button or (name, has.get("value", ""))
            return
        values = form.names.setdefault(name, [])
        if tag == "textarea":
            self._area = name
            form.known[name] = ""
        elif has.get("type") in {"radio", "checkbox"}:
            values.append(has["value"])
            if "checked" in has:
                if has["type"] == "checkbox":
                    form.known.setdefault(name, []).append(has["value"])
                else:
                    form.known[name] = has["value"]
        elif has.get("type") != "file":
            form.known[name] = has.get("value", "")

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.forms[-1].known[self._area] = self.forms[-1].known[self._area].removeprefix("\n")
            self._area = None
        if tag == "title":
            self._in_title = False

    def handle_data(self, data):
        if self._area:
            self.forms[-1].known[self._area] += data
        if self._in_title:
            self.title += data

    @property
    def words(self):
        """The text a reader sees, on one line."""
        main = re.search(r"<main.*?</main>", self.text, re.DOTALL)
        return " ".join(re.sub(r"<[^>]+>", " ", main[0] if main else self.text).split())
