"""Pages to print: the day sheet of a visit, and what all groups bring to dagdeel 3."""

from tests.portal.stages import at
from tests.portal.test_host import visit_of
from tests.portal.visitor import Page
from vitale_core.domain.states import VisitStatus


def test_group_and_host_have_the_same_sheet_for_the_day(world, visitor):
    stage = at(world, "visits booked")
    visit, page = visit_of(world)
    with world.database.read() as session:
        members = [m.enrolment_id for m in session.merge(visit).group.members]
    own = world.link("participant", enrolment=members[0], cohort=stage.cohort)

    to_host, to_group = (
        Page(visitor.open(path).text).words for path in (f"{page}/bezoek/{visit.id}/dagblad", f"{own}/dagblad")
    )

    for words in (to_host, to_group):
        assert "Werkbezoek aan" in words
        assert "Groep 1" in words
    assert "Naar uw overzicht" in to_host
    assert "Naar je overzicht" in to_group
    assert "Dagblad om af te drukken" in Page(visitor.open(f"{page}/bezoek/{visit.id}").text).words


def test_before_the_host_says_yes_nobody_has_a_sheet(world, visitor):
    at(world, "hosts asked")
    visit, page = visit_of(world)

    assert visit.status is VisitStatus.ASKED
    assert visitor.open(f"{page}/bezoek/{visit.id}/dagblad").status_code == 404


def test_trainer_and_operator_read_all_recommendations_on_one_page(world, visitor):
    stage = at(world, "after the visits")
    visits = [v for v in world.visits() if v.status in {VisitStatus.HELD, VisitStatus.CONFIRMED, VisitStatus.REPORTED}]
    root = world.link("trainer", cohort=stage.cohort)
    empty = Page(visitor.open("/beheer/2027-voorjaar/aanbevelingen").text).words
    with world.database.write() as session:
        for number, visit in enumerate(visits):
            row = session.merge(visit)
            row.status, row.report = VisitStatus.REPORTED, f"Verslag {number}"
            row.recommendations = "- Begin bij de bewoners\n- Wees op tijd"

    for path in (f"{root}/aanbevelingen", "/beheer/2027-voorjaar/aanbevelingen"):
        words = Page(visitor.open(path).text).words

        assert words.count("Begin bij de bewoners") == len(visits)
        assert all(f"Verslag {number}" in words for number in range(len(visits)))
    assert "Wat de werkbezoeken ons leerden" in empty
