"""The words around a command: its help and the mistakes of typing, in Dutch."""

import shutil
import textwrap
from typing import Any

from cyclopts import CycloptsError
from cyclopts.exceptions import (
    CoercionError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

NARROW, WIDE = 60, 110
LONGEST_LABEL = 30
WORDS = {"STR": "TEKST", "INT": "GETAL", "CHOICE": "KEUZE", "--[KEYWORD]": "--DAG", "PATH": "PAD"}


class DutchHelp:
    """Shows help as plain, aligned text."""

    def __call__(self, console: Any, options: Any, panel: Any) -> None:  # noqa: ANN401 - rich and cyclopts
        """Write one panel: a title and its entries."""
        del options
        entries = [(_label(entry, panel.format), _description(entry, console)) for entry in panel.entries]
        if not entries:
            return
        width = min(max(len(label) for label, _ in entries), LONGEST_LABEL) + 2
        console.print(f"{panel.title}:", markup=False, highlight=False, style="bold")
        for label, text in entries:
            lines = textwrap.wrap(text, max(screen_width() - width - 2, 30)) or [""]
            if len(label) + 2 > width:
                lines.insert(0, "")
            shown = [f"  {label:<{width}}{lines[0]}", *(" " * (width + 2) + line for line in lines[1:])]
            console.print("\n".join(line.rstrip() for line in shown), markup=False, highlight=False, soft_wrap=True)
        console.print()

    def render_usage(self, console: Any, _options: Any, usage: Any) -> None:  # noqa: ANN401 - rich and cyclopts
        """Write the line that shows how a command is typed."""
        if usage:
            text = _text(usage, console).replace("COMMAND", "OPDRACHT").replace("[OPTIONS]", "[OPTIES]")
            console.print(f"Zo: {text}\n", markup=False, highlight=False, soft_wrap=True)

    def render_description(self, console: Any, _options: Any, description: Any) -> None:  # noqa: ANN401 - the same
        """Write what a command does."""
        if description:
            console.print(_text(description, console) + "\n", markup=False, highlight=False)


def screen_width() -> int:
    """Return how wide text may be."""
    return max(NARROW, min(shutil.get_terminal_size((100, 24)).columns, WIDE))


def mistake(problem: CycloptsError) -> tuple[str, str]:  # noqa: PLR0911 - one exit per sort of mistake
    """Say what is wrong with what was typed, and what to type instead."""
    name = " ".join(["vitale", *(problem.command_chain or ())])
    remedy = f"{name} --help"
    match problem:
        case UnknownCommandError():
            typed = problem.unused_tokens[0] if problem.unused_tokens else ""
            return f"'{name} {typed}' bestaat niet.", _nearest(problem, typed, name)
        case UnknownOptionError():
            return f"De optie {problem.token.keyword or problem.token.value} bestaat niet.", remedy
        case MissingArgumentError() if problem.argument is not None and "[" in problem.argument.name:
            return f"De optie {problem.keyword or ''} bestaat niet of heeft geen waarde.".replace("  ", " "), remedy
        case MissingArgumentError() if problem.argument is not None:
            return f"{_shown(problem.argument)} ontbreekt.", remedy
        case CoercionError() if problem.token is not None:
            where = _shown(problem.argument) if problem.argument is not None else "een optie"
            choices = _choices(problem)
            told = f" Kies uit: {', '.join(choices)}." if choices else " Dit moet een getal zijn."
            return f"'{problem.token.value}' past niet bij {where}.{told}", remedy
        case RepeatArgumentError():
            return f"{problem.token.keyword} staat er twee keer.", remedy
        case UnusedCliTokensError() if problem.unused_tokens:
            return f"'{problem.unused_tokens[0]}' is te veel.", remedy
        case _:
            return str(problem.msg or "Deze opdracht kan niet worden gelezen."), remedy


def _nearest(problem: CycloptsError, typed: str, name: str) -> str:
    from difflib import get_close_matches

    known = [c for c in problem.app or () if not c.startswith("-")]
    near = get_close_matches(typed, known, n=1)
    return f"Bedoel je {name} {near[0]}? Alle opdrachten: {name} --help" if near else f"Alle opdrachten: {name} --help"


def _choices(problem: CoercionError) -> list[str]:
    from enum import Enum
    from typing import get_args

    hint = problem.target_type
    if isinstance(hint, type) and issubclass(hint, Enum):
        return [member.name.lower().replace("_", "-") for member in hint]
    return [str(choice) for choice in get_args(hint)]


def _shown(argument: Any) -> str:  # noqa: ANN401 - cyclopts
    """Return how an argument is typed: what has a place by its place, the rest by its option."""
    name = str(argument.name)
    return name if argument.index is None else name.lstrip("-").upper()


def _label(entry: Any, shape: str) -> str:  # noqa: ANN401 - cyclopts
    if shape == "parameter":
        label = ", ".join(entry.display_labels_with_metavar)
        return " ".join(WORDS.get(word, word) for word in label.split(" "))
    return ", ".join((*entry.positive_names, *entry.positive_shorts))


def _description(entry: Any, console: Any) -> str:  # noqa: ANN401 - cyclopts and rich
    text = _text(entry.description, console)
    if entry.choices:
        text += f" ({' | '.join(entry.choices)})"
    if entry.default not in (None, "", '""', "False", "True", "None"):
        text += f" (standaard: {entry.default})"
    return " ".join(text.split()) + (" (verplicht)" if entry.required else "")


def _text(thing: Any, console: Any) -> str:  # noqa: ANN401 - whatever rich can show
    if thing is None:
        return ""
    if isinstance(thing, str):
        return thing
    if hasattr(thing, "plain"):
        return str(thing.plain).rstrip()
    with console.capture() as seen:
        console.print(thing, end="", markup=False, highlight=False, width=screen_width())
    return str(seen.get()).rstrip()
