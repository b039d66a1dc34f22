"""What runs Vitale elsewhere: settings that exist, nothing open to the world, the same lock as was tested."""

import configparser
import re
from pathlib import Path

import pytest
import yaml
from prefect.settings import Settings as PrefectSettings

from vitale_cli import server
from vitale_core.app import Settings

DEPLOYMENTS = Path(__file__).parents[1] / "deployments"
COMPOSE = yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
UNITS = sorted((DEPLOYMENTS / "systemd").iterdir())
OF_A_PLUGIN = {"PREFECT_REDIS_MESSAGING_URL"}  # prefect-redis reads this one


def names_of(model, path=()):
    """Every environment variable that Prefect reads, from its own settings."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and hasattr(inner, "model_fields"):
            yield from names_of(inner, (*path, name))
        else:
            yield "_".join(("PREFECT", *path, name)).upper()
            aliases = getattr(field.validation_alias, "choices", [])
            yield from (alias.upper() for alias in aliases if isinstance(alias, str))


PREFECT = set(names_of(PrefectSettings)) | OF_A_PLUGIN
VITALE = {f"VITALE_{name.upper()}" for name in Settings.model_fields}


def environment(service):
    return SERVICES[service].get("environment", {})


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_in_compose_exists(service):
    known = PREFECT | VITALE | {"DO_NOT_TRACK", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"}

    assert set(environment(service)) - known == set()


@pytest.mark.parametrize("short_lived", [True, False])
def test_every_setting_of_our_own_server_exists(tmp_path, short_lived):
    chosen = server.settings(tmp_path, "http://127.0.0.1:4200", short_lived=short_lived)

    names = chosen.keys() | server.client_environment(tmp_path, "http://127.0.0.1:4200").keys()

    assert names - PREFECT - {"DO_NOT_TRACK"} == set()


@pytest.mark.parametrize(
    "name",
    [
        "PREFECT_SERVER_DOCKET_URL",  # missing: every server does all background work
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE",
        "PREFECT_SERVER_EVENTS_MESSAGING_BROKER",
        "PREFECT_SERVER_EVENTS_MESSAGING_CACHE",
        "PREFECT_SERVER_API_AUTH_STRING",
    ],
)
@pytest.mark.parametrize("service", ["prefect-api", "prefect-services"])
def test_more_than_one_server_shares_what_it_must(service, name):
    assert environment(service)[name]


def test_the_facts_and_the_history_of_prefect_are_two_databases():
    facts = environment("worker")["VITALE_DATABASE_URL"]
    history = environment("prefect-api")["PREFECT_SERVER_DATABASE_CONNECTION_URL"]

    assert facts.endswith("/vitale")
    assert history.endswith("/prefect")
    assert "CREATE DATABASE prefect" in COMPOSE["configs"]["second-database"]["content"]


def test_servers_answer_only_and_services_run_apart():
    assert "--no-services" in SERVICES["prefect-api"]["command"]
    assert SERVICES["prefect-services"]["command"] == ["prefect", "server", "services", "start"]
    assert environment("prefect-api")["PREFECT_SERVER_DATABASE_MIGRATE_ON_START"] == "false"


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_open_beyond_this_machine(service):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[service].get("ports", []))


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_waits_for_exists_and_can_come_true(service):
    for name, wanted in SERVICES[service].get("depends_on", {}).items():
        other = SERVICES[name]
        if wanted["condition"] == "service_healthy":
            assert "healthcheck" in other
        if wanted["condition"] == "service_completed_successfully":
            assert other["restart"] == "no"


@pytest.mark.parametrize("service", SERVICES)
def test_no_password_stands_in_the_file(service):
    for name, value in environment(service).items():
        if re.search(r"PASSWORD$|AUTH|URL$", name):
            assert not re.search(r"://[^:/@]+:[^$@]+@", str(value))
    assert {name for name, secret in COMPOSE["secrets"].items() if "file" in secret} == set(COMPOSE["secrets"])


def test_every_named_volume_config_and_secret_is_declared():
    for service in SERVICES.values():
        assert {v.partition(":")[0] for v in service.get("volumes", [])} <= set(COMPOSE["volumes"])
        assert {c["source"] for c in service.get("configs", [])} <= set(COMPOSE["configs"])
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_websockets_pass_the_proxy_and_addresses_with_tokens_are_not_logged():
    text = COMPOSE["configs"]["proxy"]["content"]

    assert "proxy_set_header Upgrade" in text
    assert "access_log off" in text.partition("listen 8080")[2]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_as_its_own_user_and_starts_again(unit):
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read_string(unit.read_text())

    assert read["Service"]["User"] == "vitale"
    assert read["Service"]["Restart"] == "always"
    assert read["Service"]["UMask"] == "0077"
    assert read["Service"]["ExecStart"].startswith("/opt/vitale/.venv/bin/")
    assert read["Install"]["WantedBy"] == "multi-user.target"


def test_what_runs_at_scale_is_what_was_tested():
    def locked(name):
        text = (DEPLOYMENTS.parent / name).read_text()
        assert re.findall(r".*(?:https?:|file:|index-url| @ ).*", text) == []
        return dict(re.findall(r"^([a-z0-9.-]+)==([^ \\]+)", text, re.MULTILINE))

    scale = locked("requirements-scale.txt")

    assert scale.items() <= locked("requirements-test.txt").items()
    assert {"asyncpg", "psycopg", "prefect-redis"} <= scale.keys()


def test_each_environment_that_is_spoken_of_has_its_lock_file():
    script = (DEPLOYMENTS / "environment.sh").read_text()
    made = set(re.findall(r"lock=(requirements\S*\.txt)", script))

    assert made == {path.name for path in DEPLOYMENTS.parent.glob("requirements*.txt")}
    assert "make environment-scale" in (DEPLOYMENTS.parent / "docs" / "scale.md").read_text()
    assert "environment.sh scale" in (DEPLOYMENTS.parent / "Makefile").read_text()
