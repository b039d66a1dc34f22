"""Every deployment in one list. A laptop serves it; a test holds deployments/prefect.yaml to it.

The tick has no time zone: `*/5` in Europe/Amsterdam leaves a hole of 65 minutes in the autumn night. What happens at a
time of day has one. Every schedule has a slug, so that deploying again keeps it and a pause of it. The tick is limited
to one at a time only for tidiness; a second one is cancelled and nothing is lost by it. A limited flow has no retries.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from prefect import serve as serve_runs
from prefect.automations import Automation
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.events import EventTrigger, ResourceSpecification
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import Posture
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows import (
    evaluation,
    groups,
    intake,
    invitations,
    lifecycle,
    overview,
    persons,
    post,
    reminders,
    terugkomdag,
    werkbezoek,
)
from flows import upkeep as nights

AMSTERDAM = "Europe/Amsterdam"
OPERATOR = "operator"
AUTOMATIC = ("automatic",)
BY_HAND = ("operator",)

QUERY_SECONDS = 2.0
"""So soon a run starts after somebody asks for it, at least."""

AT_A_TIME = 3
"""Runs on a laptop; each is a process of a hundred megabytes for some seconds."""

ZOMBIES = "vitale: runs that stopped telling"
SILENCE = timedelta(seconds=540)
"""A run tells every 180 seconds that it lives; three in a row missed is enough."""


@dataclass(frozen=True, slots=True)
class Planned:
    """When a deployment runs by itself; without `timezone` in UTC."""

    slug: str
    cron: str
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """One deployment of one flow."""

    flow: Any
    name: str
    tags: tuple[str, ...]
    planned: Planned | None = None
    one_at_a_time: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """Return `flow/deployment`, as Prefect shows it."""
        return f"{self.flow.name}/{self.name}"

    @property
    def entrypoint(self) -> str:
        """Return where a worker finds the flow."""
        return f"{self.flow.fn.__module__}.{self.flow.fn.__name__}"

    def runner(self) -> RunnerDeployment:
        """Return the deployment as a laptop serves it."""
        limit = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
        planned = self.planned
        made: RunnerDeployment = self.flow.to_deployment(
            name=self.name,
            tags=list(self.tags),
            parameters=self.parameters,
            schedules=[Cron(planned.cron, timezone=planned.timezone, slug=planned.slug)] if planned else None,
            concurrency_limit=limit if self.one_at_a_time else None,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        return made


DEPLOYMENTS = (
    Served(lifecycle.tick, "every-5-minutes", AUTOMATIC, Planned("five-minutes", "*/5 * * * *"), one_at_a_time=True),
    Served(lifecycle.advance, "cohort", AUTOMATIC),
    Served(nights.nightly, "nightly", AUTOMATIC, Planned("nightly", "15 3 * * *", AMSTERDAM)),
    Served(
        nights.look_for_overdue, "office-hours", AUTOMATIC, Planned("office-hours", "30 9,13,16 * * 1-5", AMSTERDAM)
    ),
    Served(intake.decide_applicant, OPERATOR, BY_HAND),
    Served(intake.go_or_no_go, OPERATOR, BY_HAND),
    Served(groups.propose_groups, OPERATOR, BY_HAND),
    Served(groups.approve_groups, OPERATOR, BY_HAND),
    Served(werkbezoek.answer_for_host, OPERATOR, BY_HAND),
    Served(werkbezoek.move_visit, OPERATOR, BY_HAND),
    Served(invitations.move_session, OPERATOR, BY_HAND),
    Served(invitations.move_day, OPERATOR, BY_HAND),
    Served(invitations.change_place, OPERATOR, BY_HAND),
    Served(invitations.cancel_session, OPERATOR, BY_HAND),
    Served(invitations.cancel_cohort, OPERATOR, BY_HAND),
    Served(invitations.restore_cohort, OPERATOR, BY_HAND),
    Served(persons.let_in, OPERATOR, BY_HAND),
    Served(persons.withdraw, OPERATOR, BY_HAND),
    Served(persons.substitute, OPERATOR, BY_HAND),
    Served(persons.transfer, OPERATOR, BY_HAND),
    Served(persons.correct_address, OPERATOR, BY_HAND),
    Served(persons.change_group, OPERATOR, BY_HAND),
    Served(reminders.record_answer, OPERATOR, BY_HAND),
    Served(terugkomdag.choose_date, OPERATOR, BY_HAND),
    Served(evaluation.close_attendance, OPERATOR, BY_HAND),
    Served(evaluation.release, OPERATOR, BY_HAND),
    Served(post.approve_mail, OPERATOR, BY_HAND),
    Served(post.settle_mail, OPERATOR, BY_HAND),
    Served(post.deliver_now, OPERATOR, BY_HAND),
    Served(post.read_inbox_now, OPERATOR, BY_HAND),
    Served(overview.publish, OPERATOR, BY_HAND),
)


def find(name: str) -> Served:
    """Return the deployment of the flow with this name: `groups.approve-groups`, `approve-groups` or `tick`.

    Raises KeyError with the names there are.
    """
    for served in DEPLOYMENTS:
        if name in {served.flow.name, served.flow.name.partition(".")[2], served.full_name}:
            return served
    raise KeyError(", ".join(served.flow.name for served in DEPLOYMENTS))


def serve() -> None:
    """Serve every deployment from this machine until somebody says stop; for `vitale up`."""
    asyncio.run(watch_for_zombies())
    serve_runs(
        *(served.runner() for served in DEPLOYMENTS),
        pause_on_shutdown=False,
        print_starting_message=False,
        limit=AT_A_TIME,
        query_seconds=QUERY_SECONDS,
    )


async def watch_for_zombies() -> None:
    """Let Prefect call a run crashed that stopped telling that it lives; made once."""
    try:
        await Automation.aread(name=ZOMBIES)
    except (ObjectNotFound, ValueError):
        pass
    else:
        return
    await Automation(
        name=ZOMBIES,
        description="A run whose process is gone would stay Running for ever.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={
                "prefect.flow-run.heartbeat",
                "prefect.flow-run.Completed",
                "prefect.flow-run.Failed",
                "prefect.flow-run.Cancelled",
                "prefect.flow-run.Crashed",
                "prefect.flow-run.Paused",
                "prefect.flow-run.Suspended",
            },
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[ChangeFlowRunState(state="CRASHED", message="De run liet niets meer van zich horen.")],
    ).acreate()
