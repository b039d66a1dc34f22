"""The facts of one letter of each kind, made by hand: what `steps.content` would find for Noor and her host."""

from datetime import UTC, datetime
from typing import Any

from vitale_core.domain.kinds import TO_HOSTS, Kind
from vitale_core.domain.practical import Practical
from vitale_core.steps.content.case import PAGES
from vitale_core.steps.content.werkbezoek import HOST_PAGES

PAGE = "https://training.vitale.example/m/vJ8kQe2rXyZ4mN6pT1wL9sB3dF7hG0aC5uK-iO_qRtY"
HOST_PAGE = "https://training.vitale.example/h/2rXyZ4mN6pT1wL9sB3dF7hG0aC5uK-iO_qRtYvJ8kQe"
HOME = "https://training.vitale.example/"


def at(text: str) -> datetime:
    """A moment in UTC; Amsterdam is an hour later in winter and two in summer."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SESSIONS = {
    "dagdeel-1": (
        "Dagdeel 1: Terreinverkenning",
        "We verdiepen ons in de theoretische achtergronden van het begrip overheidsparticipatie.",
    ),
    "dagdeel-2": ("Dagdeel 2: Participatie in het eigen werk", "De focus ligt op participatie in je eigen werkveld."),
    "dagdeel-3": ("Dagdeel 3: Participatie in de praktijk", "We starten met de presentaties van de werkbezoeken."),
    "dagdeel-4": ("Dagdeel 4: Participatief werken: eigen vaardigheden", "Je oefent met eigen praktijkvoorbeelden."),
}


def day(number: int, names: tuple[str, ...], start: str, end: str) -> dict[str, Any]:
    return {
        "label": f"Dag {number}",
        "what": f"dag {number}",
        "start": at(start),
        "end": at(end),
        "location": "Het Kasteel, Melkweg 1, Groningen",
        "parts": [SESSIONS[name][0] for name in names],
        "sessions": [
            {"id": nr, "name": name, "title": SESSIONS[name][0], "text": SESSIONS[name][1]}
            for nr, name in enumerate(names, 1)
        ],
    }


DAY1 = day(1, ("dagdeel-1", "dagdeel-2"), "2027-03-18 08:30", "2027-03-18 15:30")
DAY2 = day(2, ("dagdeel-3", "dagdeel-4"), "2027-04-22 07:30", "2027-04-22 14:30")
UNDATED: dict[str, Any] = {
    "label": "Terugkomdag",
    "what": "terugkomdag",
    "start": None,
    "end": None,
    "location": "",
    "parts": [],
}
OTHER = {
    **DAY1,
    "label": "Groep 2027-najaar",
    "start": at("2027-09-16 07:30"),
    "end": at("2027-09-16 14:30"),
    "parts": [],
}
VISIT = {
    "project": "Buurttuin De Kleine Aarde",
    "organisation": "Stichting De Kleine Aarde",
    "title": "Buurttuin De Kleine Aarde",
    "start": at("2027-04-08 11:00"),
    "end": at("2027-04-08 13:30"),
    "location": "Tuinpad 12, Emmen",
    "practical": Practical(
        "bij de poort", "geen trappen", "achter de kerk", "Jan Smit, 06 00 00 00 13", "Trek laarzen aan."
    ).text,
    "host": "Hanneke Smit",
    "host_phone": "+31600000012",
    "group": ["Noor de Vries", "Sam Yilmaz", "Ilse Bakker"],
    "others": ["Sam Yilmaz", "Ilse Bakker"],
    "people": 3,
    "told": True,
    "days_told": True,
    "confirmed": False,
}
EVENT = {
    "title": "Dagdeel 1: Terreinverkenning",
    "what": "dagdeel 1",
    "start": at("2027-03-18 08:30"),
    "end": at("2027-03-18 11:30"),
    "location": "Het Kasteel, Melkweg 1, Groningen",
    "visit": None,
    "old": None,
    "moved": False,
    "relocated": False,
    "answered": True,
}
HOST_EVENT = {
    **EVENT,
    "title": "Bezoek van 3 deelnemers (Vitale Overheid)",
    "what": "bezoek",
    "start": VISIT["start"],
    "end": VISIT["end"],
    "location": VISIT["location"],
    "visit": VISIT,
}
OLD_EVENT = {"start": at("2027-03-11 08:30"), "end": at("2027-03-11 11:30"), "location": "Stadhuis, Assen"}
MOVED = {
    "what": "moved",
    "title": "Dagdeel 3: Participatie in de praktijk",
    "old_start": at("2027-04-22 07:30"),
    "old_end": at("2027-04-22 10:30"),
    "new_start": at("2027-04-29 07:30"),
    "new_end": at("2027-04-29 10:30"),
    "old_location": "Het Kasteel, Melkweg 1, Groningen",
    "new_location": "Stadhuis, Assen",
    "reason": "",
}
VISITING = {
    "visit": VISIT,
    "deadline": at("2027-03-24 08:00"),
    "report_day": DAY2["start"],
    "again": False,
    "why": "visit",
    "reason": "",
}
POLL = {
    "what": "terugkomdag",
    "again": False,
    "options": [
        {"start": at("2027-09-23 11:00"), "end": at("2027-09-23 14:30")},
        {"start": at("2027-09-28 11:00"), "end": at("2027-09-28 14:30")},
    ],
    "deadline": at("2027-05-13 07:00"),
}
TRANSFER = {
    "what": "terugkomdag",
    "start": at("2027-09-23 11:00"),
    "intention": "Ik bel elke maand één inwoner die boos is.\nEn ik luister eerst.",
    "closes": at("2027-10-04 07:00"),
    "todo": f"{PAGE}/evaluatie/transfer",
}
CERTIFICATE = {"name": "Noor de Vries", "number": "VO-2027-0012-K7", "hours": "12", "check": f"{HOME}c/VO-2027-0012-K7"}
ENDED = {"others": [OTHER], "invited": True}

OF_KIND: dict[Kind, dict[str, Any]] = {
    Kind.RECEIPT: {"days": [DAY1, DAY2, UNDATED], "decided": False},
    Kind.SEAT_CONFIRMED: {
        "days": [DAY1, DAY2, UNDATED],
        "late_from": None,
        "visits": {"start": at("2027-03-25 08:00"), "end": at("2027-04-15 07:00")},
        "goes_ahead": False,
        "minimum": 6,
    },
    Kind.WAITLISTED: {"days": [DAY1, DAY2], "position": 2, "capacity": 12},
    Kind.SEAT_OFFER: {"days": [DAY1, DAY2], "deadline": at("2027-02-18 17:00"), "others": []},
    Kind.OFFER_LAPSED: {"days": [DAY1, DAY2], "deadline": at("2027-02-18 17:00"), "others": [OTHER]},
    Kind.LIST_CLOSED: ENDED,
    Kind.REJECTED: ENDED,
    Kind.INTAKE_REQUEST: {"visits": True, "last": False},
    Kind.INTAKE_REMINDER: {"visits": True, "last": True},
    Kind.WITHDRAWN: ENDED,
    Kind.SUBSTITUTED: {"colleague": "Bo Jansen", "invited": True},
    Kind.TRANSFERRED: {
        "old_days": [DAY1],
        "days": [OTHER],
        "waits": False,
        "first_day": OTHER["start"],
        "answers": False,
        "visits": True,
        "invited": True,
    },
    Kind.COHORT_CANCELLED: {
        "days": [DAY1, DAY2],
        "reason": "er zijn te weinig deelnemers.",
        "others": [OTHER],
        "invited": True,
    },
    Kind.OVERVIEW: {
        "days": [DAY1, DAY2, UNDATED],
        "visits": {"start": at("2027-03-25 08:00"), "end": at("2027-04-15 07:00")},
        "deadline": at("2027-03-04 08:00"),
        "capacity": 12,
        "agenda": f"{PAGE}/agenda.ics",
    },
    Kind.CALENDAR_INVITATION: EVENT,
    Kind.CALENDAR_UPDATE: {**EVENT, "old": OLD_EVENT, "moved": True, "relocated": True},
    Kind.CALENDAR_CANCEL: {**EVENT, "why": "session", "reason": "de trainer is ziek."},
    Kind.CHANGES: {
        "changes": [MOVED, {**MOVED, "title": "Dagdeel 4: Participatief werken: eigen vaardigheden"}],
        "headline": "moved",
        "old": MOVED["old_start"],
        "new": MOVED["new_start"],
        "days": [DAY1, {**DAY2, "start": at("2027-04-29 07:30"), "end": at("2027-04-29 14:30")}],
        "asks": True,
        "invited": True,
        "answered": True,
    },
    Kind.RSVP_REMINDER: {
        "missing": [DAY1, DAY2],
        "first_missing": DAY1["start"],
        "deadline": at("2027-03-04 08:00"),
    },
    Kind.PREPARATION: {
        "day": DAY2,
        "casus": "Een plein in Assen waar bewoners,\nwinkels en verkeer elk iets anders willen.",
        "open": False,
        "visit": VISIT,
    },
    Kind.REMINDER: {
        "title": "Dag 1",
        "what": "dag 1",
        "start": DAY1["start"],
        "end": DAY1["end"],
        "location": DAY1["location"],
        "parts": DAY1["parts"],
        "visit": None,
    },
    Kind.PARTICIPANT_LIST: {
        "day": DAY1,
        "coming": 1,
        "people": [
            {"name": "Ilse Bakker", "work": "", "answer": "nog niet", "casus": ""},
            {
                "name": "Noor de Vries",
                "work": "beleidsadviseur, gemeente Assen",
                "answer": "komt",
                "casus": "Een plein in Assen waar bewoners elk iets anders willen.",
            },
        ],
    },
    Kind.DIGEST: {
        "tasks": [
            {
                "what": "Deelnemer 7 antwoordde nog niet op de uitnodiging. Bel even.",
                "command": "vitale person show 7",
                "due": at("2027-03-01 08:00"),
                "late": True,
            },
            {"what": "Beslis of 2027-voorjaar doorgaat.", "command": "", "due": None, "late": False},
        ],
    },
    Kind.FAILURE: {"flow": "post.deliver", "run": "wijze-otter", "error_code": "K7F2"},
    **dict.fromkeys((Kind.GROUP_PROPOSAL, Kind.VISIT_REPORT_REQUEST, Kind.VISIT_REPORT_REMINDER), VISITING),
    **dict.fromkeys(TO_HOSTS, VISITING),
    Kind.HOST_CANCELLED: {**VISITING, "reason": "de groep gaat op een ander moment of naar een ander project."},
    Kind.DATE_POLL: POLL,
    Kind.POLL_REMINDER: POLL,
    Kind.DIRECT_EVALUATION: {"closes": at("2027-05-06 07:00"), "next_day": at("2027-09-23 11:00"), "last": False},
    Kind.DIRECT_REMINDER: {"closes": at("2027-05-06 07:00"), "next_day": None, "last": True},
    Kind.TRANSFER_EVALUATION: TRANSFER,
    Kind.TRANSFER_REMINDER: TRANSFER,
    Kind.CERTIFICATE: CERTIFICATE,
    Kind.CERTIFICATE_REVOKED: CERTIFICATE,
}


VARIANTS: dict[str, tuple[Kind, dict[str, Any]]] = {
    "preparation-open": (Kind.PREPARATION, {"day": DAY1, "open": True, "visit": None}),
    "receipt-decided": (Kind.RECEIPT, {"decided": True}),
    "seat_confirmed-late": (
        Kind.SEAT_CONFIRMED,
        {"days": [DAY2, UNDATED], "late_from": DAY2["start"], "goes_ahead": True},
    ),
    "transferred-answers": (Kind.TRANSFERRED, {"answers": True}),
    "date_poll-again": (Kind.DATE_POLL, {**POLL, "again": True}),
    "calendar_invitation-host": (Kind.CALENDAR_INVITATION, {**HOST_EVENT, "host": True}),
    "calendar_invitation-visit": (
        Kind.CALENDAR_INVITATION,
        {**HOST_EVENT, "title": "Werkbezoek aan een participatieproject", "what": "werkbezoek"},
    ),
    "calendar_update-host": (
        Kind.CALENDAR_UPDATE,
        {**HOST_EVENT, "host": True, "old": OLD_EVENT, "moved": True, "relocated": True},
    ),
    "calendar_update-text": (Kind.CALENDAR_UPDATE, {**EVENT, "old": OLD_EVENT}),
    "calendar_cancel-host": (Kind.CALENDAR_CANCEL, {**HOST_EVENT, "host": True, "why": "replaced", "reason": ""}),
    "calendar_cancel-withdrawn": (Kind.CALENDAR_CANCEL, {**EVENT, "why": "withdrawn", "reason": ""}),
    "reminder-visit": (
        Kind.REMINDER,
        {**HOST_EVENT, "title": VISIT["title"], "what": "je werkbezoek", "parts": []},
    ),
    "group_proposal-again": (Kind.GROUP_PROPOSAL, {**VISITING, "again": True}),
    "group_proposal-confirmed": (Kind.GROUP_PROPOSAL, {**VISITING, "visit": {**VISIT, "confirmed": True}}),
    "changes-cancelled": (
        Kind.CHANGES,
        {
            "changes": [{**MOVED, "what": "cancelled", "reason": "de zaal is dubbel geboekt."}],
            "headline": "cancelled",
            "dropped": "dagdeel 3",
            "old": MOVED["old_start"],
            "new": None,
            "days": [DAY1],
            "asks": False,
        },
    ),
    "changes-uninvited": (Kind.CHANGES, {"invited": False, "answered": False}),
    "changes-cancelled-uninvited": (
        Kind.CHANGES,
        {
            "changes": [{**MOVED, "what": "cancelled", "reason": ""}],
            "headline": "cancelled",
            "dropped": "dagdeel 3",
            "new": None,
            "asks": False,
            "invited": False,
            "answered": False,
        },
    ),
    "changes-silent": (Kind.CHANGES, {"answered": False}),
    "calendar_update-silent": (
        Kind.CALENDAR_UPDATE,
        {**EVENT, "old": OLD_EVENT, "moved": True, "relocated": True, "answered": False},
    ),
    "group_proposal-untold": (
        Kind.GROUP_PROPOSAL,
        {**VISITING, "visit": {**VISIT, "told": False, "days_told": False}},
    ),
    "group_proposal-wishes": (Kind.GROUP_PROPOSAL, {**VISITING, "visit": {**VISIT, "days_told": False}}),
}
"""What the same kind says in another situation."""

THREE = {
    "label": "Dag 1",
    "what": "dag 1",
    "location": "",
    "parts": ["Dagdeel 1: Kennismaken (zaal A)"],
    "sessions": [],
}
SECOND_PROGRAMME = {
    "training": "training Werken met inwoners",
    "days": [
        {**THREE, "start": at("2027-03-18 08:30"), "end": at("2027-03-18 11:30")},
        {**THREE, "label": "Dag 2", "parts": [], "start": at("2027-03-25 08:30"), "end": at("2027-03-25 11:30")},
        {**THREE, "label": "Dag 3", "parts": [], "start": at("2027-04-01 07:30"), "end": at("2027-04-01 10:30")},
        {**UNDATED, "label": "Eerste terugkomdag"},
        {**UNDATED, "label": "Tweede terugkomdag"},
    ],
    "visits": None,
    "deadline": None,
}
"""Three dagdelen on days of their own, no werkbezoek, two terugkomdagen without a date."""


def facts_of(kind: Kind, **overrides: Any) -> dict[str, Any]:
    """The facts of a letter of this kind; name what should be different."""
    host = overrides.get("host", kind in TO_HOSTS)
    office = {Kind.PARTICIPANT_LIST: "trainer", Kind.DIGEST: "operator", Kind.FAILURE: "operator"}
    below = (
        HOST_PAGES.get(kind, "").format(visit=3, project=2) if kind in TO_HOSTS else "" if host else PAGES.get(kind, "")
    )
    page = HOST_PAGE if host else f"{HOME}beheer" if office.get(kind) == "operator" else PAGE
    return {
        "audience": "host" if host else office.get(kind, "participant"),
        "host": host,
        "reader": {"name": "Noor de Vries", "greeting": "Hanneke Smit" if host else "Noor"},
        "bureau": {"name": "Vitale Overheid", "post": "Postbus 866, 9400 AW Assen", "phone": "+31650266175"},
        "home": HOME,
        "page": page,
        "todo": f"{page}/{below}" if below else page,
        "code": "2027-voorjaar",
        "training": "training overheidsparticipatie",
        "signed": "Anna de Groot",
        "first_day": DAY1["start"],
        **OF_KIND[kind],
        **overrides,
    }
