"""A mail that would hang or fill the machine ends its own process only."""

import os
import time

from pytest import fixture, raises  # noqa: PT013 - read as words

from tests.incoming_mails import calendar_answer, nested, words
from vitale_core.adapters.guarded import GuardedReader
from vitale_core.domain.incoming import Unreadable


def hangs(mail):
    if "hang" in str(mail["Subject"]):
        time.sleep(60)
    if "eat" in str(mail["Subject"]):
        return bytearray(2**31)
    if "die" in str(mail["Subject"]):
        os._exit(1)
    if "trip" in str(mail["Subject"]):
        raise OverflowError(str(mail["From"]))
    return None


@fixture
def reader():
    with GuardedReader(seconds=1.5, calendar=f"{__name__}:hangs") as read:
        yield read


def about(subject: str) -> bytes:
    return calendar_answer().replace(b"Geaccepteerd: dagdeel 1", subject.encode())


def test_an_answer_comes_back_whole():
    with GuardedReader() as read:
        mail = read(calendar_answer())

    assert (mail.sender, mail.calendar.uid, mail.calendar.partstat) == ("anna@gemeente.test", "uid-1", "accepted")


def test_limits_are_told_as_they_are(reader):
    with raises(Unreadable, match="delen"):
        reader(nested(200))
    assert reader(words()).sender == "anna@gemeente.test"


def test_what_takes_too_long_too_much_or_breaks_is_unreadable_and_the_next_is_read(reader):
    for subject, reason in (("hang", "duurde langer"), ("eat", "geheugen"), ("die", "brak af")):
        with raises(Unreadable, match=reason):
            reader(about(subject))
        assert reader(words()).sender == "anna@gemeente.test"


def test_a_mistake_of_ours_is_told_by_its_type_and_prints_nothing_of_the_mail(reader, capfd):
    with raises(Unreadable, match="OverflowError") as unreadable:
        reader(about("trip"))

    assert reader(words()).sender == "anna@gemeente.test"
    assert "anna" not in f"{unreadable.value}{capfd.readouterr()}"
