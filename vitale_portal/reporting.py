"""What a group brings back from its visit: a report in words, and the presentation as a PDF."""

import os
import tempfile
from datetime import datetime
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, Response

from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.states import VisitStatus
from vitale_core.steps import audit, visits, werkbezoek
from vitale_core.steps.content import days
from vitale_core.store.records import Visit
from vitale_portal import standing
from vitale_portal.doors import Call, House, Unfilled
from vitale_portal.forms import Field, Filled, Form, form, upload
from vitale_portal.guard import UPLOAD_BYTES
from vitale_portal.seat import BY
from vitale_portal.standing import Standing

MEGABYTE = 1024 * 1024
TAIL = 2048
"""So many bytes at the end of a PDF hold its end mark; some programs write a little behind it."""

REPORT: Form = form(
    Field(
        "verslag",
        "Wat zagen jullie, en wat viel op?",
        "het verslag",
        "long",
        most=5000,
        missing="Schrijf op wat jullie zagen.",
        hint="Een half kantje is genoeg.",
    ),
    Field(
        "aanbevelingen",
        "Welke aanbevelingen nemen jullie mee voor je eigen werk?",
        "de aanbevelingen",
        "long",
        most=5000,
        missing="Schrijf op welke aanbevelingen jullie meenemen.",
        hint="Noem er twee of drie. We bundelen ze voor de hele groep.",
    ),
)
FILE: Form = form(
    Field(
        "bestand",
        "Presentatie als PDF, hooguit 10 MB",
        "de presentatie",
        "file",
        missing="Kies een bestand.",
        hint="Maak van je presentatie eerst een PDF.",
    )
)


def show(call: Call) -> Response:
    """Show the report of the group, to write or to read."""
    s = standing.of(call)
    visit = _visit(s)
    stored = path_of(call.house, visit)
    told = visits.told_at(s.cohort, visit)
    known = {"verslag": visit.report, "aanbevelingen": visit.recommendations}
    return call.page(
        "participant/report.html",
        s=s,
        visit=visit,
        began=_start(visit) <= call.now,
        told=told,
        told_name=days.what(told) if told else "",
        over=told is not None and told.starts_at is not None and told.starts_at <= call.now,
        closed=visits.report_closed(s.cohort, visit, call.now),
        form=REPORT,
        filled=call.filled or REPORT.shown(known),
        presentation=_kilobytes(stored),
    )


def send(call: Call) -> Response:
    """Keep the report of the group."""
    s = standing.of(call)
    filled = call.fill(REPORT)
    werkbezoek.report(
        call.session,
        _visit(s),
        s.enrolment,
        report=filled.string("verslag"),
        recommendations=filled.string("aanbevelingen"),
        now=call.now,
    )
    return call.to("verslag")


def show_file(call: Call) -> Response:
    """Show where to put the presentation."""
    s = standing.of(call)
    visit = _visit(s)
    return call.page(
        "participant/presentation.html",
        s=s,
        visit=visit,
        form=FILE,
        filled=call.filled or FILE.shown({}),
        presentation=_kilobytes(path_of(call.house, visit)),
    )


def send_file(call: Call) -> Response:
    """Keep the presentation of the group; a newer one replaces it."""
    s = standing.of(call)
    visit = _visit(s)
    content = _pdf(upload(call.sent, "bestand"))
    _store(path_of(call.house, visit), content)
    audit.note(
        call.session,
        what="presentation uploaded",
        actor=BY,
        cohort_id=s.cohort.id,
        object_kind="visit",
        object_id=visit.id,
        detail={"bytes": len(content)},
        now=call.now,
    )
    return call.to("presentatie")


def download(call: Call) -> Response:
    """Give the presentation of one's own group."""
    return file_of(call.house, _visit(standing.of(call)))


def file_of(house: House, visit: Visit) -> Response:
    """Return the presentation of a visit, as a file to keep: a browser does not open it within our pages."""
    path = path_of(house, visit)
    if not path.exists():
        raise NotFound("Er is nog geen presentatie.")
    return FileResponse(path, media_type="application/pdf", filename=f"werkbezoek-groep-{visit.group.number}.pdf")


def path_of(house: House, visit: Visit) -> Path:
    """Return where the presentation of a visit is kept; nothing that a browser sent is in the name."""
    return house.uploads / f"cohort-{visit.cohort_id}" / f"visit-{visit.id}.pdf"


def _visit(s: Standing) -> Visit:
    live = (VisitStatus.CONFIRMED, VisitStatus.HELD, VisitStatus.REPORTED)
    if s.visit is None or s.visit.status not in live:
        raise Refused("Je groepje heeft nog geen werkbezoek dat vaststaat.", remedy="Kijk op je overzicht.")
    return s.visit


def _start(visit: Visit) -> datetime:
    return (visit.session.starts_at if visit.session else None) or visit.slot.starts_at


def _kilobytes(path: Path) -> int:
    """Return the size of a stored file, rounded up; 0 when there is none."""
    return -(-path.stat().st_size // 1024) if path.exists() else 0


def _pdf(file: UploadFile | None) -> bytes:
    """Return the bytes of a PDF of at most 10 MB, or say on the page what is wrong with what came."""
    if file is None:
        raise _wrong("Kies eerst een bestand.")
    content = file.file.read(UPLOAD_BYTES + 1)
    if not content:
        raise _wrong("Dit bestand is leeg. Kies een ander bestand.")
    if len(content) > UPLOAD_BYTES:
        raise _wrong(
            f"Dit bestand is groter dan {UPLOAD_BYTES // MEGABYTE} MB. Maak het kleiner en probeer het opnieuw."
        )
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-TAIL:]:
        raise _wrong("Dit bestand is geen PDF. Bewaar je presentatie eerst als PDF.")
    return content


def _wrong(sentence: str) -> Unfilled:
    return Unfilled(Filled(problems={"bestand": sentence}))


def _store(path: Path, content: bytes) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as temporary:
        temporary.write(content)
        temporary.flush()
        os.fsync(temporary.fileno())
    Path(temporary.name).replace(path)
