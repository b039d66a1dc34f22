"""What people bring that does not fit: a clear message or the right handling, and never a second recipient."""

import re

import pytest

from tests.cli.desk import DAYS, MONDAY, PROGRAMME

TUESDAY = "2027-01-12T09:00"


def test_a_list_from_dutch_excel_comes_in_whole(vitale, tmp_path):
    code = vitale.a_cohort()
    path = tmp_path / "lijst.csv"
    head, row = (
        "\ufeffGemeente;E-mail;Naam;Wensen",
        'De Fryske Marren;zoe@een.example;"Zoë\r\nBrée";"met An;\nniet met Bo"',
    )
    path.write_bytes(f"{head}\r\n{row}\r\n".encode())
    other = tmp_path / "anders.csv"
    other.write_bytes("naam;e-mail;gemeente\r\nDaniël Çelik;daniel@een.example;Súdwest-Fryslân\r\n".encode("cp1252"))

    vitale.ok("import", code, str(path))
    vitale.ok("import", code, str(other))

    people = vitale.json(f"person list {code}")["people"]
    assert [(p["name"], p["organisation"]) for p in people] == [
        ("Zoë Brée", "De Fryske Marren"),
        ("Daniël Çelik", "Súdwest-Fryslân"),
    ]


def test_one_address_in_two_sorts_of_capitals_is_one_person_with_one_mail(vitale):
    code = vitale.a_cohort()
    rows = ("Noor Dijkstra", "noor@gemeente.example"), ("Noor Dijkstra", "NOOR@Gemeente.Example")
    path = vitale.file("dubbel.csv", ("naam", "email"), *rows)

    said = vitale.ok("import", code, str(path))
    again = vitale.ok("import", code, str(path))

    assert "Rij 3 is dezelfde persoon als rij 2" in said.err
    assert "0 nieuw, 1 stonden er al" in again.err
    assert len(vitale.json(f"person list {code}")["people"]) == 1
    assert [m["kind"] for m in vitale.json("mail list")["mails"]] == ["receipt"]


def test_one_address_for_two_people_is_refused_and_nothing_is_stored(vitale):
    code = vitale.a_cohort()
    rows = ("Noor Dijkstra", "noor@gemeente.example"), ("Sam Bakker", "Noor@gemeente.example")

    said = vitale("import", code, str(vitale.file("dubbel.csv", ("naam", "email"), *rows)))

    assert said.code == 2
    assert re.search(r"3 +email +staat ook op rij 2, met een andere naam", said.err)
    assert vitale.json(f"person list {code}")["people"] == []


def test_a_long_list_does_not_fill_the_screen_with_tasks(vitale):
    code = vitale.a_cohort()

    said = vitale.ok("import", code, str(vitale.people(7)), "--dry-run")

    tasks = [line.strip() for line in said.err.splitlines() if line.startswith("  taak")]
    assert [task.split()[1] for task in tasks] == ["Beslis", "Beslis", "Beslis", "en"]
    assert tasks[-1] == "taak     en 4 andere zoals deze"


def test_bad_rows_are_listed_and_the_good_ones_can_be_taken_alone(vitale):
    code = vitale.a_cohort()
    rows = ("Noor Dijkstra", "noor@gemeente.example"), ("", "sam@gemeente.example"), ("Ilse Postma", "ilse(at)ede")
    path = vitale.file("lijst.csv", ("naam", "email"), *rows)

    refused = vitale("import", code, str(path), "--json")
    read = vitale("import", code, str(path)).err.splitlines()
    taken = vitale.ok("import", code, str(path), "--skip-bad")

    assert refused.code == 2
    assert [(p["row"], p["column"]) for p in refused.document["problems"]] == [(3, "name"), (4, "email")]
    assert [line.split()[:2] for line in read if line.split()[0] in {"3", "4"}] == [["3", "naam"], ["4", "email"]]
    assert "1 nieuw, 0 stonden er al, 2 overgeslagen." in taken.err
    assert len(vitale.json(f"person list {code}")["people"]) == 1


def test_an_import_can_be_looked_at_first(vitale):
    code = vitale.a_cohort()

    said = vitale.ok("import", code, str(vitale.people(2)), "--dry-run")

    assert "2 x ontvangst van de aanmelding: Noor Dijkstra, Sam Bakker" in said.err
    assert "Er is niets opgeslagen (--dry-run)." in said.err
    assert vitale.json(f"person list {code}")["people"] == []


@pytest.mark.parametrize("words", ["import 2027-voorjaar niets.csv", "host import niets.csv"])
def test_a_file_that_is_not_there_is_told_with_its_name(vitale, words):
    vitale.a_cohort()

    said = vitale(words)

    assert (said.code, "Het bestand niets.csv bestaat niet." in said.err) == (3, True)


