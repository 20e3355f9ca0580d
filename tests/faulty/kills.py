"""The proxy is killed with -9 and started again: the expected rows of the table."""

from __future__ import annotations

from faulty.table import Row

HEAD = ("The proxy is killed with -9", "asked", "tasks made", "videos got", "What stays ambiguous")

BEFORE = Row("before the create is sent to Runway; the client asks again", 1, 0 + 1, 1, "nothing")
DURING = Row(
    "after it was sent, before Runway's answer; the client gets no answer",
    *(1, 1, 0),
    "whether there is a task: Runway's dashboard shows it, no log names it. **A client that asks again, "
    "as the stock ones do by themselves, makes a second one** once the proxy is back",
)
ANSWERED = Row("when its answer has left, before the client reads it", 1, 1, 1, "nothing")
CREATED = Row("between the create and the first question", 1, 1, 1, "nothing; `prompt` is null from then on")
DOWNLOADING = Row("while the video is downloaded; the client resumes", 1, 1, 1, "nothing")
DELETING = Row(
    "while the video is deleted; the client asks again",
    *(1, 1, 1),
    "whether it was deleted by this: the client gets a `404`",
)
BALANCED = Row(
    "one of two behind HAProxy, after the create was sent",
    *(1, 1, 0),
    "whether there is a task; the client gets a `502` and does not try again",
)

ALL = (BEFORE, DURING, BALANCED, ANSWERED, CREATED, DOWNLOADING, DELETING)
