"""How an aanmelding looks beside the audience of the training. A person decides; the machine shows."""

from collections.abc import Mapping
from typing import Any

from vitale_core.domain.programme import Programme, Question
from vitale_core.domain.states import Criterion
from vitale_core.steps.people import clean_text

BEST_FIRST = (Criterion.MET, Criterion.UNCLEAR, Criterion.NOT_MET)


def screen(programme: Programme, answers: Mapping[str, Any]) -> dict[str, str]:
    """Show each audience criterion as met, unclear or not met; what was not asked is unclear.

    The answers themselves are kept beside it, as "answer:<question>".
    """
    shown = {criterion.name: str(Criterion.UNCLEAR) for criterion in programme.audience}
    for question in programme.application:
        answer = answers.get(question.name)
        if answer:
            shown[f"answer:{question.name}"] = clean_text(in_words(answer))
        signs = _signs(question, answer)
        if question.criterion and signs:
            shown[question.criterion] = str(min(signs, key=BEST_FIRST.index))
    return shown


def in_words(answer: object) -> str:
    """Return an answer as text: one, or several choices."""
    return ", ".join(map(str, answer)) if isinstance(answer, list | tuple) else str(answer)


def _signs(question: Question, answer: object) -> list[Criterion]:
    chosen = answer if isinstance(answer, list | tuple) else [answer]
    return [Criterion(option.shows) for option in question.options if option.shows and option.value in chosen]
