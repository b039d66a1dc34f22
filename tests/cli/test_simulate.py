"""`vitale simulate` shows what would happen, and nothing happens."""

from tests.cli.desk import Vitale


def test_a_rehearsal_is_shown_and_the_cohort_stays_as_it_was(vitale: Vitale, relay):
    code = vitale.some_people(2)
    before = vitale.json("cohort", "show", code), sorted(relay.folder.rglob("*"))

    shown = vitale.json("simulate", code, "--until", "2027-01-25")

    assert (vitale.json("cohort", "show", code), sorted(relay.folder.rglob("*"))) == before
    assert shown["cohort"] == code
    assert shown["mails"]["intake_request"] == 2
    assert shown["outcome"]["people"] == {"confirmed": 2}
    assert {"at", "what", "kind", "text", "count"} == set(shown["happenings"][0])
    said = vitale.ok("simulate", code, "--until", "2027-01-25", "--answers", "random", "--seed", "7")
    assert "verzoek om de intake" in said.out
    assert "er ging niets weg" in said.err


def test_a_rehearsal_of_nothing_or_of_the_past_is_refused(vitale: Vitale):
    code = vitale.some_people(1)

    assert vitale(f"simulate {code}x").code == 3
    assert vitale(f"simulate {code} --until 2027-01-10").code == 2
    assert vitale(f"simulate {code} --answers some").code == 2
