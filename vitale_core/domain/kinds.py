"""Every kind of mail that Vitale can owe somebody.

The value is the name of the template folder (`templates/mail/<kind>/`), of the golden files and
of the header `X-Vitale-Kind`. When it is sent, to whom and until when stands in the programme
file; `house` kinds follow from one action of a person instead.
"""

from enum import StrEnum


class Kind(StrEnum):
    """Who hears what. Comments: to whom, why, the one action in it."""

    # intake
    RECEIPT = "receipt"  # applicant: we have your aanmelding, what happens now
    SEAT_CONFIRMED = "seat_confirmed"  # participant: you have a seat
    WAITLISTED = "waitlisted"  # applicant: you are on the waiting list, your place; may leave it
    SEAT_OFFER = "seat_offer"  # waiting: a seat is held until the deadline; yes or no
    OFFER_LAPSED = "offer_lapsed"  # waiting: the offer is over
    LIST_CLOSED = "list_closed"  # waiting: no seat came free, other cohorts
    REJECTED = "rejected"  # applicant: a person decided no, with an offer to talk
    INTAKE_REQUEST = "intake_request"  # participant: tell us of your work (form)
    INTAKE_REMINDER = "intake_reminder"  # silent participant, twice
    WITHDRAWN = "withdrawn"  # who withdrew: confirmed, the door stays open
    SUBSTITUTED = "substituted"  # who gave the seat to a colleague
    TRANSFERRED = "transferred"  # who moved to another cohort: old and new dates
    COHORT_CANCELLED = "cohort_cancelled"  # everybody: it does not go ahead, what now
    # calendar
    OVERVIEW = "overview"  # participant at go: all dates in one list, link to one .ics file
    CALENDAR_INVITATION = "calendar_invitation"  # participant or host: REQUEST, new
    CALENDAR_UPDATE = "calendar_update"  # participant or host: REQUEST, changed
    CALENDAR_CANCEL = "calendar_cancel"  # participant or host: CANCEL
    CHANGES = "changes"  # participant: what changed, old and new side by side, one mail
    RSVP_REMINDER = "rsvp_reminder"  # who did not answer yet, twice
    # reminders
    PREPARATION = "preparation"  # participant: how to prepare for the day ("neem je casus mee")
    REMINDER = "reminder"  # participant: the day or visit after tomorrow
    PARTICIPANT_LIST = "participant_list"  # trainer: people and cases of the day
    DIGEST = "digest"  # operator, Monday: what waits for you
    FAILURE = "failure"  # operator: a flow failed
    # groups and werkbezoek
    GROUP_PROPOSAL = "group_proposal"  # participant: with whom, where, when
    HOST_REQUEST = "host_request"  # host: may a group come; yes or another date
    HOST_REMINDER = "host_reminder"  # silent host
    HOST_DETAILS = "host_details"  # host, a week before: names and size
    HOST_VISIT_REMINDER = "host_visit_reminder"  # host, two days before
    HOST_THANKS = "host_thanks"  # host, the day after; two questions
    HOST_CANCELLED = "host_cancelled"  # host: the visit does not happen
    VISIT_REPORT_REQUEST = "visit_report_request"  # group: what did you bring back
    VISIT_REPORT_REMINDER = "visit_report_reminder"  # group without a report
    # terugkomdag
    DATE_POLL = "date_poll"  # participant: which dates can you come
    POLL_REMINDER = "poll_reminder"  # who did not answer the poll
    # evaluation
    DIRECT_EVALUATION = "direct_evaluation"  # present on the last day: thanks, form
    DIRECT_REMINDER = "direct_reminder"  # who did not answer, twice
    TRANSFER_EVALUATION = "transfer_evaluation"  # before the terugkomdag: what did you apply
    TRANSFER_REMINDER = "transfer_reminder"  # who did not answer
    CERTIFICATE = "certificate"  # who was there: bewijs van deelname with its number
    CERTIFICATE_REVOKED = "certificate_revoked"  # attendance was corrected


CALENDAR = frozenset({Kind.CALENDAR_INVITATION, Kind.CALENDAR_UPDATE, Kind.CALENDAR_CANCEL})
"""Kinds that carry a calendar part; repeating one with the same bytes does no harm."""

TO_HOSTS = frozenset(
    {
        Kind.HOST_REQUEST,
        Kind.HOST_REMINDER,
        Kind.HOST_DETAILS,
        Kind.HOST_VISIT_REMINDER,
        Kind.HOST_THANKS,
        Kind.HOST_CANCELLED,
    }
)
"""Kinds in which the reader is addressed with "u"."""

TO_OFFICE = frozenset({Kind.PARTICIPANT_LIST, Kind.DIGEST, Kind.FAILURE})
"""Kinds for the trainer or the operator."""
