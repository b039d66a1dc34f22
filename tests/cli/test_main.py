"""The doors of the command: help, exit codes, one line about what went wrong."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.desk import DAYS, MONDAY, PROGRAMME
from tests.training import LATER, an_approved_cohort, document, visits_of
from vitale_cli import main as command
from vitale_cli import options
from vitale_cli.commands.cohort import _task_words, document_of
from vitale_core.domain.errors import TemporaryFailure, Uncertain, VitaleError
from vitale_core.steps import werkbezoek

PROJECT = Path(__file__).parents[2]
HEAVY = ("prefect", "sqlalchemy", "alembic", "jinja2", "starlette", "icalendar", "pydantic")
LOOKS_FOR_THE_HEAVY = f"""
import sys
from vitale_cli.main import main
code = main(["--help"])
heavy = [name for name in {HEAVY!r} if name in sys.modules]
sys.exit(f"{{code}} {{heavy}}" if code or heavy else 0)
"""
EVERY = [name for name, *_ in command.COMMANDS]


def subcommands(name):
    """Return the commands of a command, as its module has them."""
    app = command.make_app()[name]
    return [c for c in app if not c.startswith("-")]


def test_help_comes_without_loading_anything_heavy():
    result = subprocess.run(
        [sys.executable, "-c", LOOKS_FOR_THE_HEAVY], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert all(f"  {name} " in result.stdout for name in EVERY)


@pytest.mark.parametrize("words", ["", "--help", "-h"])
def test_help_is_dutch_and_names_the_options_of_every_command(vitale, words):
    said = vitale(*words.split())

    assert said.code == 0
    assert "Lichtingen en mensen:" in said.out
    assert all(flag in said.out for flag in ("--json", "--quiet", "--no-color", "--dry-run", "--yes", "--now T"))
    assert not re.search(r"Usage|Commands|Parameters|\[required\]|Display this", said.out)


@pytest.mark.parametrize("name", EVERY)
def test_every_command_explains_itself(vitale, name):
    for words in ([name], *([name, sub] for sub in subcommands(name))):
        said = vitale.ok(*words, "--help")
        assert said.out.startswith(f"Zo: vitale {' '.join(words)}"), said
        assert not re.search(r"Usage|Parameters|\[required\]|Display this|True|False", said.out)


def test_the_version_is_that_of_the_installation(vitale):
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", vitale.ok("--version").out)


@pytest.mark.parametrize(
    "words, told, remedy",
    [
        ("cohrt", "'vitale cohrt' bestaat niet.", "Bedoel je vitale cohort?"),
        ("zzz", "'vitale zzz' bestaat niet.", "Alle opdrachten: vitale --help"),
        ("cohort shwo x", "'vitale cohort shwo' bestaat niet.", "Bedoel je vitale cohort show?"),
        ("cohort show", "CODE ontbreekt.", "vitale cohort show --help"),
        ("cohort show x --kleur", "De optie --kleur bestaat niet.", "vitale cohort show --help"),
        ("cohort show x y", "'y' is te veel.", "vitale cohort show --help"),
        ("cohort create x --programme p -q", "De optie -q bestaat niet of heeft geen waarde.", "--help"),
        ("cohort create --foo", "De optie --foo bestaat niet of heeft geen waarde.", "vitale cohort create --help"),
        ("mail show drie", "'drie' past niet bij NUMBER. Dit moet een getal zijn.", "vitale mail show --help"),
        (
            "mail preview 3 --part kleur",
            "'kleur' past niet bij --part. Kies uit: text, html, calendar, source.",
            "--help",
        ),
        ("cohort cancel x --reason a --reason b", "--reason staat er twee keer.", "vitale cohort cancel --help"),
        ("today --now", "Na --now hoort een moment.", "--now 2027-03-08T09:00"),
        ("today --now gisteren", "'gisteren' is geen moment.", "Schrijf 2027-03-08T09:00."),
        ("today --now 2027-03-28T02:30", "bestaat niet: de klok gaat dan een uur vooruit.", "Kies een tijd"),
    ],
)
def test_a_mistake_of_typing_is_told_in_one_line_with_what_to_type(vitale, words, told, remedy):
    said = vitale(words)

    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert remedy in said.err
    assert len(said.err.splitlines()) <= 2


@pytest.mark.parametrize(
    "problem, code",
    [
        (TemporaryFailure("De mailserver antwoordt niet.", remedy="Later."), 6),
        (Uncertain("Kijk zelf."), 5),
        (VitaleError("Vreemd."), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_sort_of_error_has_its_exit_code(vitale, monkeypatch, problem, code):
    def fails(_words):
        raise problem

    monkeypatch.setattr(command, "_run", fails)

    assert vitale("today").code == code


def test_ctrl_c_says_what_is_left(vitale, monkeypatch, tmp_path):
    def stops(*_given, **_how):
        raise KeyboardInterrupt

    monkeypatch.setattr("vitale_core.steps.clock.moment", stops)
    monkeypatch.setattr("vitale_cli.demo.play.main", stops)
    said = [vitale(words) for words in ("cohort list", "demo", f"demo --keep {tmp_path}")]

    assert [one.code for one in said] == [130] * 3
    assert "Onderbroken. Wat al gedaan was, is bewaard." in said[0].err
    assert "Er blijft niets van staan." in said[1].err
    assert str(tmp_path) in said[2].err


def test_a_reader_that_went_away_is_no_error(vitale, monkeypatch):
    def fails(_words):
        raise BrokenPipeError

    monkeypatch.setattr(command, "_run", fails)

    assert vitale("today").code == 0


def test_a_bug_leaves_a_log_without_what_it_was_about(vitale, monkeypatch, tmp_path):
    address = "noor@gemeente.example"

    def fails(_session, **_how):
        raise KeyError(address) from ValueError(address)

    monkeypatch.setattr("vitale_core.steps.clock.moment", fails)

    said = vitale("cohort list")

    assert said.code == 1
    assert "Dit had niet mogen gebeuren (KeyError)." in said.err
    assert "Traceback" not in said.err
    (log,) = (tmp_path / "var" / "log").iterdir()
    assert str(log) in said.err
    text = log.read_text()
    assert text.startswith("KeyError <- ValueError\n")
    assert "clock" in text
    assert "noor@" not in text


def test_a_bug_is_written_down_also_when_there_is_no_home(vitale, settings, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(command, "home", lambda: Path("/proc/nergens"))
    monkeypatch.setattr("vitale_core.app.build", lambda: 1 / 0)

    said = vitale("cohort list")

    assert said.code == 1
    assert list(tmp_path.glob("fout-*.txt"))


def test_a_database_out_of_reach_is_told_as_such(vitale, settings):
    settings(DATABASE_URL="postgresql+psycopg://niemand@127.0.0.1:1/niets")

    said = vitale("cohort list")

    assert said.code == 6
    assert "De database is niet bereikbaar" in said.err


def test_a_wrong_setting_is_named_with_its_variable(vitale, settings):
    settings(SMTP_HOST="mail.example.org")

    said = vitale("cohort list")

    assert said.code == 2
    assert "VITALE_SMTP_TLS=none mag alleen" in said.err


def test_a_wrong_sort_of_setting_is_named_without_its_value(vitale, settings):
    settings(SMTP_PORT="geheim-dat-hier-niet-hoort")

    said = vitale("cohort list")

    assert (said.code, "VITALE_SMTP_PORT" in said.err, "geheim" in said.err) == (2, True, False)


@pytest.mark.parametrize(
    "name, value",
    [
        ("DATABASE_URL", "mysql://u:geheim@db/vitale"),
        ("DATABASE_URL", "geheim"),
        ("MAIL_FROM", "geheim"),
        ("OPERATOR", "geheim <>"),
        ("REGION", "geheim"),
        ("SMTP_PASSWORD_FILE", "/geheim/is/er/niet"),
        ("INBOX_PASSWORD_FILE", "/dev/null"),
        ("SECRET_FILE", "/dev/null"),
        ("TEMPLATES", "/geheim/is/er/niet"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_before_anything_starts(vitale, settings, name, value):
    settings(**{name: value})

    said = vitale("tick")

    assert (said.code, f"VITALE_{name}: " in said.err, "geheim" in said.err) == (2, True, False)


# --------------------------------------------------------------------------------------- options of every command


def test_options_may_stand_anywhere():
    rest = options.take(["--json", "cohort", "--now=2027-01-01", "show", "x", "--yes", "--", "--quiet"])

    assert rest == ["cohort", "show", "x", "--", "--quiet"]
    assert options.current() == options.Options(json=True, yes=True, now="2027-01-01")


def test_json_is_one_document_on_standard_output_and_the_rest_goes_elsewhere(vitale):
    said = vitale.ok("cohort", "create", "2027-voorjaar", *PROGRAMME, *DAYS, "--now", MONDAY, "--json")

    document = json.loads(said.out)
    assert document["cohort"]["code"] == "2027-voorjaar"
    assert document["cohort"]["sessions"][0]["start"] == "2027-03-18T08:30:00+00:00"
    assert "Volgende" in said.err


def test_quiet_says_nothing_but_the_data(vitale):
    vitale.a_cohort()

    said = vitale.ok("cohort list --quiet")

    assert "2027-voorjaar" in said.out
    assert said.err == ""


def test_there_are_no_colours_when_nobody_looks(vitale):
    vitale.a_cohort()

    assert "\x1b" not in vitale.ok("cohort show 2027-voorjaar").out


def test_colours_are_for_a_terminal_that_wants_them(vitale, monkeypatch):
    from vitale_cli import terminal

    class Screen:
        def isatty(self):
            return True

    options.take([])
    assert terminal.paint("x", terminal.RED, Screen()) == "\x1b[31mx\x1b[0m"
    options.take(["--no-color"])
    assert terminal.paint("x", terminal.RED, Screen()) == "x"
    options.take([])
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.paint("x", terminal.RED, Screen()) == "x"


# -------------------------------------------------------------------------------------------- advice that is true


def advised():
    """Every command that a task, a remedy, a page or a programme tells somebody to type."""
    folders = ("vitale_core", "vitale_cli", "vitale_portal", "flows", "templates")
    found = set()
    for path in (
        p for folder in folders for p in (PROJECT / folder).rglob("*") if p.suffix in {".py", ".yaml", ".html"}
    ):
        for text in re.findall(r"[\"'`(: ]vitale ((?:[a-z][a-z-]+ ?){1,2})", path.read_text(encoding="utf-8")):
            found.add(tuple(text.split()))
    return sorted(found)


def test_every_command_that_is_advised_exists():
    app = command.make_app()
    names = set(EVERY)
    advice = [words for words in advised() if words[0] in names]

    assert len(advice) > 20
    for words in advice:
        if len(words) > 1 and (known := set(subcommands(words[0]))):
            assert words[1] in known, " ".join(words)
    assert set(app) >= names


def test_the_sessions_of_a_cohort_stand_in_the_order_of_their_moments(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session)
        werkbezoek.confirm_visit(session, visits_of(plan)[1], **LATER)
        starts = [meeting["start"] for meeting in document_of(session, cohort)["sessions"]]
    known = [start for start in starts if start]

    assert len(known) >= len(starts) - 1
    assert starts == [*sorted(known), *[None] * (len(starts) - len(known))]


def test_each_task_that_is_still_to_come_has_words():
    told = [_task_words(task["what"], "2027-voorjaar") for task in document()["tasks"]]

    assert "De gastheer van werkbezoek ... antwoordde nog niet. Bel even." in told
    assert "Vul de aanwezigheid in van ..." in told
    assert not [words for words in told if "{" in words or "...." in words]
