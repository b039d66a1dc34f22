"""What the bureau calls things: one Dutch word for each kind of mail and each state that an operator sees."""

from collections.abc import Mapping
from enum import StrEnum

from vitale_core.domain.delivery import Stage
from vitale_core.domain.incoming import IncomingKind
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import (
    Answer,
    CohortStatus,
    Criterion,
    EnrolmentStatus,
    MessageStatus,
    PlanStatus,
    Presence,
    RoundStatus,
    SessionStatus,
    VisitStatus,
)

KINDS: Mapping[Kind, str] = {
    Kind.RECEIPT: "ontvangst van de aanmelding",
    Kind.SEAT_CONFIRMED: "plaatsing",
    Kind.WAITLISTED: "wachtlijst",
    Kind.SEAT_OFFER: "aanbod van een plek",
    Kind.OFFER_LAPSED: "aanbod verlopen",
    Kind.LIST_CLOSED: "wachtlijst gesloten",
    Kind.REJECTED: "afwijzing",
    Kind.INTAKE_REQUEST: "verzoek om de intake",
    Kind.INTAKE_REMINDER: "herinnering aan de intake",
    Kind.WITHDRAWN: "bevestiging van de afmelding",
    Kind.SUBSTITUTED: "plek doorgegeven",
    Kind.TRANSFERRED: "andere lichting",
    Kind.COHORT_CANCELLED: "lichting gaat niet door",
    Kind.OVERVIEW: "overzicht van alle data",
    Kind.CALENDAR_INVITATION: "agenda-uitnodiging",
    Kind.CALENDAR_UPDATE: "agendawijziging",
    Kind.CALENDAR_CANCEL: "uit de agenda",
    Kind.CHANGES: "bericht van een wijziging",
    Kind.RSVP_REMINDER: "herinnering aan de uitnodiging",
    Kind.PREPARATION: "voorbereiding",
    Kind.REMINDER: "herinnering aan de dag",
    Kind.PARTICIPANT_LIST: "deelnemerslijst voor de trainer",
    Kind.DIGEST: "weekoverzicht",
    Kind.FAILURE: "storing",
    Kind.GROUP_PROPOSAL: "groep en werkbezoek",
    Kind.HOST_REQUEST: "verzoek aan de gastheer",
    Kind.HOST_REMINDER: "herinnering aan de gastheer",
    Kind.HOST_DETAILS: "wie er komen, aan de gastheer",
    Kind.HOST_VISIT_REMINDER: "bezoek overmorgen, aan de gastheer",
    Kind.HOST_THANKS: "dank aan de gastheer",
    Kind.HOST_CANCELLED: "bezoek gaat niet door, aan de gastheer",
    Kind.VISIT_REPORT_REQUEST: "verzoek om een verslag",
    Kind.VISIT_REPORT_REMINDER: "herinnering aan het verslag",
    Kind.DATE_POLL: "datumprikker",
    Kind.POLL_REMINDER: "herinnering aan de datumprikker",
    Kind.DIRECT_EVALUATION: "evaluatie na de laatste dag",
    Kind.DIRECT_REMINDER: "herinnering aan de evaluatie",
    Kind.TRANSFER_EVALUATION: "wat heb je toegepast",
    Kind.TRANSFER_REMINDER: "herinnering aan wat je toepaste",
    Kind.CERTIFICATE: "bewijs van deelname",
    Kind.CERTIFICATE_REVOKED: "bewijs ingetrokken",
}

