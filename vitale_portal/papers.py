"""Pages to print: the day sheet of a visit for the group and the host, and the handout for dagdeel 3."""

from starlette.responses import Response

from vitale_core.domain.errors import NotFound
from vitale_core.steps import report, werkbezoek
from vitale_core.store.records import Cohort, Visit
from vitale_portal import host, standing, trainer
from vitale_portal.doors import Call
from vitale_portal.office import cohort as cohort_page


def group_sheet(call: Call) -> Response:
    """Show a participant the day sheet of the own group."""
    own = standing.of(call)
    if own.visit is None:
        raise NotFound("Er is nog geen werkbezoek.")
    return _sheet(call, own.visit, formal=False)


def host_sheet(call: Call) -> Response:
    """Show a host who comes, when, and what was agreed."""
    return _sheet(call, host.visit_of(call), formal=True)


def trainer_handout(call: Call) -> Response:
    """Show the trainer what all groups recommend."""
    return _handout(call, trainer.cohort_of(call))


def office_handout(call: Call) -> Response:
    """Show the operator the same."""
    cohort = cohort_page.of(call)
    return _handout(call, cohort, back=f"/beheer/{cohort.code}/gastheren")


def _sheet(call: Call, visit: Visit, *, formal: bool) -> Response:
    if visit.status not in werkbezoek.SETTLED:
        raise NotFound("Dit bezoek staat nog niet vast.")
    return call.page("paper/day_sheet.html", sheet=werkbezoek.day_sheet(visit), formal=formal)


def _handout(call: Call, cohort: Cohort, back: str = "") -> Response:
    parts = report.handout(call.session, cohort)
    return call.page("paper/handout.html", cohort=cohort, parts=parts, back=back or call.root)
