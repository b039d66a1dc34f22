"""The options that every command takes, wherever they stand on the line."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator asked for, apart from the command itself."""

    json: bool = False  # one JSON document on standard output
    quiet: bool = False  # data only
    plain: bool = False  # no colours
    dry_run: bool = False  # show what would happen
    yes: bool = False  # do not ask
    now: str = ""  # the virtual moment, as typed
    set_back: bool = False  # also when that is earlier than where the clock stood


_FLAGS: dict[str, Callable[[Options], Options]] = {
    "--json": lambda o: replace(o, json=True),
    "--quiet": lambda o: replace(o, quiet=True),
    "--no-color": lambda o: replace(o, plain=True),
    "--dry-run": lambda o: replace(o, dry_run=True),
    "--set-back": lambda o: replace(o, set_back=True),
    "--yes": lambda o: replace(o, yes=True),
}


class NowNeedsAMoment(ValueError):
    """`--now` was the last word."""


_current: ContextVar[Options] = ContextVar("options", default=Options())  # noqa: B039 - frozen


def current() -> Options:
    """Return the options of the command that runs."""
    return _current.get()


def take(arguments: Sequence[str]) -> list[str]:
    """Take these options out of the arguments, keep them for `current`, and return the rest."""
    options, rest, words = Options(), [], list(arguments)
    while words:
        word = words.pop(0)
        if word == "--":
            rest += [word, *words]
            break
        if word in _FLAGS:
            options = _FLAGS[word](options)
        elif word == "--now" or word.startswith("--now="):
            value = word.partition("=")[2] or (words.pop(0) if words else "")
            if not value:
                raise NowNeedsAMoment
            options = replace(options, now=value)
        else:
            rest.append(word)
    _current.set(options)
    return rest
