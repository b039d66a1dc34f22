"""A worker that delivers a long queue; prints how large it was after a tenth and at its largest, in MB."""

import asyncio
import sys
from pathlib import Path

from queue_of_mails import BUREAU, NOW

from vitale_core.adapters.journal import SendJournal
from vitale_core.adapters.smtp import SmtpServer
from vitale_core.steps.post.rounds import deliver_due
from vitale_core.store.database import open_database


def megabytes(what: str) -> float:
    """Return a line of /proc: VmRSS is now, VmHWM the most since this program began (getrusage counts its parent)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


class Early(SendJournal):
    """Looks at the size of this process when so many lines were written."""

    after = 0
    megabytes = 0.0

    def write(self, entries, now):
        entries = list(entries)
        super().write(entries, now)
        self.after -= len(entries)
        if self.after <= 0 and not self.megabytes:
            self.megabytes = megabytes("VmRSS")


def main(url: str, folder: Path, port: int, count: int) -> None:
    journal = Early(folder, "memory")
    journal.after = 2 * count // 10  # a mail has two lines
    report = asyncio.run(
        deliver_due(
            open_database(url),
            server=SmtpServer(host="127.0.0.1", port=port),
            letters=None,  # all bytes are made
            journal=journal,
            now=lambda: NOW,
            bureau=BUREAU,
        )
    )
    assert report.sent == count, report
    print(journal.megabytes, megabytes("VmHWM"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
