"""The report of a cohort and the handout of its groups, as values for a page."""

from tests.training import BUREAU, HERE, NOW, a_cohort, an_approved_cohort, at, some_enrolments, visits_of
from vitale_core.steps import evaluation, report, werkbezoek

LAST, CLOSES = at("2027-04-22", "09:30"), at("2027-05-07")


def evaluated(session, *, people=6, answers=6, code="2027-voorjaar", tempo=6, before=1):
    """A cohort whose baseline and direct round are closed."""
    cohort = a_cohort(session, code)
    enrolments = some_enrolments(session, cohort, people)
    for enrolment in enrolments:
        evaluation.answer_round(session, enrolment, "baseline", {f"outcome-{nr}": 2 for nr in range(1, 6)}, now=NOW)
    evaluation.advance(session, cohort, now=LAST, bureau=BUREAU)
    for place, enrolment in enumerate(enrolments[:answers]):
        sheet: dict[str, object] = {f"outcome-{nr}": 4 + (nr == 3) for nr in range(1, 6)}
        sheet |= {f"before-{nr}": before for nr in range(1, 6)}
        sheet |= {"aanraden": 8, "anders": f"Tekst {place}"} | ({"tempo": "goed"} if place < tempo else {})
        evaluation.answer_round(session, enrolment, "direct", sheet, now=LAST)
    evaluation.advance(session, cohort, now=CLOSES, bureau=BUREAU)
    return cohort


def test_an_outcome_shows_where_people_stood_and_how_far_they_came(database):
    with database.write() as session:
        cohort = evaluated(session)

        found = report.cohort_report(session, cohort)

        chart = found.outcomes[2]
        assert [(p.moment, p.mean, p.n) for p in chart.points] == [
            ("vooraf", 2.0, 6),
            ("vooraf, achteraf bekeken", 1.0, 6),
            ("na de training", 5.0, 6),
        ]
        assert chart.step == 4.0
        assert found.outcomes[0].step == 3.0


def test_without_a_look_back_the_step_starts_at_the_first_point_and_one_point_is_no_step():
    points = (report.Point("vooraf", 2.0, 6), report.Point("na de training", 3.5, 6))

    assert report.OutcomeChart(1, "x", points).step == 1.5
    assert report.OutcomeChart(1, "x", points[:1]).step is None


def test_a_round_shows_bars_and_texts_and_names_what_few_answered(database):
    with database.write() as session:
        cohort = evaluated(session, tempo=4)

        direct = next(r for r in report.cohort_report(session, cohort).rounds if r.shown.name == "direct")

        assert [bars.name for bars in direct.scales] == ["aanraden"]
        assert dict(direct.scales[0].bars)["8"] == 6
        assert direct.choices == ()
        assert "Hoe was het tempo?" in direct.few
        assert sorted(direct.texts[0].texts) == [f"Tekst {n}" for n in range(6)]


def test_a_choice_is_shown_in_words(database):
    with database.write() as session:
        cohort = evaluated(session)

        direct = next(r for r in report.cohort_report(session, cohort).rounds if r.shown.name == "direct")

        assert direct.choices[0].bars == (("Te langzaam", 0), ("Goed", 6), ("Te snel", 0))
        assert direct.choices[0].mean is None


def test_the_summary_says_how_many_answered_and_what_moved_most(database):
    with database.write() as session:
        cohort = evaluated(session)

        found = report.cohort_report(session, cohort)

        assert found.summary == (
            "Nulmeting: ingevuld door 6 van de 6 mensen.",
            "Evaluatie na dag 2: ingevuld door 6 van de 6 mensen.",
            f"De grootste stap (+4,0): “{found.outcomes[2].text}”",
        )
        assert len(found.days) == 4


def test_a_summary_without_progress_names_no_step(database):
    with database.write() as session:
        cohort = evaluated(session, before=5)

        found = report.cohort_report(session, cohort)

        assert max(chart.step for chart in found.outcomes) == 0
        assert not [line for line in found.summary if "stap" in line]


def test_a_withheld_round_is_named_without_figures(database):
    with database.write() as session:
        cohort = evaluated(session, answers=4)

        found = report.cohort_report(session, cohort)

        direct = next(r for r in found.rounds if r.shown.name == "direct")
        assert "minder dan 5" in direct.shown.why
        assert (direct.scales, direct.choices, direct.texts, direct.few) == ((), (), (), ())
        assert [p.moment for p in found.outcomes[0].points] == ["vooraf"]


def test_a_cohort_without_anything_says_so(database):
    with database.write() as session:
        cohort = a_cohort(session)

        assert report.cohort_report(session, cohort).summary == ("Er is nog niets te melden.",)


def test_the_handout_joins_what_the_groups_brought_back(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        for number, visit in visits_of(plan).items():
            werkbezoek.confirm_visit(session, visit, **HERE)
            if number == 1:
                advice = "- Begin klein\n\n• Ga langs"
                member = visit.group.members[0].enrolment
                now = visit.slot.ends_at
                werkbezoek.report(session, visit, member, report="Mooi", recommendations=advice, now=now)

        (part,) = report.handout(session, cohort)

        assert (part.group, part.report, part.recommendations) == (1, "Mooi", ("Begin klein", "Ga langs"))
        assert part.project == visits_of(plan)[1].project.title
        assert "1 groep" in " ".join(report.cohort_report(session, cohort).summary)