def test_the_thirteenth_participant_waits_and_the_seats_hold(vitale):
    code = vitale.a_cohort()
    vitale.ok("import", code, str(vitale.people(13)))

    said = vitale.ok(f"person confirm {code} --all --yes")

    assert [line.split()[-1] for line in said.out.splitlines()[1:]] == ["geplaatst"] * 12 + ["wachtlijst"]
    cohort = vitale.json(f"cohort show {code}")["cohort"]
    assert (cohort["taken"], cohort["capacity"]) == (12, 12)


def test_the_seat_of_who_withdraws_is_offered_to_who_waits(vitale):
    code = vitale.a_cohort()
    vitale.ok("import", code, str(vitale.people(13)))
    vitale.ok(f"person confirm {code} --all --yes")

    said = vitale.ok(f"person withdraw {code} noor@gemeente.example --yes")

    assert "1 x aanbod van een plek: Deelnemer 12" in said.err
    assert "Noor Dijkstra is nu: afgemeld." in said.err
    assert vitale.json(f"cohort show {code}")["cohort"]["taken"] == 12


@pytest.mark.parametrize(
    "days, told",
    [
        (
            ("--day1", "2027-04-22", "--day2", "2027-03-18"),
            "day2 (donderdag 18 maart 2027) ligt niet na day1 (donderdag 22 april 2027).",
        ),
        (("--day1", "2027-03-18", "--day2", "2027-03-18"), "ligt niet na"),
        (("--day1", "2027-03-18"), "De datum van day2 ontbreekt."),
        (("--day1", "18 maart", "--day2", "2027-04-22"), "'18 maart' is geen datum."),
        (("--day1", "2027-02-30", "--day2", "2027-04-22"), "'2027-02-30' is geen datum."),
        (("--day1", "2026-03-18", "--day2", "2026-04-22"), "woensdag 18 maart 2026 is al voorbij."),
        ((*DAYS, "--day3", "2027-05-20"), "De optie --day3 bestaat niet."),
        ((*DAYS, "--day3", "2027-05-20"), "De dagen van dit programma: --day1, --day2, --terugkomdag."),
        ((*DAYS, "--foo", "1"), "De optie --foo bestaat niet."),
        ((*DAYS, "--locaton", "Assen"), "De optie --locaton bestaat niet."),
        ((*DAYS, "--locaton", "Assen"), "Bedoel je --location?"),
    ],
)
def test_dates_that_make_no_sense_are_refused_with_the_reason(vitale, days, told):
    said = vitale("cohort", "create", "2027-voorjaar", *PROGRAMME, *days, "--now", MONDAY)

    assert (said.code, told in said.err) == (2, True), said
    assert vitale.json("cohort list")["cohorts"] == []


@pytest.mark.parametrize(
    "extra, code, told",
    [
        (("--programme", "overheidsparticipaties"), 3, "Programma 'overheidsparticipaties' bestaat niet."),
        ((*PROGRAMME, "--trainer", "Tess Vos"), 2, "De trainer heeft een e-mailadres nodig."),
        ((*PROGRAMME, "--trainer", "tess@vos"), 2, "e-mailadres"),
        ((*PROGRAMME, "--capacity", "3"), 2, "Het minimum (6) past niet bij 3 plaatsen."),
        ((*PROGRAMME, "--kind", "besloten"), 2, "Kies uit: open, incompany."),
    ],
)
def test_what_a_cohort_is_made_of_must_fit(vitale, extra, code, told):
    said = vitale("cohort", "create", "2027-voorjaar", *extra, *DAYS, "--now", MONDAY)

    assert (said.code, told in said.err) == (code, True), said


def test_a_day_that_is_a_holiday_is_a_warning_and_no_refusal(vitale):
    days = ("--day1", "2027-03-18", "--day2", "2027-05-05")

    said = vitale.ok("cohort", "create", "2027-voorjaar", *PROGRAMME, *days, "--now", MONDAY)

    assert "Let op: day2 (woensdag 5 mei 2027) is Bevrijdingsdag." in said.err


def test_a_time_that_the_clock_skips_is_refused(vitale):
    code = vitale.a_cohort()

    said = vitale(f"cohort move {code} dagdeel-1 --start 2027-03-28T02:30 --yes")

    assert said.code == 2
    assert "zondag 28 maart 2027 om 02.30 uur bestaat niet: de klok gaat dan een uur vooruit." in said.err
    assert vitale.json(f"cohort show {code}")["cohort"]["sessions"][0]["start"] == "2027-03-18T08:30:00+00:00"


