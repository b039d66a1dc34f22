"""The portal as a real server in a thread of this process, and Chromium to look at it."""

import dataclasses
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import uvicorn

PICTURES = Path(__file__).parents[2] / ".cache" / "pages"
"""Where pictures of the pages are kept, to be looked at."""


@contextmanager
def serving(world):
    """Serve the pages of this world on a free port; `world.bureau.base_url` names it."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    world.bureau = dataclasses.replace(world.bureau, base_url=address)
    settings = uvicorn.Config(world.portal(), access_log=False, log_level="error", lifespan="off")
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listening.close()


@contextmanager
def chromium():
    """Start the browser of this machine."""
    from playwright.sync_api import sync_playwright

    from tests.machine import chromium as program

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def window(browser, *, width=375, height=800, dark=False, scripts=False, brings=None):
    """Open a window; pages run no script in it unless a test brings its own (`brings`: a file of one)."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        bypass_csp=scripts,
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)  # other tests share this machine
    if brings:
        context.add_init_script(path=brings)
    try:
        yield context.new_page()
    finally:
        context.close()
