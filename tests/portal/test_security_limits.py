"""Forms from elsewhere, forms that are too large, and too many of them."""

import pytest

from tests.portal.stages import at
from tests.portal.visitor import SAME_ORIGIN, Page
from vitale_core.domain.states import EnrolmentStatus
from vitale_core.store.records import Enrolment
from vitale_portal.guard import Meter, Pace


@pytest.mark.parametrize(
    "headers,status",
    [
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 303),
        ({"origin": "http://127.0.0.1:8080"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8080"}, 403),
        ({"origin": "https://elders.example"}, 403),
        ({"origin": "http://127.0.0.1:8080.elders.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_form_must_come_from_our_own_page(world, visitor, headers, status):
    stage = at(world, "goes ahead")
    page = world.link(enrolment=stage.people[0])
    form = Page(visitor.open(f"{page}/afmelden").text).forms[0]

    answer = visitor.request("POST", f"{page}/afmelden", data=form.known | {"zeker": "ja"}, headers=headers)

    assert answer.status_code == status
    gone = world.one(Enrolment, id=stage.people[0]).status is EnrolmentStatus.WITHDRAWN
    assert gone == (status == 303)


@pytest.mark.parametrize("declared", [True, False])
def test_a_form_of_more_than_64_kilobytes_is_refused(world, visitor, declared):
    stage = at(world, "goes ahead")
    page = f"{world.link(enrolment=stage.people[0])}/intake"
    body = b"casus=" + b"x" * 70_000

    async def drops():
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    answer = visitor.request(
        "POST",
        page,
        content=body if declared else drops(),
        headers=SAME_ORIGIN | {"content-type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 413
    assert "Dit is te groot" in Page(answer.text).words


def test_a_file_is_let_in_at_one_place_only(world, visitor):
    stage = at(world, "goes ahead")
    page = world.link(enrolment=stage.people[0])
    form = Page(visitor.open(f"{page}/gegevens").text).forms[0]

    answer = visitor.request(
        "POST", f"{page}/gegevens", data=form.known, files={"naam": ("x.txt", b"hallo")}, headers=SAME_ORIGIN
    )

    assert answer.status_code == 400
    assert "Dit begrijpen we niet" in Page(answer.text).words


def test_ten_megabytes_and_more_never_reach_the_form(world, visitor):
    stage = at(world, "goes ahead")

    answer = visitor.request(
        "POST",
        f"{world.link(enrolment=stage.people[0])}/presentatie",
        content=b"x" * (11 * 1024 * 1024),
        headers=SAME_ORIGIN | {"content-type": "multipart/form-data; boundary=x"},
    )

    assert answer.status_code == 413


def test_too_many_requests_for_one_link_wait_a_minute(world, visit):
    stage = at(world, "goes ahead")
    world.pace = Pace(per_token=5, per_address=100)
    browser = visit()
    page, other = (world.link(enrolment=n) for n in stage.people[:2])

    statuses = [browser.open(page).status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]
    assert browser.open(other).status_code == 200


def test_one_address_has_a_pace_of_its_own_but_this_machine_has_not(world, visit):
    world.pace = Pace(per_token=100, per_address=3)
    outside, inside = visit(address="192.0.2.7"), visit()

    assert [outside.open("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert [inside.open("/").status_code for _ in range(4)] == [200] * 4
    assert visit(address="192.0.2.8").open("/").status_code == 200


def test_behind_a_proxy_the_pace_is_of_whom_it_asks_for(world, visit):
    world.pace = Pace(per_token=100, per_address=2)
    proxy = visit()

    def statuses(forwarded):
        return [proxy.open("/", headers={"x-forwarded-for": forwarded}).status_code for _ in range(3)]

    assert statuses("192.0.2.7") == [200, 200, 429]
    assert statuses("203.0.113.1, 192.0.2.7") == [429] * 3
    assert statuses("192.0.2.7, 192.0.2.8") == [200, 200, 429]


def test_who_is_no_proxy_cannot_say_that_somebody_else_asks(world, visit):
    world.pace = Pace(per_token=100, per_address=2)
    outside = visit(address="192.0.2.7")

    answers = [outside.open("/", headers={"x-forwarded-for": f"198.51.100.{n}"}).status_code for n in range(3)]

    assert answers == [200, 200, 429]


def test_the_meter_forgets_after_a_minute():
    meter = Meter(Pace(per_token=1, per_address=10))

    allowed = [meter.allows("token", "192.0.2.7", seconds) for seconds in (0, 1, 59, 60)]

    assert allowed == [True, False, False, True]


def test_fifty_people_at_once_for_the_last_seats(world, visitor):
    """The forms come in together; every one is kept, and a decision gives out exactly the seats there are."""
    from vitale_core.steps import intake, waiting_list
    from vitale_core.store.records import Cohort

    cohort = world.cohort(capacity=12)
    form = Page(visitor.open("/aanmelden/2027-voorjaar").text).forms[0]
    sent = [
        form.known | {"naam": f"Persoon {n}", "mail": f"p{n}@x.example", "organisatie": "A", "functie": "B"}
        for n in range(50)
    ]

    answers = visitor.together(
        [("POST", "/aanmelden/2027-voorjaar", {"data": data, "headers": SAME_ORIGIN}) for data in sent]
    )
    with world.database.write() as session:
        row = session.get_one(Cohort, cohort)
        for enrolment in session.query(Enrolment).order_by(Enrolment.applied_at, Enrolment.id):
            intake.confirm(session, enrolment, by="Anja", now=world.now, bureau=world.bureau)
        places = [waiting_list.place_on_list(session, e) for e in session.query(Enrolment).order_by(Enrolment.id)]

    assert {answer.status_code for answer in answers} == {303}
    statuses = [e.status for e in world.all(Enrolment)]
    assert (statuses.count(EnrolmentStatus.CONFIRMED), statuses.count(EnrolmentStatus.WAITLISTED)) == (12, 38)
    assert places == [None] * 12 + list(range(1, 39))
    assert row.capacity == 12