def test_an_unknown_cohort_comes_with_the_nearest_one(vitale):
    vitale.a_cohort()

    for words in ("cohort show", "person list", "groups show", "visit list", "eval status", "today", "mail list"):
        said = vitale(f"{words} 2027-vorjaar")
        assert (said.code, said.out) == (3, "")
        assert "Lichting '2027-vorjaar' bestaat niet." in said.err
        assert "Bedoel je 2027-voorjaar?" in said.err


EVIL = "Bo <script>alert(1)</script> {{ 7*7 }} {% raw %}\r\nBcc: iedereen@kwaad.example"


def test_a_name_with_markup_template_and_line_breaks_stays_a_name(vitale):
    code = vitale.a_cohort()
    vitale.ok("import", code, str(vitale.file("naar.csv", ("naam", "email"), (EVIL, "bo@gemeente.example"))))
    vitale.ok("tick")

    (mail,) = vitale.json("mail list")["mails"]
    seen = vitale.json(f"mail preview {mail['id']}")["mail"]
    (person,) = vitale.json(f"person list {code}")["people"]

    assert (mail["status"], seen["to"]) == ("sent", "bo@gemeente.example")
    assert person["name"] == "Bo <script>alert(1)</script> {{ 7*7 }} {% raw %} Bcc: iedereen@kwaad.example"
    assert "<script" not in seen["html"]
    assert "49" not in seen["text"]
    assert re.findall(r"(?mi)^(?:to|cc|bcc):", seen["source"].partition("\r\n\r\n")[0]) == ["To:"]
    vitale.ok(f"cohort go {code} --yes")
    vitale.ok(f"person show {code} bo@gemeente.example")


def test_an_address_that_hides_a_second_one_is_refused(vitale):
    code = vitale.a_cohort()
    rows = [
        ("Noor Dijkstra", "noor@gemeente.example\nBcc: x@kwaad.example"),
        ("Sam Bakker", "sam@gemeente.example, x@kwaad.example"),
        ("Ilse Postma", "Ilse <ilse@gemeente.example>"),
    ]

    said = vitale("import", code, str(vitale.file("naar.csv", ("naam", "email"), *rows)))

    assert said.code == 2
    assert len(re.findall(r"^\d +email ", said.err, re.MULTILINE)) == 3
    assert "kwaad" not in said.err


def test_the_real_clock_cannot_be_told(vitale, settings):
    settings(CLOCK="real")

    said = vitale(f"cohort list --now {MONDAY}")

    assert (said.code, "--now werkt alleen met een virtuele klok." in said.err) == (2, True)


def test_a_database_that_mailed_for_real_gets_no_virtual_clock(vitale, settings):
    settings(CLOCK="real")
    days = ("--day1", "2199-03-18", "--day2", "2199-04-22")
    vitale.ok("cohort", "create", "2199-voorjaar", *PROGRAMME, *days)
    vitale.ok("tick")
    settings(CLOCK="virtual")
    quiet = vitale(f"cohort list --now {MONDAY}")
    settings(CLOCK="real")
    vitale.ok("import", "2199-voorjaar", str(vitale.people(1)))
    vitale("tick")  # mail may leave now or wait for office hours
    waits = vitale.json("mail list")["mails"][0]["status"] == "queued"
    settings(CLOCK="virtual")
    after = vitale(f"cohort list --now {MONDAY}")

    assert quiet.code == 0  # nothing was sent yet
    assert (after.code == 0) == waits


def test_a_step_on_a_virtual_clock_goes_on_from_the_last_one(vitale):
    vitale.a_cohort()
    vitale.ok("tick", "--now", TUESDAY)

    said = vitale.ok("today")

    assert said.out.startswith("Vandaag: dinsdag 12 januari 2027")


def test_who_asked_to_be_erased_is_gone_as_soon_as_a_tick_by_hand_sent_the_last_mail(vitale):
    code = vitale.some_people()
    vitale.ok("tick")
    vitale.ok("person erase noor@gemeente.example --yes")
    kept = vitale.ok(f"person list {code}").out

    done = vitale.ok("tick", "--now", TUESDAY)

    assert "Noor Dijkstra" in kept
    assert "1 gewist" in done.out
    assert "Noor" not in vitale.ok(f"person list {code}").out
    assert "Noor" not in vitale.ok("mail list").out


def test_who_is_let_in_to_a_full_cohort_is_told_to_wait_and_where(vitale):
    code = vitale.a_cohort("2027-voorjaar", "--capacity", "1", "--minimum", "1")
    vitale.ok("import", code, str(vitale.people(3)))

    first, second, third = (vitale.ok(f"person confirm {code} {n}") for n in (1, 2, 3))
    again = vitale.json("person", "confirm", code, "3")["people"][0]

    assert "wachtlijst" not in first.out + first.err
    assert f"Sam Bakker heeft nog geen plek: {code} is vol (1 van 1 plekken). Plaats 1 op de wachtlijst." in second.err
    assert "Plaats 2 op de wachtlijst." in third.err
    assert again["place_on_list"] == 2


