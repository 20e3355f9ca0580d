"""A client disconnects and comes back: the expected rows of the table."""

from __future__ import annotations

from faulty.table import Row

HALF_A_BODY = Row("the client hangs up within its request, and comes back", 1, 1, 1, "the video")
TIMED_OUT = Row("the client's time-out is shorter than Runway's answer", 1, 1, 1, "the video, on try 2")
TIMED_OUT_TWICE = Row("the client's time-out passes twice", 1, 1, 1, "the video, on try 3")
JOINED = Row("it hangs up and comes back twice while Runway works", 1, 1, 1, "the video")
KEPT = Row("it hangs up while Runway works, and comes back after the answer", 1, 1, 1, "the video")
THIRD = Row("ten seconds after its video it asks once more, with a retry mark", 2, 2, 2, "a second video")
RESET = Row("over HTTP/2 it resets its stream, and comes back", 1, 1, 1, "the video")
STOPPED = Row(
    "the proxy stands still (SIGSTOP) while Runway answers and the client gives up",
    *(1, 1, 1),
    "the video, on try 2",
)
HALF_OPEN = Row("its connection is lost without a sign, and it comes back at once", 1, 1, 1, "the video")
REFUSED_TWIN = Row("one of two equal creates is refused, and comes back", 2, 2, 2, "a video each")
CURL = Row(
    "Runway's answer is lost, and the client is `curl --retry 3`",
    *(1, 1, 0),
    "`502` outcome_unknown, 4 tries",
)
INSISTS = Row("Runway's answer is lost, and it insists with a new Idempotency-Key", 2, 2, 1, "a second video")
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
    *(RESET, STOPPED, HALF_OPEN, LOST, CURL, INSISTS, REFUSED, REFUSED_TWIN, SAME_KEY, OTHER_BODY),
)