STATES: tuple[tuple[StrEnum, str], ...] = (
    (CohortStatus.DRAFT, "in voorbereiding"),
    (CohortStatus.OPEN, "open"),
    (CohortStatus.CONFIRMED, "gaat door"),
    (CohortStatus.RUNNING, "bezig"),
    (CohortStatus.EVALUATING, "in evaluatie"),
    (CohortStatus.CLOSED, "afgesloten"),
    (CohortStatus.CANCELLED, "afgezegd"),
    (EnrolmentStatus.APPLIED, "aangemeld"),
    (EnrolmentStatus.WAITLISTED, "wachtlijst"),
    (EnrolmentStatus.OFFERED, "plek aangeboden"),
    (EnrolmentStatus.CONFIRMED, "geplaatst"),
    (EnrolmentStatus.COMPLETED, "afgerond"),
    (EnrolmentStatus.INCOMPLETE, "niet afgerond"),
    (EnrolmentStatus.REJECTED, "afgewezen"),
    (EnrolmentStatus.LAPSED, "verlopen"),
    (EnrolmentStatus.WITHDRAWN, "afgemeld"),
    (EnrolmentStatus.SUBSTITUTED, "vervangen"),
    (EnrolmentStatus.TRANSFERRED, "naar een andere lichting"),
    (SessionStatus.PLANNED, "gepland"),
    (SessionStatus.PUBLISHED, "bekendgemaakt"),
    (SessionStatus.HELD, "geweest"),
    (SessionStatus.CANCELLED, "afgezegd"),
    (Answer.NEEDS_ACTION, "nog niet"),
    (Answer.ACCEPTED, "komt"),
    (Answer.TENTATIVE, "misschien"),
    (Answer.DECLINED, "komt niet"),
    (PlanStatus.PROPOSED, "voorgesteld"),
    (PlanStatus.APPROVED, "goedgekeurd"),
    (PlanStatus.SUPERSEDED, "vervangen"),
    (VisitStatus.PROPOSED, "voorgesteld"),
    (VisitStatus.ASKED, "gevraagd"),
    (VisitStatus.CONFIRMED, "bevestigd"),
    (VisitStatus.HELD, "geweest"),
    (VisitStatus.REPORTED, "verslag binnen"),
    (VisitStatus.REFUSED, "geweigerd"),
    (VisitStatus.CANCELLED, "afgezegd"),
    (MessageStatus.AWAITING_APPROVAL, "te keuren"),
    (MessageStatus.QUEUED, "staat klaar"),
    (MessageStatus.SENDING, "wordt verstuurd"),
    (MessageStatus.SENT, "verstuurd"),
    (MessageStatus.FAILED, "mislukt"),
    (MessageStatus.UNCERTAIN, "onzeker"),
    (MessageStatus.SKIPPED, "overgeslagen"),
    (MessageStatus.CANCELLED, "ingetrokken"),
    (MessageStatus.BOUNCED, "teruggekomen"),
    (RoundStatus.OPEN, "open"),
    (RoundStatus.CLOSED, "gesloten"),
    (RoundStatus.RELEASED, "vrijgegeven"),
    (RoundStatus.WITHHELD, "te weinig antwoorden"),
    (Presence.PRESENT, "aanwezig"),
    (Presence.PART, "deels"),
    (Presence.ABSENT, "afwezig"),
    (Criterion.MET, "past"),
    (Criterion.UNCLEAR, "onduidelijk"),
    (Criterion.NOT_MET, "past niet"),
)
"""Pairs and no mapping: members of different enumerations with the same value are equal as text."""

INCOMING: Mapping[IncomingKind, str] = {
    IncomingKind.REPLY: "antwoord uit een agenda",
    IncomingKind.BOUNCE: "onbestelbaar bericht",
    IncomingKind.AUTOMATIC: "automatisch bericht",
    IncomingKind.OWN: "onze eigen mail",
    IncomingKind.FREE: "bericht van iemand",
    IncomingKind.POISON: "onleesbaar",
}
HANDLED: Mapping[str, str] = {
    "applied": "verwerkt",
    "task": "wacht op jou",
    "ignored": "niets mee gedaan",
    "quarantined": "apart gezet",
}
"""What became of an incoming mail."""

SOURCES: Mapping[str, str] = {
    "portal": "op de pagina",
    "import": "uit een lijst",
    "operator": "door het bureau",
    "substitute": "als vervanger",
    "transfer": "uit een andere lichting",
}
"""How somebody came into a cohort."""

STAGES: Mapping[str, str] = {
    Stage.CONNECT: "verbinden",
    Stage.LOGIN: "inloggen",
    Stage.MAIL: "afzender",
    Stage.RCPT: "ontvanger",
    Stage.DATA: "inhoud",
    Stage.DOT: "afsluiten",
}
"""How far a conversation with a mail server came."""

_STATES = {(type(state), state.value): word for state, word in STATES}


def of_kind(kind: str) -> str:
    """Return what the bureau calls this kind of mail."""
    return KINDS[Kind(kind)]


def of_state(state: StrEnum) -> str:
    """Return what the bureau calls this state."""
    return _STATES[type(state), state.value]


def counted(number: int, one: str, more: str) -> str:
    """Return "1 lichting", "2 lichtingen"."""
    return f"{number} {one if number == 1 else more}"
