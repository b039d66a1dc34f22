"""Templates of mails with their style on each element, because mail programs drop a style sheet.

The style sheet stands in base.html. It is inlined into every template when that is read, not into every mail: the
tags of Jinja are taken out, the HTML is inlined, the tags are put back where they were.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from css_inline import CSSInliner
from jinja2 import BaseLoader, Environment

from vitale_core.domain.errors import VitaleError

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_PLACE = re.compile(r"<!--jinja(\d+)-->|jinja(\d+)ajnij")
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


class TemplateBroken(VitaleError):
    """A template is missing or wrong; who keeps the texts must mend it."""


class InlinedTemplates(BaseLoader):
    """Reads templates from the first of some folders that has them; HTML comes out inlined."""

    shared: ClassVar[tuple[str, ...]] = ("base.html", "base.txt", "parts.html", "parts.txt")
    """Templates that the others are built from."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Look in `folders`, in order."""
        self._folders = tuple(folders)
        self._inliner = CSSInliner(load_remote_stylesheets=False)
        style = _STYLE.search(self.text("base.html"))
        self._style = style.group(1) if style else ""

    def text(self, name: str) -> str:
        """Return a template as it was written, or raise TemplateBroken."""
        return self._path(name).read_text(encoding="utf-8")

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return the source, its path for messages, and that it stays as it is."""
        del environment
        source = self.text(template)
        if template.endswith(".html"):
            source = self._inlined(source, template)
        return source, str(self._path(template)), lambda: True

    def _path(self, name: str) -> Path:
        for folder in self._folders:
            if (folder / name).is_file():
                return folder / name
        raise TemplateBroken(f"De mailtekst {name} ontbreekt.", remedy=f"Zet hem in {self._folders[0]}.")

    def _inlined(self, source: str, name: str) -> str:
        tags: list[str] = []

        def out(found: re.Match[str]) -> str:
            tags.append(found.group())
            place = len(tags) - 1
            return f"jinja{place}ajnij" if found.group().startswith("{{") else f"<!--jinja{place}-->"

        html = _TAG.sub(out, source)
        whole = "<html" in html
        inlined = self._inliner.inline(html) if whole else self._inliner.inline_fragment(html, self._style)
        places = [int(comment or token) for comment, token in _PLACE.findall(inlined)]
        if places != list(range(len(tags))):
            lost = [place for place in range(len(tags)) if places.count(place) != 1]
            moved = [place for place, wanted in zip(places, range(len(tags)), strict=False) if place != wanted]
            tag = tags[(lost or moved)[0]]
            line = source[: source.index(tag)].count("\n") + 1
            raise TemplateBroken(
                f"De mailtekst {name}, regel {line}: {tag} staat op een plek waar HTML dat niet toelaat."
            )
        if whole:  # the style sheet is gone; an invisible comment keeps the lines where they were, for messages
            gone = html.count("\n") - inlined.count("\n")
            inlined = inlined.replace("<head>", "<head>{#" + "\n" * gone + "#}", 1)
        return _PLACE.sub(lambda found: tags[int(found[1] or found[2])], inlined)
