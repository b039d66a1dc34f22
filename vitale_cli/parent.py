"""A child process that does not outlive its parent.

The parent keeps the writing end of a pipe open and never writes. When it ends, also by a crash or `kill -9`, the
system closes that end, and the child reads the end of its standard input.
"""

import os
import signal
import sys
import threading


def stop_with_parent() -> None:
    """End this process the orderly way (SIGTERM) when the parent is gone."""
    threading.Thread(target=_wait_for_the_end, name="parent", daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