def test_a_column_that_is_missing_is_named_in_dutch(vitale):
    code = vitale.a_cohort()
    path = vitale.file("lijst.csv", ("naam",), ("Noor Dijkstra",))

    said = vitale("import", code, str(path))

    assert "de kolom 'e-mail' ontbreekt." in said.err
    assert "Zet 'e-mail' (of mail, e-mailadres) boven de goede kolom." in said.err


def test_how_somebody_looks_beside_the_audience_is_told_in_dutch(vitale):
    code = vitale.some_people(1)

    said = vitale.ok(f"person show {code} 1").out
    vitale.ok("import", code, str(vitale.people(2)))
    vitale.ok("person", "reject", code, "2", "--reason", "Geen ambtenaar", "--yes")
    refused = vitale.ok(f"person show {code} 2").out

    assert "onduidelijk" in said
    assert "unclear" not in said
    assert "reden: Geen ambtenaar" in refused


def test_where_nobody_can_come_in_any_more_the_operator_hears_where_to_look(vitale):
    code = vitale.going_ahead()
    vitale.ok(f"cohort cancel {code} --reason ziek --yes")

    added = vitale("person", "add", code, "--name", "Bo Kuiper", "--email", "bo@gemeente.example", "--yes")

    assert added.code == 2
    assert f"{code} neemt nu geen deelnemers aan (status: afgezegd)." in added.err
    assert f"vitale cohort restore {code}" in added.err
    assert "vitale cohort list" in added.err
    assert "Je kunt je" not in added.err


def test_what_stands_already_is_said_and_not_done_again(vitale):
    code = vitale.going_ahead()

    again = vitale.ok(f"cohort go {code}")
    nothing_to_take_back = vitale.ok(f"cohort restore {code}")
    vitale.ok(f"cohort cancel {code} --reason ziek --yes")
    cancelled = vitale(*f"cohort cancel {code} --reason anders --json".split())

    assert f"{code} ging al door; er verandert niets." in again.err
    assert f"{code} is niet afgezegd; er verandert niets." in nothing_to_take_back.err
    assert (cancelled.code, cancelled.document["cohort"]["status"]) == (0, "cancelled")
    assert f"{code} was al afgezegd; er verandert niets, ook de reden niet." in cancelled.err


def test_a_colleague_who_is_in_already_is_refused_with_what_to_do_instead(vitale):
    code = vitale.going_ahead()
    taken = ("--name", "Sam Bakker", "--email", "sam@gemeente.example")

    said = vitale("person", "substitute", code, "1", *taken, "--yes")

    assert said.code == 2
    assert f"Deze collega doet al mee aan {code} (nummer 2)." in said.err
    assert f"vitale person withdraw {code} 1" in said.err


def test_what_is_no_copy_is_refused_with_the_copies_that_there_are(vitale, tmp_path):
    vitale.a_cohort()
    bad = tmp_path / "kapot.db"
    bad.write_bytes(b"niets")

    without = vitale("db", "restore", str(bad), "--yes")
    made = vitale.ok("db backup").out.strip()
    damaged = vitale("db", "restore", str(bad), "--yes")
    nowhere = vitale("db", "restore", "weg.db", "--yes")

    assert "kapot.db is geen goede kopie van een Vitale-database; er is niets gewijzigd." in without.err
    assert "vitale db backup" in without.err
    for said, code in ((damaged, 2), (nowhere, 3)):
        assert said.code == code
        assert f"vitale db restore {made}" in said.err


def test_an_intake_that_an_import_told_in_part_says_what_is_missing(vitale):
    code = vitale.a_cohort()
    rows = ("Noor Dijkstra", "noor@gemeente.example", "adviseur"), ("Sam Bakker", "sam@gemeente.example", "")
    vitale.ok("import", code, str(vitale.file("lijst.csv", ("naam", "email", "rol"), *rows)))

    read = vitale.ok(f"person list {code}").out
    noor, sam = vitale.json(f"person list {code}")["people"]
    one = vitale.ok(f"person show {code} noor@gemeente.example").out

    assert "deels, nog: casus, ervaring" in read
    assert (noor["intake_answered"], noor["intake_missing"]) == (False, ["casus", "ervaring"])
    assert (sam["intake_answered"], sam["intake_missing"]) == (False, [])
    assert "deels ingelezen, nog te vullen: casus, ervaring" in one
