"""Why a thing cannot go to another state, in the words of the bureau."""

from collections.abc import Mapping
from enum import StrEnum

from vitale_core.domain import labels
from vitale_core.domain.errors import TransitionRefused
from vitale_core.domain.states import (
    CohortEvent,
    CohortStatus,
    EnrolmentEvent,
    EnrolmentStatus,
    MessageEvent,
    MessageStatus,
    PlanEvent,
    PlanStatus,
    RoundEvent,
    RoundStatus,
    SessionEvent,
    SessionStatus,
    VisitEvent,
    VisitStatus,
)

THINGS: Mapping[type[StrEnum], tuple[str, str]] = {
    CohortStatus: ("Deze lichting", "Hoe het nu staat: vitale cohort list"),
    EnrolmentStatus: ("Deze deelnemer", "Hoe het nu staat: vitale person list, met de code van de lichting"),
    SessionStatus: ("Deze sessie", "Hoe het nu staat: vitale cohort show, met de code van de lichting"),
    PlanStatus: ("Dit voorstel", "Hoe het nu staat: vitale groups show, met de code van de lichting"),
    VisitStatus: ("Dit bezoek", "Hoe het nu staat: vitale visit list"),
    MessageStatus: ("Deze mail", "Wat ermee gebeurde: vitale mail show, met het nummer van de mail"),
    RoundStatus: ("Deze evaluatie", "Hoe het nu staat: vitale eval status, met de code van de lichting"),
}
"""Of each sort of state: what it is a state of, and where an operator sees how that stands."""

IN_DOUBT = "Zeg eerst of hij aankwam: vitale mail settle, met het nummer en --arrived of --again"

DOING: tuple[tuple[StrEnum, str], ...] = (
    (CohortEvent.OPEN, "openstellen"),
    (CohortEvent.CONFIRM, "laten doorgaan"),
    (CohortEvent.START, "beginnen"),
    (CohortEvent.EVALUATE, "evalueren"),
    (CohortEvent.CLOSE, "afsluiten"),
    (CohortEvent.CANCEL, "afzeggen"),
    (CohortEvent.RESTORE, "alsnog laten doorgaan"),
    (EnrolmentEvent.CONFIRM, "plaatsen"),
    (EnrolmentEvent.WAITLIST, "op de wachtlijst zetten"),
    (EnrolmentEvent.OFFER, "een plek aanbieden"),
    (EnrolmentEvent.LAPSE, "laten verlopen"),
    (EnrolmentEvent.REJECT, "afwijzen"),
    (EnrolmentEvent.WITHDRAW, "afmelden"),
    (EnrolmentEvent.SUBSTITUTE, "door een collega vervangen"),
    (EnrolmentEvent.TRANSFER, "naar een andere lichting verplaatsen"),
    (EnrolmentEvent.COMPLETE, "als afgerond noteren"),
    (EnrolmentEvent.FALL_SHORT, "als niet afgerond noteren"),
    (SessionEvent.PUBLISH, "bekendmaken"),
    (SessionEvent.HOLD, "als geweest noteren"),
    (SessionEvent.CANCEL, "afzeggen"),
    (SessionEvent.RESTORE, "terugzetten"),
    (PlanEvent.APPROVE, "goedkeuren"),
    (PlanEvent.SUPERSEDE, "vervangen"),
    (VisitEvent.ASK, "aan de gastheer vragen"),
    (VisitEvent.CONFIRM, "bevestigen"),
    (VisitEvent.REFUSE, "weigeren"),
    (VisitEvent.HOLD, "als geweest noteren"),
    (VisitEvent.REPORT, "een verslag bewaren"),
    (VisitEvent.CANCEL, "afzeggen"),
    (MessageEvent.APPROVE, "goedkeuren"),
    (MessageEvent.HOLD, "tegenhouden"),
    (MessageEvent.CLAIM, "versturen"),
    (MessageEvent.ACCEPT, "als verstuurd noteren"),
    (MessageEvent.DEFER, "uitstellen"),
    (MessageEvent.FAIL, "als mislukt noteren"),
    (MessageEvent.LOSE_ANSWER, "als onzeker noteren"),
    (MessageEvent.SKIP, "overslaan"),
    (MessageEvent.CANCEL, "intrekken"),
    (MessageEvent.BOUNCE, "als teruggekomen noteren"),
    (MessageEvent.SETTLE_ARRIVED, "als aangekomen noteren"),
    (MessageEvent.SETTLE_AGAIN, "na twijfel opnieuw sturen"),
    (RoundEvent.CLOSE, "sluiten"),
    (RoundEvent.RELEASE, "vrijgeven"),
    (RoundEvent.WITHHOLD, "achterhouden"),
)
"""Pairs and no mapping: members of different enumerations with the same value are equal as text."""

_DOING = {(type(event), event.value): words for event, words in DOING}


def refused(state: StrEnum, event: StrEnum | str) -> TransitionRefused:
    """Return the refusal of an event in this state; what is no event of a machine comes in its own Dutch words."""
    thing, remedy = THINGS[type(state)]
    doing = _DOING[type(event), event.value] if isinstance(event, StrEnum) else event
    return TransitionRefused(
        f"{thing} heeft de status '{labels.of_state(state)}'; {doing} kan dan niet.",
        remedy=IN_DOUBT if state is MessageStatus.UNCERTAIN else remedy,
    )
