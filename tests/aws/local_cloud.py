"""The local cloud, fit for tests whose clock is moved by libfaketime.

A schedule is looked at every second instead of every ten. And `time.sleep` waits in another way:
Python sleeps until a moment of the monotonic clock, which libfaketime 0.9.10 mistakes for one of the
wall clock and refuses.
"""

import os
import threading
import time

_never = threading.Event()
time.sleep = lambda seconds: _never.wait(max(0.0, seconds))

import ministack.services.scheduler as scheduler  # noqa: E402
from ministack.app import main  # noqa: E402

scheduler._SCHEDULE_TICK_INTERVAL = float(os.environ.get("SCHEDULE_TICK_SECONDS", "1"))

main()
