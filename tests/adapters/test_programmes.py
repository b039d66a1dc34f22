"""Programme files: what does not fit is refused with the file, the line and the field, in Dutch."""

from pathlib import Path

import pytest
import yaml

from tests.builders import programme
from vitale_core.adapters import programmes
from vitale_core.adapters.programmes import ProgrammeFileRefused
from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import Approval, SessionKind

FOLDER = Path(__file__).parents[2] / "templates" / "programmes"
SECOND = Path(__file__).parents[1] / "programmes"
WHOLE = (FOLDER / "overheidsparticipatie.yaml").read_text(encoding="utf-8")


def refusal(tmp_path: Path, text: str | bytes, slug: str = "overheidsparticipatie") -> str:
    """Return the sentence with which this file is refused."""
    path = tmp_path / f"{slug}.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ProgrammeFileRefused) as refused:
        programmes.read(path)
    return refused.value.message


def line_of(text: str, part: str) -> int:
    """Return the line on which this part begins."""
    assert part in text
    return text[: text.index(part)].count("\n") + 1


def test_the_programme_of_the_client_fits():
    plan = programme()

    assert [s.name for s in plan.gatherings] == [*(f"dagdeel-{n}" for n in range(1, 5)), "terugkomdag"]
    assert (plan.capacity, plan.minimum, plan.group_min, plan.group_max) == (12, 6, 3, 4)
    assert len(plan.outcomes) == 5
    assert len(plan.audience) == 4
    assert plan.has_visits
    assert plan.session("werkbezoek-2").kind is SessionKind.WERKBEZOEK
    assert plan.round("direct").look_back
    assert {r.approval for r in plan.rules} == {Approval.AUTO, Approval.ALWAYS}
    with pytest.raises(KeyError):
        plan.session("dagdeel-9")


# Each breakage: what stands in the file, what somebody makes of it, the field that is named, and why.
BREAKAGES = [
    ("capacity: 12", "capacity: twaalf", "capacity", "getal van 1 tot 500"),
    ("capacity: 12", "capacity: true", "capacity", "getal van 1 tot 500"),
    ("capacity: 12", "capacity: 12\ncapacity: 14", "capacity", "staat er twee keer"),
    ("minimum: 6", "minimum: 20", "minimum", "meer dan de capaciteit"),
    ("minimum: 6\n", "", "bovenste niveau", "'minimum' ontbreekt"),
    ("groups: {min: 3, max: 4}", "groups: {min: 5, max: 4}", "groups.max", "kleiner dan min"),
    ("groups: {min: 3, max: 4}\n", "", "groups", "ontbreekt, maar er is een werkbezoek"),
    ("groups: {min: 3, max: 4}", "groups: drie", "groups", "velden"),
    ("quiet_minutes: 10", "quiet_minuts: 10", "quiet_minuts", "niet bekend"),
    ("slug: overheidsparticipatie", "slug: iets-anders", "slug", "bestandsnaam"),
    ("title: Training overheidsparticipatie", "title: 2027", "title", "tekst"),
    ("title: Training overheidsparticipatie", 'title: "  "', "title", "tekst"),
    ("days: [day1, day2, terugkomdag]", "days: [day1, day2, day1]", "days.2", "twee keer"),
    ("days: [day1, day2, terugkomdag]", "days: day1", "days", "lijst"),
    ('    start: "13:30"', "    start: 13:30", "sessions.1.start", "geen tijd"),  # YAML reads minutes
    ('    start: "09:30"', '    start: "0930"', "sessions.0.start", "geen tijd"),
    ('    start: "09:30"', '    start: "25:30"', "sessions.0.start", "geen tijd"),
    ('    end: "12:30"', '    end: "09:00"', "sessions.0.end", "na het begin"),
    ("    day: day2", "    day: day3", "sessions.3.day", "'day3' staat niet bij days"),
    ("    kind: terugkomdag", "    kind: borrel", "sessions.5.kind", "'borrel' is hier niet mogelijk"),
    ("  - name: dagdeel-2", "  - name: dagdeel-1", "sessions.1", "twee keer"),
    ("  - name: dilemma\n    text", "  - name: inwoners\n    text", "audience.2", "twee keer"),
    ("shows: unclear", "shows: perhaps", "application.0.options.1.shows", "'perhaps'"),
    ("    criterion: beleid", "    criterion: politiek", "application.0.criterion", "niet bij audience"),
    ("  - name: motivatie\n    kind: long", "  - name: motivatie\n    kind: choice", "application.4", "soort choice"),
    ("  - name: motivatie\n    kind: long", "  - name: motivatie\n    kind: roman", "application.4.kind", "een van"),
    ("  - name: motivatie", "  - name: voorbeelden", "application.4", "twee keer"),
    ("{value: praten,", "{value: samen,", "application.1.options.1", "twee keer"),
    ("rsvp_deadline: day1 - 10wd", "rsvp_deadline: day1-10wd", "rsvp_deadline", "geen bekend moment"),
    ("rsvp_deadline: day1 - 10wd", "rsvp_deadline: tien dagen ervoor", "rsvp_deadline", "is geen moment"),
    ("until: day2 - 5wd", "until: day3 - 5wd", "visit.until", "'day3'"),
    ("visit: {from: day1 + 5wd, until: day2 - 5wd, minutes: 150}\n", "", "visit", "ontbreekt, maar"),
    ("minutes: 150", "minutes: 5", "visit.minutes", "getal van 15 tot 600"),
    ("poll: {opens: last_day + 5wd", "poll: {opens: deadline + 5wd", "poll.opens", "'deadline'"),
    ("  hours: 12", "  hours: .inf", "certificate.hours", "getal van 0"),
    ("sessions: [dagdeel, werkbezoek]", "sessions: [dagdeel, borrel]", "certificate.sessions.1", "'borrel'"),
    ("    closes: first_day", "    closes: eerste_dag", "rounds.0.closes", "'eerste_dag'"),
    ("  - name: transfer", "  - name: direct", "rounds.2", "twee keer"),
    ("    look_back: true", "    look_back: ja", "rounds.1.look_back", "ja of nee"),
    ("- {kind: receipt,", "- {kind: recipt,", "mails.0.kind", "'recipt'"),
    ("- {kind: receipt, step: intake,", "- {kind: receipt, step: borrel,", "mails.0.step", "moet een van intake"),
    ("to: applicants", "to: everyone", "mails.0.to", "'everyone'"),
    ("when: applied, stale", "when: issued, stale", "mails.0.when", "'issued' is geen bekend moment voor 'applicants'"),
    ("nr: 2, step: intake", "nr: 1, step: intake", "mails.13", "twee keer"),
    ("only: [day1]", "only: [day9]", "mails.17.only", "geen dag of sessie"),
    ("approval: always", "approval: soms", "mails.6.approval", "'soms'"),
    ("not_before: day1 - 7wd", "not_before: day1 - 7wd 02:15", "mails.22.not_before", "elke dag"),
    ('what: "Beslis of {code} doorgaat."', 'what: "Beslis of {cohort} doorgaat."', "tasks.0.what", "{code}"),
    ("command: vitale cohort go {code}", "command: vitale cohort go {code", "tasks.0.command", "{code}"),
    ("  - kind: rsvp-silent", "  - kind: intake-silent", "tasks.2", "twee keer"),
]  # fmt: skip


