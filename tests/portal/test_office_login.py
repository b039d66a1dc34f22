"""The operator's pages: who may open them."""

import pytest

from tests.portal.deeds import BASE
from tests.portal.stages import at
from tests.portal.visitor import Page
from vitale_core.domain.errors import Refused
from vitale_core.store.records import Enrolment


def test_without_a_login_nobody_else_finds_the_pages(world, visit):
    world.cohort()

    assert visit().open("/beheer").status_code == 200
    assert visit(address="192.0.2.7").open("/beheer").status_code == 404
    assert visit(host="training.example").open("/beheer").status_code == 404
    assert visit().open("/beheer", headers={"x-forwarded-for": "192.0.2.7"}).status_code == 404


def test_links_to_another_host_close_the_pages_without_a_login(world, visit):
    import dataclasses

    world.bureau = dataclasses.replace(world.bureau, base_url="https://training.example")

    assert visit().open("/beheer").status_code == 404


def test_behind_a_login_the_proxy_says_who_it_is(world, visit):
    stage = at(world, "applied")
    world.settings = {"login_header": "X-Operator", "portal_host": "0.0.0.0", "base_url": "https://training.example"}  # noqa: S104 - behind a proxy
    browser = visit(address="192.0.2.7")
    path = f"{BASE}/mensen/{stage.undecided}"

    def named(method, where, **options):
        return browser.request(
            method, where, headers={"x-operator": "Anja", "sec-fetch-site": "same-origin"}, **options
        )

    form = Page(named("GET", path).text).forms[0]
    named("POST", path, data=form.known | {"besluit": "plaatsen", "zeker": "ja", "naam": "Iemand anders"})

    assert browser.open(path).status_code == 404
    assert "naam" not in form.names
    assert world.one(Enrolment, id=stage.undecided).screened_by == "Anja"


def test_a_portal_that_others_can_reach_without_a_login_does_not_start(world):
    world.settings = {"portal_host": "0.0.0.0"}  # noqa: S104 - that is what is refused

    with pytest.raises(Refused, match="niemand bewaakt"):
        world.portal()
