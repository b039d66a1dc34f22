"""The real Thunderbird on a screen that nobody sees, driven through Marionette, its own remote control.

Everything stays in one folder and on this machine: a profile of its own, mail from files, sending to a port on
loopback. What a person does with the mouse is done by pressing the same buttons.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ALONE = ("--remote-allow-system-access", "--no-remote")
READY_SECONDS = 90
SCRIPT_MILLISECONDS = 30_000

PREFERENCES: dict[str, str | int | bool] = {
    # One account without a server, with one identity that sends to us.
    "mail.accountmanager.accounts": "account1",
    "mail.accountmanager.defaultaccount": "account1",
    "mail.accountmanager.localfoldersserver": "server1",
    "mail.account.account1.server": "server1",
    "mail.account.account1.identities": "id1",
    "mail.server.server1.type": "none",
    "mail.server.server1.hostname": "Local Folders",
    "mail.server.server1.userName": "nobody",
    "mail.server.server1.name": "Local Folders",
    "mail.server.server1.directory-rel": "[ProfD]Mail/Local Folders",
    "mail.identity.id1.fullName": "Noor Dijkstra",
    "mail.identity.id1.smtpServer": "smtp1",
    "mail.identity.id1.valid": True,
    "mail.identity.id1.doFcc": False,
    "mail.smtpservers": "smtp1",
    "mail.smtp.defaultserver": "smtp1",
    "mail.smtpserver.smtp1.type": "smtp",
    "mail.smtpserver.smtp1.hostname": "127.0.0.1",
    "mail.smtpserver.smtp1.authMethod": 1,  # none
    "mail.smtpserver.smtp1.try_ssl": 0,
    "calendar.timezone.local": "Europe/Amsterdam",
    "calendar.timezone.useSystemTimezone": False,
    # Nothing of its own: no news, no updates, no questions at the first start.
    "app.update.enabled": False,
    "app.update.disabledForTesting": True,
    "app.donation.eoy.version.viewed": 999,
    "browser.policies.runOncePerModification.extensionsInstall": "",
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "extensions.update.enabled": False,
    "mail.chat.enabled": False,
    "mail.inappnotifications.enabled": False,
    "mail.provider.enabled": False,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.winsearch.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}


class Thunderbird:
    """A Thunderbird that runs; `run` asks it something in its own JavaScript."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""
        self._number = 0
        self._read()  # it introduces itself
        self.command("WebDriver:NewSession", {})
        self.command("Marionette:SetContext", {"value": "chrome"})
        self.command("WebDriver:SetTimeouts", {"script": SCRIPT_MILLISECONDS})

    def run(self, script: str, *given: Any) -> Any:
        """Run JavaScript with the rights of the program; `await` may be used, `return` gives the answer."""
        body = (
            "const [...args] = arguments; const done = args.pop();"
            f"(async () => {{ {PRELUDE} {script} }})()"
            ".then(r => done({r: r ?? null}), e => done({e: `${e} ${e.stack}`}));"
        )
        asked = {"script": body, "args": list(given), "newSandbox": False}
        found = self.command("WebDriver:ExecuteAsyncScript", asked)["value"]
        if "e" in found:
            raise RuntimeError(found["e"])
        return found["r"]

    def enable_calendar(self) -> None:
        """Let the calendar that is there take invitations for the one identity, as its owner does in its settings."""
        self.run(
            'const [home] = cal.manager.getCalendars(); home.setProperty("disabled", false);'
            'home.setProperty("imip.identity.key", "id1");'
        )

    def show(self, mail: bytes) -> tuple[str, set[str]]:
        """Receive a mail and open it; return what the bar above it says, and which buttons it offers."""
        said, buttons = self.run(SHOW, mail.decode("latin-1"))
        return said, set(buttons)

    def press(self, button: str) -> None:
        """Press a button of the bar; raises RuntimeError when it is not offered."""
        self.run(PRESS, button)

    def entries(self) -> list[dict[str, Any]]:
        """Return what stands in the calendar."""
        found: list[dict[str, Any]] = self.run(ENTRIES)
        return found

    def command(self, name: str, parameters: dict[str, Any]) -> Any:
        """Send one command of the protocol and return its result."""
        self._number += 1
        text = json.dumps([0, self._number, name, parameters]).encode()
        self._connection.sendall(str(len(text)).encode() + b":" + text)
        _kind, _number, error, result = self._read()
        if error:
            raise RuntimeError(f"{name}: {error['error']}: {error['message']}")
        return result

    def _read(self) -> Any:
        while b":" not in self._received:
            self._more()
        length, _, rest = self._received.partition(b":")
        while len(rest) < int(length):
            self._more()
            length, _, rest = self._received.partition(b":")
        self._received = rest[int(length) :]
        return json.loads(rest[: int(length)])

    def _more(self) -> None:
        octets = self._connection.recv(65536)
        if not octets:
            raise RuntimeError("Thunderbird hung up")
        self._received += octets