@pytest.mark.parametrize("old,new,field,why", BREAKAGES)
def test_a_broken_file_is_refused_with_line_and_field(tmp_path, old, new, field, why):
    assert old in WHOLE
    text = WHOLE.replace(old, new, 1)

    sentence = refusal(tmp_path, text)

    assert sentence.startswith("overheidsparticipatie.yaml, regel ")
    assert f"veld {field}" in sentence or field == "bovenste niveau"
    assert why in sentence
    named = int(sentence.split("regel ")[1].split(",")[0])
    changed = line_of(WHOLE, old)
    if new and field != "bovenste niveau" and "twee keer" not in why:
        assert changed <= named <= changed + new.count("\n") + 1


@pytest.mark.parametrize(
    "text,why",
    [
        ("", "regel 1: hier horen velden te staan"),
        ("- een\n- twee\n", "regel 1: hier horen velden te staan"),
        ("slug: a\ntitle: [een\n", "regel 3: dit is geen goede YAML"),
        ("slug: a\n\ttitle: b\n", "regel 2: dit is geen goede YAML"),
        ("slug: a\n---\nslug: b\n", "regel 2: dit is geen goede YAML"),
        ("slug: a\ntitle: !!python/object:os.system {}\n", "regel 2: dit is geen goede YAML"),
        ("slug: a\ntitle: \x07\n", "regel 2: dit is geen goede YAML (ReaderError)"),
        ("slug: 2027-99-99\n", "dit is geen goede YAML (ValueError)"),
        pytest.param("a: " + "[" * 5_000, "dit is geen goede YAML (RecursionError)", id="brackets"),
        ("slug: *nobody\n", "regel 1: dit is geen goede YAML"),
        pytest.param("x" * 600_000, "groter dan 500 kB", id="large"),
        (b"slug: caf\xe9\n", "is geen UTF-8 (byte 9)"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(tmp_path, text, why):
    assert why in refusal(tmp_path, text)


def test_a_file_may_begin_with_the_mark_of_windows_notepad(tmp_path):
    path = tmp_path / "overheidsparticipatie.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())

    assert programmes.read(path)["slug"] == "overheidsparticipatie"


def test_a_programme_is_found_by_its_slug():
    assert programmes.available(FOLDER) == ["overheidsparticipatie"]
    assert programmes.load(FOLDER, "overheidsparticipatie")["capacity"] == 12


@pytest.mark.parametrize("slug", ["onbekend", "../mail", "../../pyproject"])
def test_an_unknown_programme_is_refused_with_those_there_are(slug):
    with pytest.raises(NotFound) as refused:
        programmes.load(FOLDER, slug)

    assert refused.value.remedy == "Er zijn: overheidsparticipatie."


def test_a_folder_without_programmes_says_so(tmp_path):
    with pytest.raises(NotFound) as refused:
        programmes.load(tmp_path, "kort")

    assert refused.value.remedy == "Er zijn: geen."


def test_a_field_that_lies_deeper_than_the_file_is_named_by_the_deepest_line_there_is():
    assert programmes._line_of(yaml.compose("slug: a\ndays: drie"), ("days", 2)) == 2
