"""docs/operations.md is true: its story plays, its other examples can be typed, and every command is in it."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.desk import Vitale
from vitale_cli import main as command

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = [
    (head.split(), body) for head, body in re.findall(r"^```(\S[^\n]*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
]


def examples(kind):
    """Return (words, exit code) of every example in blocks of this kind, in order."""
    found = []
    for head, body in BLOCKS:
        if head[0] == kind:
            for line in body.replace("\\\n", " ").splitlines():
                typed, _, remark = line.partition("#")
                words = shlex.split(typed.removeprefix("$ "))
                expected = re.search(r"exit (\d)", remark)
                if words:
                    found.append((words[1:], int(expected[1]) if expected else 0))
    return found


@pytest.mark.slow
def test_the_story_plays_as_it_is_told(vitale: Vitale):
    for head, body in BLOCKS:
        if len(head) > 1:
            (vitale.folder / head[1]).write_text(body, encoding="utf-8")

    for words, expected in examples("console"):
        said = vitale(*words)
        assert said.code == expected, f"vitale {' '.join(words)}\n{said}"


@pytest.mark.parametrize("words", [words for words, _ in examples("sh")], ids=" ".join)
def test_the_other_examples_can_be_typed(words):
    app = command.make_app()

    function, bound, _ = app.parse_args(words, exit_on_error=False, print_error=False)

    assert callable(function)
    assert bound is not None


def test_every_command_is_in_it():
    told = {tuple(words[:2]) for kind in ("console", "sh") for words, _ in examples(kind)}
    app = command.make_app()

    for name, path, *_ in command.COMMANDS:
        subs = [c for c in app[name] if not c.startswith("-")] if path.endswith("app") else []
        missing = [sub for sub in subs if (name, sub) not in told]
        assert not missing, f"vitale {name} {missing}"
        assert any(words[0] == name for words in told), name
