"""`vitale eval`: how many answered, and what they said together."""

from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from vitale_cli import documents, terminal
from vitale_cli.desk import open_desk
from vitale_cli.parser import Code, commands
from vitale_core.domain import labels

app = commands("eval", "Evaluaties.")

MANY_STARS = 40


@app.command
def status(code: Code) -> None:
    """Hoeveel mensen antwoordden, per ronde."""
    from vitale_core.steps import cohorts, evaluation
    from vitale_core.steps.programmes import programme_of

    with open_desk() as desk, desk.database.read() as session:
        cohort = cohorts.get(session, code)
        rounds = [asdict(evaluation.report(session, cohort, plan.name)) for plan in programme_of(cohort).rounds]
    for one in rounds:
        one["released"] = one.pop("report") is not None
    rows = [
        (
            r["name"],
            r["title"],
            labels.of_state(r["status"]) if r["status"] else "nog niet open",
            f"{r['answered']} van {r['invited']}",
            documents.short(r["closes_at"]),
        )
        for r in rounds
    ]
    text = terminal.table(("ronde", "titel", "status", "antwoorden", "sluit"), rows)
    terminal.show({"cohort": code, "rounds": rounds}, text)


@app.command
def report(code: Code, *, round_name: Annotated[str, Parameter(name="--round", help="alleen deze ronde")] = "") -> None:
    """Het verslag; ronden met minder dan vijf antwoorden blijven dicht."""
    from vitale_core.steps import cohorts, evaluation
    from vitale_core.steps import report as reports

    with open_desk() as desk, desk.database.read() as session:
        cohort = cohorts.get(session, code)
        if round_name:
            evaluation.questions(cohort, round_name)  # raises when there is no such round
        shown = asdict(reports.cohort_report(session, cohort))
    if round_name:
        shown["rounds"] = [r for r in shown["rounds"] if r["shown"]["name"] == round_name]
    terminal.show({"report": shown}, _text(shown))


def _text(shown: dict[str, Any]) -> str:
    parts = [terminal.paint(f"{shown['title']}, {shown['code']}", terminal.BOLD), "\n".join(shown["summary"])]
    rows = [
        (f"{outcome['text']}", point["moment"], f"{point['mean']:.1f}".replace(".", ","), point["n"])
        for outcome in shown["outcomes"]
        for point in outcome["points"]
    ]
    parts.append(terminal.table(("wat je na afloop kunt", "moment", "gemiddeld", "antwoorden"), rows))
    parts += [_round_text(one) for one in shown["rounds"]]
    return "\n\n".join(part for part in parts if part)


def _round_text(one: dict[str, Any]) -> str:
    told = one["shown"]
    lines = [terminal.paint(told["title"], terminal.BOLD)]
    if told["why"]:
        lines.append(f"  {told['why']}")
    for question in (*one["scales"], *one["choices"]):
        mean = f", gemiddeld {question['mean']:.1f}".replace(".", ",") if question["mean"] is not None else ""
        lines.append(f"  {question['label']} ({question['n']} antwoorden{mean})")
        lines += [f"    {label:<24} {'*' * min(count, MANY_STARS)} {count}" for label, count in question["bars"]]
    for question in one["texts"]:
        lines.append(f"  {question['label']}")
        lines += [f"    - {' '.join(text.split())}" for text in question["texts"]]
    lines += [f"  {label}: te weinig antwoorden" for label in one["few"]]
    return "\n".join(lines)
