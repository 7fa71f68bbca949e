"""Bounded waiting: every wait of a test names what it waits for and ends by a deadline."""

import time

#: How long a test waits for something that should come at once. Generous: sanitizer builds on a busy machine are slow.
PATIENCE = 30.0


class TimedOut(AssertionError):
    """What a test waited for did not come."""


def wait_until(condition, what, seconds=PATIENCE):
    """Calls `condition` until it yields something true, and returns that."""
    deadline = time.monotonic() + seconds
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimedOut(f"waited {seconds:g} s for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
