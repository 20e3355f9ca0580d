"""A second script for mitmdump, behind the addon: the addon's longest waits, made short.

The real proxy runs with it as it is, but for these numbers; it has no option for them.
"""

from __future__ import annotations

import httpx

from runway_videos.upstream import client, poll, submit

#: Enough for a Runway on this machine that answers at all, also when it is busy.
CREATE_SECONDS = 5.0
#: For a question or a deletion; connecting comes on top.
READ_SECONDS, CONNECT_SECONDS = 2.0, 1.0
FIRST_WAIT_SECONDS = 0.05
PATIENCE_SECONDS = 2.0

submit.FIRST_WAIT_SECONDS = FIRST_WAIT_SECONDS
submit.MAX_RETRY_SECONDS = PATIENCE_SECONDS
client.CREATE_SECONDS = CREATE_SECONDS
client.READ_SECONDS = READ_SECONDS
client.CONNECT_SECONDS = CONNECT_SECONDS
client._PATIENT = httpx.Timeout(CREATE_SECONDS)
poll._WAITS = (FIRST_WAIT_SECONDS, FIRST_WAIT_SECONDS)
