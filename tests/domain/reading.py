"""Reading an agenda in tests: what is owed to one person, as words."""

from tests.builders import shown
from vitale_core.domain import agenda
from vitale_core.domain.facts import CohortFacts
from vitale_core.domain.programme import Rule

ANNA, HOST, TRAINER, OPERATOR = 101, 50, 2, 3


def name_of(owed: agenda.Owed) -> str:
    """The rule that owes it: "reminder", "preparation-1", "task attendance"."""
    return owed.rule.name if isinstance(owed.rule, Rule) else f"task {owed.rule.kind}"


def owed_to(facts: CohortFacts, person: int = ANNA) -> list[tuple[str, str]]:
    """Return (moment, what) of everything owed to this person."""
    return [
        (shown(o.at), f"{name_of(o)} {o.occasion.subject}") for o in agenda.agenda(facts) if o.occasion.person == person
    ]


def kinds_owed(facts: CohortFacts, person: int = ANNA) -> set[str]:
    """Return the names of the rules that owe this person something."""
    return {name_of(o) for o in agenda.agenda(facts) if o.occasion.person == person}
