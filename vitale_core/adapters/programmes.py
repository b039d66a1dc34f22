"""Programme files: YAML in, a checked document out; what does not fit is named by line and field."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from vitale_core.domain import programme_document
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.programme_checks import ProgrammeError

LARGEST = 500_000  # bytes


class ProgrammeFileRefused(Refused):
    """A programme file does not fit; the message names line and field."""


def load(folder: Path, slug: str) -> dict[str, Any]:
    """Return the checked document of programme `slug`, or raise NotFound or ProgrammeFileRefused."""
    path = folder / f"{slug}.yaml"
    if not path.is_file() or path.parent.resolve() != folder.resolve():
        known = ", ".join(available(folder)) or "geen"
        raise NotFound(f"Programma '{slug}' bestaat niet.", remedy=f"Er zijn: {known}.")
    return read(path)


def available(folder: Path) -> list[str]:
    """Return the slugs of the programmes in a folder."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def read(path: Path) -> dict[str, Any]:
    """Return the checked document of one file."""
    text = _text(path)
    try:
        node, document = _parsed(text)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else 1
        raise ProgrammeFileRefused(
            f"{path.name}, regel {line}: dit is geen goede YAML ({problem.problem or problem.context}).",
            remedy="Kijk naar inspringen, dubbele punten en aanhalingstekens op of boven die regel.",
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        # A character that may not be in it, a date like 2027-99-99, a thousand brackets.
        line = text.count("\n", 0, getattr(problem, "position", 0)) + 1
        raise ProgrammeFileRefused(
            f"{path.name}, regel {line}: dit is geen goede YAML ({type(problem).__name__})."
        ) from None
    _no_double_fields(path, node)
    if not isinstance(document, Mapping):
        raise ProgrammeFileRefused(f"{path.name}, regel 1: hier horen velden te staan, zoals 'slug: ...'.")
    try:
        programme = programme_document.read(document)
    except ProgrammeError as problem:
        line = _line_of(node, problem.path)
        field = ".".join(str(part) for part in problem.path) or "(bovenste niveau)"
        raise ProgrammeFileRefused(f"{path.name}, regel {line}, veld {field}: {problem.problem}.") from None
    if programme.slug != path.stem:
        line = _line_of(node, ("slug",))
        raise ProgrammeFileRefused(
            f"{path.name}, regel {line}, veld slug: '{programme.slug}' moet gelijk zijn aan de bestandsnaam."
        )
    return dict(document)


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise ProgrammeFileRefused(f"{path.name} is groter dan {LARGEST // 1000} kB.")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise ProgrammeFileRefused(f"{path.name} is geen UTF-8 (byte {problem.start}).") from None


def _parsed(text: str) -> tuple[yaml.Node | None, object]:
    """Return the tree of a text, which knows its lines, and what it says."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        return node, loader.construct_document(node) if node else None
    finally:
        loader.dispose()


def _no_double_fields(path: Path, node: yaml.Node | None) -> None:
    """Refuse a field that stands twice in one place: YAML would silently take the last."""
    waiting, seen = [node], set()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue  # an alias leads to what was looked at before
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            fields = set()
            for key, value in node.value:
                if key.value in fields:
                    line = key.start_mark.line + 1
                    raise ProgrammeFileRefused(f"{path.name}, regel {line}, veld {key.value}: staat er twee keer.")
                fields.add(key.value)
                waiting.append(value)


def _line_of(node: yaml.Node | None, path: tuple[str | int, ...]) -> int:
    """Return the line, from 1, of the deepest part of the path that is in the file."""
    line = 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line
