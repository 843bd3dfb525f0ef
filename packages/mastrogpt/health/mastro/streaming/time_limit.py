"""How long an activation may still take."""

import math
import os
import time

# Kept back from the activation's time limit, to send what waits and to return.
CLOSING_TIME_S = 2.0


def time_limits() -> tuple[float, float]:
    """Return when to cut the reply and when to leave, on the monotonic clock, before the runtime ends us.

    Source: openserverless-runtimes, which sets __OW_DEADLINE in milliseconds since 1970.
    """
    deadline_ms = os.environ.get("__OW_DEADLINE", "")
    if not deadline_ms.isdecimal():
        return math.inf, math.inf
    left_s = int(deadline_ms) / 1000 - time.time()
    closing_s = min(CLOSING_TIME_S, max(0.0, left_s) / 2)
    end = time.monotonic() + left_s
    return end - closing_s, end - closing_s / 4
