"""The local cloud, fit for tests whose clock is moved by libfaketime.

A schedule is looked at every second instead of every ten. And `time.sleep` waits in another way:
Python sleeps until a moment of the monotonic clock, which libfaketime 0.9.10 mistakes for one of the
wall clock and refuses. And a function's last lines of log are waited for by a clock that never stands still.
"""

import os
import queue
import threading
import time

_never = threading.Event()
time.sleep = lambda seconds: _never.wait(max(0.0, seconds))

import ministack.core.lambda_runtime as lambda_runtime  # noqa: E402
import ministack.services.scheduler as scheduler  # noqa: E402
from ministack.app import main  # noqa: E402

scheduler._SCHEDULE_TICK_INTERVAL = float(os.environ.get("SCHEDULE_TICK_SECONDS", "1"))


def _last_lines(worker, first_line_wait=0.005, **_):
    try:
        first = worker._stderr_queue.get(timeout=first_line_wait)
    except queue.Empty:
        return ""
    return "\n".join(filter(None, [first, worker._drain_stderr()]))


lambda_runtime.Worker._drain_stderr_bounded = _last_lines

main()
