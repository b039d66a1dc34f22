"""Other ways to write the same invitation, each as its documentation shows it.

All write one VCALENDAR with METHOD:REQUEST, the same VEVENT, and a VTIMEZONE where the library makes one.
"""

from zoneinfo import ZoneInfo

from icalendar import STATUS, TRANSP, Calendar, Event, Timezone, vCalAddress

from vitale_core.adapters import ics

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ESCAPES = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})


def plain_icalendar(event: ics.CalendarEvent, zone: Timezone) -> bytes:
    """Write it with icalendar and a VTIMEZONE that was parsed once: what a careful user would do."""
    calendar = _icalendar(event)
    calendar.subcomponents.insert(0, zone)
    return bytes(calendar.to_ical())


def icalendar_missing_timezones(event: ics.CalendarEvent) -> bytes:
    """Write it with icalendar and its own add_missing_timezones(): what the documentation shows first."""
    calendar = _icalendar(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _icalendar(event: ics.CalendarEvent) -> Calendar:
    calendar = Calendar.new(prodid=ics.PRODID, method="REQUEST", calscale="GREGORIAN", uid=event.uid)
    vevent = Event.new(
        uid=event.uid,
        sequence=event.sequence,
        stamp=event.stamp,
        start=event.start.astimezone(AMSTERDAM),
        end=event.end.astimezone(AMSTERDAM),
        summary=event.summary,
        location=event.location,
        description=event.description,
        organizer=vCalAddress.new(event.organizer_address, cn=event.organizer_name),
        attendees=[
            vCalAddress.new(
                event.attendee_address,
                cn=event.attendee_name,
                cutype="INDIVIDUAL",
                role="REQ-PARTICIPANT",
                partstat="NEEDS-ACTION",
                rsvp=True,
            )
        ],
        status=STATUS.CONFIRMED,
        transparency=TRANSP.OPAQUE,
    )
    vevent.add("X-MICROSOFT-CDO-BUSYSTATUS", "BUSY")
    vevent.add("X-MICROSOFT-DISALLOW-COUNTER", "TRUE")
    calendar.add_component(vevent)
    return calendar


def vobject_invitation(event: ics.CalendarEvent) -> bytes:
    """Write it with vobject, which makes the VTIMEZONE itself from a zone of dateutil."""
    import vobject
    from dateutil import tz

    zone = tz.gettz("Europe/Amsterdam")
    calendar = vobject.iCalendar()
    calendar.add("method").value = "REQUEST"
    vevent = calendar.add("vevent")
    vevent.add("uid").value = event.uid
    vevent.add("sequence").value = str(event.sequence)
    vevent.add("dtstamp").value = event.stamp.astimezone(tz.UTC)
    vevent.add("dtstart").value = event.start.astimezone(zone)
    vevent.add("dtend").value = event.end.astimezone(zone)
    vevent.add("summary").value = event.summary
    vevent.add("location").value = event.location
    vevent.add("description").value = event.description
    vevent.add("status").value = "CONFIRMED"
    vevent.add("transp").value = "OPAQUE"
    vevent.add("x-microsoft-cdo-busystatus").value = "BUSY"
    vevent.add("x-microsoft-disallow-counter").value = "TRUE"
    organizer = vevent.add("organizer")
    organizer.value = f"mailto:{event.organizer_address}"
    organizer.cn_param = event.organizer_name
    attendee = vevent.add("attendee")
    attendee.value = f"mailto:{event.attendee_address}"
    attendee.params.update(
        CN=[event.attendee_name],
        CUTYPE=["INDIVIDUAL"],
        PARTSTAT=["NEEDS-ACTION"],
        ROLE=["REQ-PARTICIPANT"],
        RSVP=["TRUE"],
    )
    written: str = calendar.serialize()
    return written.encode()


def formatted(event: ics.CalendarEvent) -> bytes:
    """Write it by formatting strings: the floor, and a second implementation of RFC 5545 to keep right."""
    start, end = event.start.astimezone(AMSTERDAM), event.end.astimezone(AMSTERDAM)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{ics.PRODID}",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        *ics.VTIMEZONE.splitlines(),
        "BEGIN:VEVENT",
        f"UID:{event.uid}",
        f"SEQUENCE:{event.sequence}",
        f"DTSTAMP:{event.stamp:%Y%m%dT%H%M%SZ}",
        f"DTSTART;TZID=Europe/Amsterdam:{start:%Y%m%dT%H%M%S}",
        f"DTEND;TZID=Europe/Amsterdam:{end:%Y%m%dT%H%M%S}",
        f"SUMMARY:{event.summary.translate(ESCAPES)}",
        f"LOCATION:{event.location.translate(ESCAPES)}",
        f"DESCRIPTION:{event.description.translate(ESCAPES)}",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        f'ORGANIZER;CN="{event.organizer_name}":mailto:{event.organizer_address}',
        (
            f'ATTENDEE;CN="{event.attendee_name}";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION'
            f";ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:{event.attendee_address}"
        ),
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "X-MICROSOFT-DISALLOW-COUNTER:TRUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line.encode()) for line in lines)


def _folded(line: bytes) -> bytes:
    folded = b""
    while len(line) > ics.LINE_OCTETS:
        cut = ics.LINE_OCTETS
        while line[cut] & 0xC0 == 0x80:
            cut -= 1
        folded += line[:cut] + b"\r\n"
        line = b" " + line[cut:]
    return folded + line + b"\r\n"
