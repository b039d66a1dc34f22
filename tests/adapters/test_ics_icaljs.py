"""ical.js reads our calendars: the library of Thunderbird and Nextcloud, which works out time zones by itself."""

import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from tests.adapters.calendar_parts import NASTY, event, feed_event
from tests.machine import ICAL_JS, program, require
from vitale_core.adapters import ics

READ = """
const { default: ICAL } = await import(process.argv[2]);
let text = "";
for await (const chunk of process.stdin) text += chunk;
const read = part => {
  const calendar = new ICAL.Component(ICAL.parse(part));
  ICAL.TimezoneService.reset();
  const zone = new ICAL.Timezone(calendar.getFirstSubcomponent("vtimezone"));
  ICAL.TimezoneService.register(zone);
  return calendar.getAllSubcomponents("vevent").map(one => {
    const found = new ICAL.Event(one);
    return {
      start: found.startDate.toUnixTime(), end: found.endDate.toUnixTime(), summary: found.summary,
      location: found.location, description: found.description, sequence: found.sequence, uid: found.uid,
      method: calendar.getFirstPropertyValue("method"), attendees: found.attendees.length,
    };
  });
};
console.log(JSON.stringify(JSON.parse(text).map(read)));
"""


@pytest.fixture
def read(tmp_path):
    require("node", "ical.js")
    script = tmp_path / "read.mjs"
    script.write_text(READ, encoding="utf-8")
    node = program("node", "nodejs")

    def read(*parts):
        """What it sees in each part: the entries with their moments in seconds."""
        told = json.dumps([part.decode() for part in parts]).encode()
        said = subprocess.run(
            [str(node), str(script), ICAL_JS.as_uri()], input=told, capture_output=True, check=True, timeout=60
        )
        return json.loads(said.stdout)

    return read


def test_it_computes_the_right_hour_around_both_nights_of_2027(read):
    nights = [datetime(2027, 3, 28, 1, 0, tzinfo=UTC), datetime(2027, 10, 31, 1, 0, tzinfo=UTC)]
    starts = [night + timedelta(minutes=m) for night in nights for m in range(-1440, 1441, 15)]
    hour = timedelta(hours=1)

    found = read(*(ics.request(event(start=start, end=start + hour)) for start in starts))

    assert [(one["start"], one["end"]) for (one,) in found] == [
        (start.timestamp(), (start + hour).timestamp()) for start in starts
    ]


TEXTS = {
    "nasty": NASTY,
    "escapes": "S:\\Notulen, \\n; \"a\" 'b'",
    "long": "é" * 200,
    "emoji": "👩🏽‍🏫" * 30,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_it_reads_every_text_as_it_was(read, text):
    ((one,),) = read(ics.request(event(summary=text, location=text, description=f"{text}\n{text}")))

    assert (one["summary"], one["location"], one["description"]) == (text, text, f"{text}\n{text}")


def test_it_reads_every_sort_of_part(read):
    asked = event(sequence=3)
    gone = ics.cancel(event(sequence=4, cancelled=True))
    feed = ics.feed("Mijn training", [feed_event()], source_url="https://b.example/a.ics")

    (request,), (cancel,), (entry,), (saved,) = read(ics.request(asked), gone, feed, ics.download([feed_event()]))

    assert (request["method"], request["sequence"], request["attendees"]) == ("REQUEST", 3, 1)
    assert (cancel["method"], cancel["sequence"], cancel["uid"]) == ("CANCEL", 4, request["uid"])
    assert (entry["method"], entry["attendees"]) == (saved["method"], saved["attendees"]) == (None, 0)
