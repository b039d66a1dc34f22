"""The book of all mail, by command: every mail tells why it is there, and why it went or did not."""

import pytest


@pytest.fixture
def number(vitale) -> int:
    """A receipt that waits."""
    code = vitale.a_cohort()
    path = vitale.file("lijst.csv", ("naam", "email"), ("Noor Dijkstra", "noor@ede.example"))
    vitale.ok("import", code, str(path))
    (mail,) = vitale.json("mail list")["mails"]
    return int(mail["id"])


def test_a_mail_tells_its_rule_who_approved_it_and_which_template(vitale, number):
    vitale.ok("mail", "hold", str(number), "--reason", "Eerst overleggen")
    held = vitale.ok(f"mail show {number}").out
    vitale.ok(f"mail approve {number} --yes")

    shown = vitale.ok(f"mail show {number}").out

    assert "Eerst overleggen" in held
    assert "waarom" in shown
    assert "goedgekeurd" in shown
    assert "door operator" in shown
    assert "sjabloon" in shown


def test_the_preview_is_what_leaves_byte_for_byte(vitale, number, relay):
    before = vitale.json(f"mail preview {number}")["mail"]["source"]

    vitale.ok("tick")

    assert vitale.json(f"mail preview {number}")["mail"]["source"] == before
    arrived = [path.read_bytes() for path in relay.folder.rglob("*") if path.is_file()]
    assert sum(before.encode() in mail for mail in arrived) == 1
