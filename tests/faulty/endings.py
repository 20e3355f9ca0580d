"""What happens when the proxy is told to end (SIGTERM): the lines that must come of it."""

from __future__ import annotations

from faulty.table import Row

WAITS = Row("the client waits, and Runway answers within 20 s", 1, 1, 1, "the video")
COMES_BACK = Row("the client left before, and comes back while its create runs", 1, 1, 1, "the video")
LINGERS = Row("the client left before, and comes back within 10 s after the answer", 1, 1, 1, "the video")
TOO_LONG = Row(
    "the client waits, and Runway does not answer within 20 s",
    *(1, 1, 0),
    "`502` outcome_unknown, not sent again",
)

ALL = (WAITS, COMES_BACK, LINGERS, TOO_LONG)