PRELUDE = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
const win = Services.wm.getMostRecentWindow("mail:3pane");
const until = async (what, seconds = 20) => {
  for (let n = 0; n < seconds * 20; n++) {
    const found = await what();
    if (found) return found;
    await new Promise(r => win.setTimeout(r, 50));
  }
  return null;
};
"""


SHOW = """
const [raw] = args;
const root = MailServices.accounts.localFoldersServer.rootFolder.QueryInterface(Ci.nsIMsgLocalMailFolder);
const folder = root.containsChildNamed("Post") ? root.getChildNamed("Post") : root.createLocalSubfolder("Post");
const mail = folder.QueryInterface(Ci.nsIMsgLocalMailFolder).addMessage(raw);
const about = win.document.getElementById("tabmail").currentAbout3Pane;
about.displayFolder(folder.URI);
await until(() => about.gFolder == folder && about.gDBView?.rowCount >= folder.getTotalMessages(false));
about.selectMessage(mail);
const shown = about.messageBrowser.contentWindow;
const bar = () => shown.document.getElementById("imip-bar");
const offered = () => [...shown.document.querySelectorAll("#imip-view-toolbar toolbarbutton")]
  .filter(button => button.id && !button.hidden && button.id != "imipMoreButton").map(button => button.id);
await until(() => shown.gMessage == mail && bar() && !bar().collapsed && offered().length);
// It looks in the calendar before it knows what to offer: wait until it has made up its mind.
for (let before = "", calm = 0; calm < 15; await new Promise(r => win.setTimeout(r, 100))) {
  const now = offered().join();
  calm = now && now == before ? calm + 1 : 0;
  before = now;
}
return [bar()?.getAttribute("label") ?? "", offered()];
"""

PRESS = """
const [id] = args;
const shown = win.document.getElementById("tabmail").currentAbout3Pane.messageBrowser.contentWindow;
const button = shown.document.getElementById(id);
if (!button || button.hidden) throw new Error(`no button ${id}`);
button.doCommand();
"""

ENTRIES = """
const [home] = cal.manager.getCalendars();
const found = await home.getItemsAsArray(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
return found.map(item => ({
  uid: item.id, summary: item.title, location: item.getProperty("LOCATION"), sequence: item.getProperty("SEQUENCE"),
  start: item.startDate.getInTimezone(cal.dtz.UTC).icalString,
  end: item.endDate.getInTimezone(cal.dtz.UTC).icalString,
  answers: item.getAttendees().map(attendee => attendee.participationStatus),
}));
"""


@contextmanager
def running(folder: Path, *, address: str, smtp_port: int) -> Iterator[Thunderbird]:
    """Start Thunderbird for this address on a screen of its own; everything ends with it."""
    profile = folder / "profile"
    profile.mkdir(parents=True)
    port, display = free_port(), f":{90 + os.getpid() % 900}"
    told = PREFERENCES | {
        "mail.identity.id1.useremail": address,
        "mail.smtpserver.smtp1.port": smtp_port,
        "marionette.port": port,
    }
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in told.items()]
    (profile / "user.js").write_text("\n".join(lines) + "\n", encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "DISPLAY": display, "TZ": "Europe/Amsterdam", "LANG": "C.UTF-8",
        "MOZ_CRASHREPORTER_DISABLE": "1", "MOZ_DISABLE_CONTENT_SANDBOX": "1", "MOZ_ENABLE_WAYLAND": "0",
    }  # fmt: skip
    size = ["-screen", "0", "1280x900x24"]
    screen = subprocess.Popen(["Xvfb", display, *size, "-nolisten", "tcp"], stderr=subprocess.DEVNULL)
    program = None
    try:
        with (folder / "thunderbird.log").open("wb") as log:
            program = subprocess.Popen(
                ["thunderbird", "--marionette", *ALONE, "--profile", str(profile)],
                env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        with _connected(port) as connection:
            yield Thunderbird(connection)
    finally:
        if program is not None:
            _end(program)
        _end(screen)
        shutil.rmtree(profile, ignore_errors=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _connected(port: int) -> socket.socket:
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=READY_SECONDS)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def free_port() -> int:
    """Return a port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
