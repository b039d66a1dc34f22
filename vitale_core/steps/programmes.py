"""Programmes in the database: pinned as they were, built once per version."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import programme_document
from vitale_core.domain.programme import Programme
from vitale_core.store.records import Cohort, ProgrammeVersion

KEPT = 64
_BUILT: dict[str, Programme] = {}  # by digest, which tells all there is to tell


def pin(session: Session, document: Mapping[str, Any], *, now: datetime) -> ProgrammeVersion:
    """Keep this version of a programme; the same text twice is one version.

    Raises ProgrammeError when the document does not fit.
    """
    programme = programme_document.read(document)
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    known = session.scalar(select(ProgrammeVersion).where(ProgrammeVersion.digest == digest))
    if known is not None:
        return known
    version = ProgrammeVersion(slug=programme.slug, digest=digest, document=dict(document), loaded_at=now)
    session.add(version)
    session.flush()
    return version


def programme_of(cohort: Cohort) -> Programme:
    """Return the programme as this cohort pinned it."""
    version = cohort.programme
    if version.digest not in _BUILT:
        while len(_BUILT) >= KEPT:
            _BUILT.pop(next(iter(_BUILT)))
        _BUILT[version.digest] = programme_document.read(version.document)
    return _BUILT[version.digest]
