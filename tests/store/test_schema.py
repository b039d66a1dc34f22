"""The migrations make what the records describe, and can be taken back, on both databases."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from vitale_core.store import schema
from vitale_core.store.records import Base


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_the_migrations_make_what_the_records_describe(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, Base.metadata) == []


def test_partial_indexes_are_partial_in_the_database(database):
    with database.read() as session:
        if database.engine.dialect.name == "sqlite":
            made = session.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE%'")
            )
        else:
            made = session.execute(text("SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%WHERE%'"))
        names = {name for name, _sql in made}

    assert names == {
        "ix_message_waiting",
        "uq_enrolment_live",
        "uq_invitation_valid",
        "uq_task_open",
        "uq_visit_booked_slot",
    }


def test_migrating_again_changes_nothing(make_database_url):
    url = make_database_url(empty=True)

    schema.upgrade(url)
    once = tables(url)
    schema.upgrade(url)

    assert tables(url) == once
    assert once == {table.name for table in Base.metadata.sorted_tables} | {"alembic_version"}
    have, newest = schema.current(url)
    assert have == newest is not None


def test_a_migration_can_be_taken_back_and_done_again(make_database_url):
    url = make_database_url(empty=True)
    schema.upgrade(url)

    command.downgrade(schema.configuration(url), "base")
    assert tables(url) == {"alembic_version"}
    schema.upgrade(url)

    assert tables(url) > {"cohort", "message"}


def test_what_hosts_told_survives_both_ways_of_the_four_questions(make_database_url):
    url = make_database_url(empty=True)
    configuration = schema.configuration(url)
    command.upgrade(configuration, "0003")
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO person (id, name, created_at) VALUES (1, 'Jan', '2027-01-04 09:00')"))
            connection.execute(
                text(
                    "INSERT INTO host (id, organisation, contact_id, created_at) VALUES (1, 'S', 1, '2027-01-04 09:00')"
                )
            )
            for number, told in ((1, "Bel aan."), (2, "")):
                connection.execute(
                    text(
                        "INSERT INTO project (id, host_id, title, place, address, themes, min_people, max_people,"
                        " access, transit, practical, active)"
                        " VALUES (:id, 1, :title, 'Assen', '', '[]', 1, 6, '[]', true, :told, true)"
                    ),
                    {"id": number, "title": f"Tuin {number}", "told": told},
                )

        schema.upgrade(url)
        with engine.begin() as connection:
            kept = connection.execute(text("SELECT practical, meeting_point, parking FROM project ORDER BY id")).all()
            connection.execute(text("UPDATE project SET parking = 'achter', day_contact = 'Jan'"))
        command.downgrade(configuration, "0003")
        with engine.begin() as connection:
            back = connection.execute(text("SELECT practical FROM project ORDER BY id")).scalars().all()
    finally:
        engine.dispose()

    assert [tuple(row) for row in kept] == [("Bel aan.", "", ""), ("", "", "")]
    assert back == ["Bel aan.\nachter\nJan", "achter\nJan"]


def test_an_empty_database_has_no_version(make_database_url):
    have, newest = schema.current(make_database_url(empty=True))

    assert have is None
    assert newest is not None


def test_the_folder_of_a_new_database_is_made(tmp_path):
    url = f"sqlite:///{tmp_path / 'deep' / 'er' / 'vitale.db'}"

    schema.upgrade(url)

    assert "cohort" in tables(url)


def test_a_failed_migration_leaves_the_old_version(make_database_url, monkeypatch, tmp_path):
    url = make_database_url(empty=True)
    broken = tmp_path / "migrations"
    broken.mkdir()
    (broken / "env.py").write_text((schema.MIGRATIONS / "env.py").read_text())
    (broken / "versions").mkdir()
    (broken / "versions" / "0001_broken.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        'revision = "0001"\ndown_revision = None\nbranch_labels = None\ndepends_on = None\n'
        'def upgrade():\n    op.create_table("half", sa.Column("id", sa.Integer()))\n    raise ZeroDivisionError\n'
    )
    monkeypatch.setattr(schema, "MIGRATIONS", broken)

    with pytest.raises(ZeroDivisionError):
        schema.upgrade(url)

    assert tables(url) <= {"alembic_version"}
    assert schema.current(url)[0] is None


def test_a_database_in_a_file_is_for_its_owner_alone(tmp_path):
    file = tmp_path / "vitale.db"

    schema.upgrade(f"sqlite:///{file}")

    assert file.stat().st_mode & 0o777 == 0o600
