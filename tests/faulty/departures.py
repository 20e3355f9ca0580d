"""A client disconnects and comes back: the expected rows of the table."""

from __future__ import annotations

from faulty.table import Row

HALF_A_BODY = Row("the client hangs up within its request, and comes back", 1, 1, 1, "the video")
TIMED_OUT = Row("the client's time-out is shorter than Runway's answer", 1, 1, 1, "the video, on try 2")
TIMED_OUT_TWICE = Row("the client's time-out passes twice", 1, 1, 1, "the video, on try 3")
JOINED = Row("it hangs up and comes back twice while Runway works", 1, 1, 1, "the video")
KEPT = Row("it hangs up while Runway works, and comes back after the answer", 1, 1, 1, "the video")
THIRD = Row("with its video it asks once more, with a retry mark", 2, 2, 2, "a second video")
UNMARKED = Row("it hangs up, and asks again without a retry mark", 2, 2, 1, "a second video")
UPLOADING = Row("it hangs up while its file is uploaded, and comes back", 1, 1, 1, "the video")
LOST = Row(
    "it hangs up, Runway's answer is lost, and it comes back",
    *(1, 1, 0),
    "`502` outcome_unknown, not sent again",
)
REFUSED = Row("it hangs up, Runway refuses, and it comes back", 1, 1, 1, "the video")
SAME_KEY = Row("Idempotency-Key: three times, once while the first runs", 1, 1, 1, "the video, each time")
OTHER_BODY = Row("Idempotency-Key: with another body", 1, 1, 1, "`409` idempotency_key_reuse, not sent again")

ALL = (
    *(HALF_A_BODY, TIMED_OUT, TIMED_OUT_TWICE, JOINED, KEPT, THIRD, UNMARKED, UPLOADING),
    *(LOST, REFUSED, SAME_KEY, OTHER_BODY),
)
