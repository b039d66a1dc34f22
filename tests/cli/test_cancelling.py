"""Cancelling a session or a cohort by command."""

import pytest


@pytest.mark.parametrize("said", ["", "De zaal is dubbel geboekt"])
def test_a_cancellation_says_why_when_a_reason_was_given(vitale, said):
    code = vitale.going_ahead()
    vitale.ok("tick")
    reason = ("--reason", said) if said else ()

    vitale.ok("cohort", "cancel-session", code, "dagdeel-2", *reason, "--yes")
    vitale.ok("cohort", "cancel", code, *reason, "--yes")
    vitale.ok("tick")

    left = [mail for mail in vitale.json(f"mail list {code}")["mails"] if mail["kind"] == "cohort_cancelled"]
    assert left
    for mail in left:
        text = vitale.ok(f"mail preview {mail['id']}").out
        assert ("De reden:" in text) == bool(said), text
