"""A deployment with a cron schedule really gets runs: with the wrong libraries Prefect looks healthy and plans nothing.

The other half of the guard, which names the wrong library at start-up, is in tests/test_versions.py.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

PROBE = Path(__file__).with_name("schedule_probe.py")


def planned(cron, home):
    result = subprocess.run(
        [sys.executable, PROBE, cron],
        env=os.environ | {"PREFECT_HOME": str(home)},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return [datetime.fromisoformat(moment) for moment in json.loads(result.stdout)]


def test_a_cron_schedule_gets_future_runs(tmp_path):
    before = datetime.now(UTC)

    moments = planned("*/5 * * * *", tmp_path)

    assert len(moments) >= 12, "Prefect plans an hour ahead"
    assert all(moment > before for moment in moments)
    assert {later - earlier for earlier, later in pairwise(moments)} == {timedelta(minutes=5)}
