"""Ask Prefect's own scheduler service to plan one cron deployment; print the planned moments as JSON.

A program of its own, so that it can also be run with other versions of the libraries:
`PREFECT_HOME=$(mktemp -d) python tests/flows/schedule_probe.py "*/5 * * * *"`.
"""
# mypy: disable-error-code="attr-defined"
# (Prefect's decorators hide from mypy that these functions are asynchronous.)

import asyncio
import json
import sys


async def plan(cron: str) -> list[str]:
    """Make a deployment with this cron schedule, let the scheduler go round once, return the runs it made."""
    import sqlalchemy as sa
    from prefect.server import models
    from prefect.server.database import provide_database_interface
    from prefect.server.schemas.actions import DeploymentScheduleCreate
    from prefect.server.schemas.core import Deployment, Flow
    from prefect.server.schemas.schedules import CronSchedule
    from prefect.server.services.scheduler import schedule_deployments
    from sqlalchemy.schema import CreateIndex, CreateTable

    facts = provide_database_interface()
    async with (await facts.engine()).begin() as connection:  # the tables at once: migrations take ten seconds
        for table in facts.Base.metadata.sorted_tables:
            await connection.execute(CreateTable(table))
            for index in table.indexes:  # some are declared twice
                await connection.execute(CreateIndex(index, if_not_exists=True))
    async with facts.session_context(begin_transaction=True) as session:
        flow = await models.flows.create_flow(session=session, flow=Flow(name="probe"))
        deployment = await models.deployments.create_deployment(
            session=session, deployment=Deployment(name="probe", flow_id=flow.id, paused=False)
        )
        assert deployment is not None
        schedule = DeploymentScheduleCreate(active=True, slug="probe", schedule=CronSchedule(cron=cron))
        await models.deployments.create_deployment_schedules(
            session=session, deployment_id=deployment.id, schedules=[schedule]
        )
    await schedule_deployments()
    async with facts.session_context() as session:
        runs = sa.select(facts.FlowRun.next_scheduled_start_time).order_by(facts.FlowRun.next_scheduled_start_time)
        return [moment.isoformat() for moment in (await session.execute(runs)).scalars()]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(plan(sys.argv[1]))))  # noqa: T201 - read by the test
