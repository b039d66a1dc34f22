"""A private Postfix and a private Dovecot on loopback, in one folder, gone with the test.

Postfix relays: our own domain to Dovecot over LMTP, `*.test` to a server that misbehaves, the rest is thrown
away, unless somebody names where it goes on to.
Postfix's master wants root; without it the tests that need it are skipped.
"""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.machine import program

PASSWORD = "a password of the tests"
START_SECONDS = 20

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = relay.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
recipient_delimiter = +
transport_maps = inline:{{ vitale.example=lmtp:inet:127.0.0.1:{lmtp} gemeente.test=smtp:[127.0.0.1]:{chaos} }}
default_transport = {onward}
relay_transport = {onward}
smtp_dns_support_level = disabled
maximal_queue_lifetime = 0
bounce_queue_lifetime = 0
smtp_connect_timeout = 5s
"""
MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
DOVECOT = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_username_format = %n
recipient_delimiter = +
mail_location = maildir:{folder}/mail/%n
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@vitale.example
}}
"""


@dataclass(frozen=True)
class MailServers:
    """The ports of the running servers."""

    folder: Path
    smtp: int
    imap: int
    chaos: int

    def inbox(self, user: str = "training") -> str:
        return f"imap://{user}@127.0.0.1:{self.imap}/INBOX"

    def mails(self, user: str) -> list[bytes]:
        """Return what lies in somebody's mailbox, as it is on disk."""
        folder = self.folder / "mail" / user / "new"
        return [path.read_bytes() for path in sorted(folder.glob("*"))] if folder.exists() else []


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def postfix(folder: Path, *, lmtp: int, chaos: int, onward: str = "discard:") -> Iterator[int]:
    """Run Postfix and give its port."""
    smtp = free_port()
    config = folder / "postfix"
    for made in (config, folder / "queue", folder / "data"):
        made.mkdir(parents=True, exist_ok=True)
    shutil.chown(folder / "data", "postfix")
    values = {"folder": folder, "smtp": smtp, "lmtp": lmtp, "chaos": chaos, "onward": onward}
    (config / "main.cf").write_text(MAIN.format(**values))
    (config / "master.cf").write_text(MASTER.format(**values))
    command = [str(program("postfix")), "-c", str(config)]
    subprocess.run([*command, "start"], check=True, capture_output=True)
    try:
        wait_until_open(smtp, folder / "postfix.log")
        yield smtp
    finally:
        subprocess.run([*command, "stop"], check=False, capture_output=True)


@contextmanager
def dovecot(folder: Path) -> Iterator[tuple[int, int]]:
    """Run Dovecot and give its IMAP and LMTP ports."""
    imap, lmtp = free_port(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    mail = folder / "mail"
    mail.mkdir()
    shutil.chown(mail, "nobody", "nogroup")
    values = {"folder": folder, "imap": imap, "lmtp": lmtp, "password": PASSWORD.replace(" ", "_")}
    ids = {"uid": "nobody", "gid": "nogroup", "user": "nobody", "group": "nogroup"}
    (folder / "dovecot.conf").write_text(DOVECOT.format(**values, **ids))
    with subprocess.Popen([str(program("dovecot")), "-F", "-c", str(folder / "dovecot.conf")]) as server:
        try:
            wait_until_open(imap, folder / "dovecot.log")
            yield imap, lmtp
        finally:
            server.terminate()


@contextmanager
def mail_servers(*, chaos: int) -> Iterator[MailServers]:
    """Run both; Postfix hands our own mail to Dovecot.

    Not in pytest's own folder: that is closed for the users as which the servers run.
    """
    with tempfile.TemporaryDirectory(prefix="vitale-mail-") as made:
        folder = Path(made)
        folder.chmod(0o711)
        with dovecot(folder) as (imap, lmtp), postfix(folder, lmtp=lmtp, chaos=chaos) as smtp:
            yield MailServers(folder, smtp, imap, chaos)


def wait_until_open(port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            assert time.monotonic() < until, log.read_text() if log.exists() else "no log"
            time.sleep(0.05)
