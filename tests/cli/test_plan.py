"""`vitale plan`: the neutral file in, the neutral answer out, whatever is asked beside it."""

import json
from pathlib import Path

import pytest

from tests.planning.checker import Judge

DATA = Path(__file__).parents[1] / "planning" / "data"


def example(name):
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def written(folder, document, name="plan.json"):
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["p01", "p02", "p03", "p04"])
def test_standard_output_is_the_solution_and_nothing_else(vitale, name):
    said = vitale.ok("plan", str(DATA / f"{name}.json"))

    answer = example(f"answers/{name}")
    judged = Judge(example(name)).plan(
        [(tuple(g["members"]), g.get("host", ""), g.get("slot", "")) for g in said.document["groups"]]
    )
    assert said.document["status"] == "optimal"
    assert said.document["objective"] == answer["objective"]
    assert judged == (frozenset(), tuple(answer["objective"]))
    assert "bewezen het beste" in said.err


def test_the_impossible_is_an_answer_with_the_clash_and_the_ways_out(vitale):
    said = vitale.ok("plan", str(DATA / "p05.json"))

    assert said.document["status"] == "infeasible"
    assert said.document["conflict"] == ["duo", "trio"]
    assert said.document["conflicts"]["minimal"] == [["duo", "trio"]]
    assert "het lukt wel zonder: duo" in said.err


def test_explaining_tells_each_person_and_each_visit_and_no_needs(vitale, tmp_path):
    document = example("p03")
    document["participants"][0]["needs"] = ["blindengeleidehond"]
    for host in document["hosts"]:
        host["access"] += ["blindengeleidehond"] if host["id"] in {"h4", "h5"} else []

    said = vitale.ok("plan", written(tmp_path, document), "--explain", "--alternatives")

    told = said.document["explanation"]
    assert {one["person"] for one in told["people"]} == {one["id"] for one in document["participants"]}
    assert all(one["reason"] or one["price"] for one in told["visits"])
    assert told["claim"] == "bewezen het beste"
    assert len(said.document["alternatives"]) == 3
    assert all(len(other["moved"]) >= 3 for other in said.document["alternatives"])
    for words in (json.dumps(told), said.err):
        assert "blindengeleidehond" not in words
        assert "toegang" not in words


def test_an_earlier_answer_can_be_the_plan_in_force(vitale, tmp_path):
    document = example("p03")
    before = vitale.ok("plan", written(tmp_path, document)).document
    declined = before["groups"][1]["host"]
    document["hosts"] = [host for host in document["hosts"] if host["id"] != declined]

    said = vitale.ok("plan", written(tmp_path, document), "--previous", written(tmp_path, before, "voor.json"))

    kept = [set(g["members"]) for g in said.document["groups"]]
    assert kept == [set(g["members"]) for g in before["groups"]]
    assert said.document["changes"][0]["label"] == "minste wijziging"
    assert said.document["changes"][0]["moved"] == 0
    assert said.document["changes"][0]["visits_changed"] == len(before["groups"][1]["members"])
    assert all(g["host"] != declined for g in said.document["groups"])


def test_least_change_is_not_called_the_best_when_a_better_mix_exists(vitale, tmp_path):
    document = example("p02")
    people = [one["id"] for one in document["participants"]]
    before = {"groups": [{"members": people[place::3]} for place in range(3)]}

    said = vitale.ok("plan", written(tmp_path, document), "--previous", written(tmp_path, before, "voor.json"))

    best = example("answers/p02")["objective"]
    least = said.document["changes"][0]
    assert said.document["groups"] == least["plan"]["groups"]
    assert least["moved"] < said.document["changes"][-1]["moved"]
    assert said.document["status"] == "feasible"
    assert said.document["objective"] > best
    assert said.document["changes"][-1]["plan"]["objective"] == best
    assert 3 <= len(said.document["changes"]) <= 5


@pytest.mark.parametrize(
    "change, field",
    [
        (lambda d: d["constraints"].append({"id": "x", "type": "exclude", "host": "weg"}), "constraints[7].host"),
        (lambda d: d["constraints"].append({"id": "x", "type": "raad"}), "constraints[7].type"),
        (lambda d: d["participants"][0].update(available=["s99"]), "participants[0].available"),
        (lambda d: d["objective"][1]["terms"][0].update(weight=-1), "objective[1].terms[0].weight"),
        (lambda d: d.update(participants=[]), "participants"),
        (lambda d: d["groups"].update(count=5), "groups"),
        (lambda d: d["groups"].update(min=4, max=3), "groups.min"),
        (lambda d: d.update(travel={}), "travel"),
        (lambda d: d["travel"][d["participants"][0]["home"]].clear(), "travel."),
        (lambda d: d["hosts"][2].update(slots={}), "hosts[2].slots"),
        (lambda d: d.update(participants=[{"id": f"p{n}"} for n in range(10_000)]), "participants"),
        (lambda d: d.update(schema="werkgroepen/2"), "schema"),
    ],
)
def test_what_cannot_be_planned_is_refused_with_field_and_reason(vitale, tmp_path, change, field):
    document = example("p03")
    document["constraints"] = document["constraints"][:7]
    while len(document["constraints"]) < 7:
        document["constraints"].append({"id": f"vul-{len(document['constraints'])}", "type": "distinct_hosts"})
    change(document)

    said = vitale("plan", written(tmp_path, document))

    assert said.code == 2
    assert said.out == ""
    assert f"plan.json: {field}" in said.err
    assert "docs/planning.md" in said.err


@pytest.mark.parametrize("text", ["", "[", "[]", '{"schema": 1}', "null"])
def test_a_file_that_is_no_plan_is_refused(vitale, tmp_path, text):
    path = tmp_path / "kapot.json"
    path.write_text(text, encoding="utf-8")

    said = vitale("plan", str(path))

    assert (said.code, said.out) == (2, "")
    assert "kapot.json" in said.err
    assert "Error" not in said.err


def test_a_plan_in_force_without_groups_is_refused(vitale, tmp_path):
    said = vitale("plan", str(DATA / "p03.json"), "--previous", written(tmp_path, {"status": "infeasible"}))

    assert said.code == 2
    assert "plan.json: groups: er staat geen plan in" in said.err


def test_a_file_that_is_not_there_is_not_found(vitale):
    assert vitale("plan", "nergens.json").code == 3


def test_a_file_that_is_no_text_or_a_folder_is_refused_in_dutch(vitale, tmp_path):
    path = tmp_path / "plaatje.json"
    path.write_bytes(b"\xff\xd8\xff\xe0")

    no_text, folder = vitale("plan", str(path)), vitale("plan", str(tmp_path))

    assert (no_text.code, folder.code) == (2, 2)
    assert "plaatje.json is geen JSON-bestand dat te lezen is." in no_text.err
    assert f"{tmp_path.name} is geen bestand maar een map." in folder.err
    assert "Error" not in no_text.err + folder.err
