"""The program that is our private Prefect server: `python -m vitale_cli.prefect_server --fd 3`.

Three differences with `prefect server start`. It listens on a socket that its parent bound, so no other program can
take the port in between. It stops when its parent is gone, whatever way that went. And for a server that lives for a
minute it makes the tables from Prefect's own models at once: its hundred migrations take ten seconds.
"""

import argparse
import asyncio
import socket

from vitale_cli.parent import stop_with_parent


def main() -> None:
    """Serve until the parent is gone or says stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True, help="a bound socket")
    parser.add_argument("--short-lived", action="store_true", help="an empty database, thrown away afterwards")
    options = parser.parse_args()
    stop_with_parent()

    import uvicorn
    from prefect.server.api.server import create_app

    if options.short_lived:
        asyncio.run(_tables_at_once())
    config = uvicorn.Config(create_app(final=True), log_level="warning", timeout_keep_alive=5, access_log=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=options.fd)])


async def _tables_at_once() -> None:
    """Make every table and note the newest migration, so that the server finds nothing left to migrate."""
    from alembic.script import ScriptDirectory
    from prefect.server.database import provide_database_interface
    from prefect.server.database.alembic_commands import alembic_config
    from sqlalchemy import text
    from sqlalchemy.schema import CreateIndex, CreateTable

    facts = provide_database_interface()
    config = alembic_config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", str(facts.orm.versions_dir))
    newest = ScriptDirectory.from_config(config).get_current_head()
    async with (await facts.engine()).begin() as connection:
        for table in facts.Base.metadata.sorted_tables:
            await connection.execute(CreateTable(table))
            for index in table.indexes:  # some are declared twice
                await connection.execute(CreateIndex(index, if_not_exists=True))
        await connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        await connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": newest})


if __name__ == "__main__":
    main()
