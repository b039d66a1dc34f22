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


def test_each_row_of_the_list_says_shortly_why_the_mail_is_there(vitale):
    code = vitale.going_ahead(1)
    vitale.ok("cohort", "move", code, "dagdeel-3", "--start", "2027-04-29T09:30", "--yes")

    rows = vitale.ok("mail list").out.splitlines()

    head = rows[0]
    assert head.split()[-2:] == ["waarom", "uitkomst"]
    whys = [row[head.index("waarom") : head.index("uitkomst")].strip() for row in rows[1:]]
    assert "bij de aanmelding" in whys
    assert all(whys)
    assert max(map(len, whys)) <= 60
    assert not any("uur" in why for why in whys)


def test_what_happened_to_a_mail_is_told_in_dutch(vitale, number, relay):
    vitale.ok("tick")

    shown = vitale.ok(f"mail show {number}").out

    assert "aangenomen door de mailserver" in shown
    assert "accepted" not in shown
    assert " dot " not in shown


def test_a_refused_move_speaks_dutch(vitale, number, relay):
    vitale.ok("tick")

    said = vitale("mail", "cancel", str(number), "--yes")

    assert said.code == 2
    assert "Deze mail heeft de status 'verstuurd'; intrekken kan dan niet." in said.err
    assert "vitale mail show" in said.err
