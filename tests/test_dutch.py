"""What a person reads is Dutch: every refusal, reason and task that the code can write down."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from vitale_core.domain import labels
from vitale_core.domain.delivery import Stage
from vitale_core.domain.incoming import IncomingKind

ROOT = Path(__file__).parents[1]
PLACES = ("vitale_core", "vitale_cli", "vitale_portal", "flows")
ENGLISH = frozenset(
    """the are not and with have has cannot must should this that from been than unknown missing wrong failed invalid
    empty broken because which when too more one needs contradict calendar connection lost""".split()  # noqa: SIM905
)
"""Words of an English sentence that are no Dutch words."""

TOLD = frozenset(
    {
        "Refused",
        "NotFound",
        "NeedsApproval",
        "TemporaryFailure",
        "Uncertain",
        "Unreadable",
        "UnreadableReply",
        "Handled",
    }
    | {"Conflict", "Ending", "RowProblem", "Finding", "Unfilled", "Done"}
)
"""What ends before somebody's eyes: errors, reasons, findings."""

WRITTEN = frozenset({"why", "outcome", "remedy", "sentence", "problem", "missing", "hint"})
"""Names under which a sentence is handed on; `what` of a task too."""

COMMAND = re.compile(r"vitale( [a-z-]+)+|--[a-z-]+( [a-z-]+)?")


def sentences() -> Iterator[tuple[str, str]]:
    """Give what the code tells people, with its place."""
    for place in PLACES:
        for file in sorted((ROOT / place).rglob("*.py")):
            if "migrations" in file.parts or "planning" in file.parts:
                continue
            for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(call, ast.Call):
                    continue
                name = ast.unparse(call.func).rpartition(".")[2]
                told = list(call.args) if name in TOLD else []
                written = WRITTEN | {"what"} if name == "owe_task" else WRITTEN
                told += [keyword.value for keyword in call.keywords if keyword.arg in written]
                for part in told:
                    yield f"{file.relative_to(ROOT)}:{part.lineno}", _words(part)


def _words(part: ast.expr) -> str:
    found = (n.value for n in ast.walk(part) if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return COMMAND.sub("", " ".join(found))


def test_no_refusal_reason_or_task_speaks_english():
    told = list(sentences())

    assert len(told) > 500
    english = {
        place: text for place, text in told if ENGLISH & set(re.findall(r"(?<![\w'_-])[a-z']+(?![\w_-])", text.lower()))
    }
    assert english == {}


def test_what_came_in_and_how_far_a_mail_came_have_dutch_words():
    assert set(labels.INCOMING) == set(IncomingKind)
    assert set(labels.STAGES) == set(Stage)
