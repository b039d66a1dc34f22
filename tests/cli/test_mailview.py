"""The pages of the embedded mailbox: what their reader sees is Dutch, and in Dutch time."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from vitale_cli import mailview

MAIL = b"""From: a@vitale.example\r
To: noor@ede.example\r
Delivered-To: noor@ede.example\r
X-Vitale-Kind: %b\r
Subject: Je hebt een plek\r
Date: Tue, 12 Jan 2027 10:10:00 +0000\r
\r
Dag Noor\r
"""


async def text_of(application, path):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://post") as client:
        return (await client.get(path)).text


@pytest.fixture
def pages(tmp_path):
    """Open a page of a mailbox with one mail of this kind."""

    def opened(kind, path="/post"):
        (tmp_path / "new").mkdir(exist_ok=True)
        (tmp_path / "new" / "1").write_bytes(MAIL % kind)
        return asyncio.run(text_of(Starlette(routes=mailview.routes(tmp_path)), path))

    return opened


def test_a_mail_is_named_in_dutch_and_at_the_hour_it_arrived_here(pages):
    for page in (pages(b"seat_confirmed"), pages(b"seat_confirmed", "/post/1")):
        assert "12-01-2027 11:10" in page
        assert "plaatsing" in page
        assert "seat_confirmed" not in page


def test_a_mail_of_another_program_has_no_name_of_ours(pages):
    assert "Je hebt een plek" in pages(b"newsletter")


def test_an_empty_mailbox_says_so(tmp_path):
    page = asyncio.run(text_of(Starlette(routes=mailview.routes(tmp_path)), "/post"))

    assert "Er is nog geen mail." in page
    assert "<table>" not in page
