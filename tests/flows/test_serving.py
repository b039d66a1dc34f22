"""Every deployment in one list: the file for a server agrees, schedules survive clock changes, forms are clear."""

import asyncio
import inspect
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint
from prefect.server.schemas.schedules import CronSchedule

from flows.serving import DEPLOYMENTS, Served, find

PROJECT = Path(__file__).parents[2]
FILE = yaml.safe_load((PROJECT / "deployments" / "prefect.yaml").read_text())
NAMES = [served.full_name for served in DEPLOYMENTS]
IN_WALL_CLOCK = [s for s in DEPLOYMENTS if s.planned and s.planned.timezone]


def schema(served):
    return served.flow.parameters.model_dump()["properties"]


def as_in_the_file(served):
    """What deployments/prefect.yaml must say of a deployment."""
    told = {
        "name": served.name,
        "entrypoint": served.entrypoint,
        "tags": list(served.tags),
        "work_pool": {"name": "vitale", "work_queue_name": "default"},
    }
    if served.planned:
        cron = {"slug": served.planned.slug, "cron": served.planned.cron}
        told["schedules"] = [cron | ({"timezone": served.planned.timezone} if served.planned.timezone else {})]
    if served.one_at_a_time:
        told["concurrency_limit"] = {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    return told


def moments(planned, start, count):
    """The moments at which Prefect's server would plan a schedule."""
    schedule = CronSchedule(cron=planned.cron, timezone=planned.timezone)
    return [datetime.fromisoformat(date.isoformat()) for date in asyncio.run(schedule.get_dates(n=count, start=start))]


def test_the_file_for_a_server_has_the_same_list_in_the_same_order():
    assert FILE["deployments"] == [as_in_the_file(served) for served in DEPLOYMENTS]


def test_workers_fetch_nothing_for_the_package_is_installed_there():
    assert FILE["pull"] == []


@pytest.mark.parametrize("served", DEPLOYMENTS, ids=NAMES)
def test_every_entrypoint_is_a_flow(served):
    assert load_flow_from_entrypoint(served.entrypoint).name == served.flow.name


def test_no_name_is_used_twice():
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("served", DEPLOYMENTS, ids=NAMES)
def test_every_flow_is_a_coroutine_that_keeps_no_results_and_tells_of_failures(served):
    flow = served.flow

    assert inspect.iscoroutinefunction(flow.fn), "a plain function costs a second in Prefect 3.8"
    assert flow.persist_result is False
    assert flow.log_prints is False
    assert [hook.__name__ for hook in flow.on_failure_hooks] == ["tell_operator"]
    assert [hook.__name__ for hook in flow.on_crashed_hooks] == ["tell_operator"]


@pytest.mark.parametrize("served", DEPLOYMENTS, ids=NAMES)
def test_every_form_explains_itself(served):
    assert (served.flow.description or "").strip(), "the first thing an operator reads"
    for name, field in schema(served).items():
        assert field.get("description"), f"{name} of {served.full_name} needs a line under Args"


@pytest.mark.parametrize("served", [s for s in DEPLOYMENTS if "operator" in s.tags], ids=lambda s: s.flow.name)
def test_forms_of_operators_have_no_field_of_two_types(served):
    for name, field in schema(served).items():
        assert "anyOf" not in field, name


def test_choices_are_choices_and_dates_are_dates():
    decide, move, move_day = (
        find(name).flow.parameters.model_dump()
        for name in ("intake.decide-applicant", "invitations.move-session", "invitations.move-day")
    )

    assert decide["definitions"]["Decision"]["enum"] == ["confirm", "reject"]
    assert move["properties"]["start"]["format"] == "date-time"
    assert move_day["properties"]["to"]["format"] == "date"


def test_nothing_in_a_form_asks_for_a_person_by_name_or_address():
    asked = {name for served in DEPLOYMENTS for name in schema(served)}

    assert asked & {"email", "name", "address", "person", "token"} == set()


def test_only_the_tick_is_limited_and_what_is_limited_has_no_retries():
    limited = [served for served in DEPLOYMENTS if served.one_at_a_time]

    assert [served.flow.name for served in limited] == ["lifecycle.tick"]
    assert all(served.flow.retries == 0 for served in limited)


def test_every_schedule_has_a_slug_of_its_own():
    slugs = [served.planned.slug for served in DEPLOYMENTS if served.planned]

    assert len(set(slugs)) == len(slugs)
    assert all(slugs)


@pytest.mark.parametrize("night", [datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 10, 30, 12, tzinfo=UTC)])
def test_the_tick_has_no_hole_when_the_clock_changes(night):
    dates = moments(find("tick").planned, night, 400)

    assert {later - earlier for earlier, later in pairwise(dates)} == {timedelta(minutes=5)}


@pytest.mark.parametrize("served", IN_WALL_CLOCK, ids=lambda s: s.name)
@pytest.mark.parametrize("night", [datetime(2027, 3, 26, tzinfo=UTC), datetime(2027, 10, 29, tzinfo=UTC)])
def test_what_has_a_time_of_day_keeps_it_when_the_clock_changes(served, night):
    dates = moments(served.planned, night, 12)
    minute, hours = served.planned.cron.split()[:2]

    here = [date.astimezone(ZoneInfo("Europe/Amsterdam")) for date in dates]
    assert {str(date.hour) for date in here} == set(hours.split(","))
    assert {date.minute for date in here} == {int(minute)}


@pytest.mark.parametrize("served", DEPLOYMENTS, ids=NAMES)
def test_a_laptop_serves_it_as_it_is_listed(served):
    runner = served.runner()

    assert runner.name == served.name
    assert runner.entrypoint == served.entrypoint
    assert set(runner.tags) == set(served.tags)
    assert [(s.slug, s.schedule.cron, s.schedule.timezone) for s in runner.schedules or []] == (
        [(served.planned.slug, served.planned.cron, served.planned.timezone)] if served.planned else []
    )


@pytest.mark.parametrize(
    "name", ["lifecycle.tick", "tick", "lifecycle.tick/every-5-minutes", "intake.decide-applicant", "approve-groups"]
)
def test_a_flow_is_found_by_its_whole_name_or_its_last_part(name):
    served = find(name)

    assert isinstance(served, Served)
    assert isinstance(served.flow, Flow)


def test_an_unknown_flow_names_those_there_are():
    with pytest.raises(KeyError, match=r"groups\.approve-groups"):
        find("approve-everything")
