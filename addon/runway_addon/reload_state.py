"""What outlives a reload of the script: mitmproxy reloads the door alone."""

from __future__ import annotations

import weakref

from mitmproxy import http

from runway_addon import body_limit, listening
from runway_addon.downloads import Fetch
from runway_videos.service import Service

service: Service | None = None

#: Downloads whose first bytes have not come yet.
downloads: weakref.WeakKeyDictionary[http.HTTPFlow, Fetch] = weakref.WeakKeyDictionary()

#: Bodies of video calls in flight.
bodies = body_limit.BodyLimits(body_limit.layer_of, listening.cut_off, body_limit.soon)
