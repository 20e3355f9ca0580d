"""What outlives a reload of the script: mitmproxy reloads the door alone."""

from __future__ import annotations

from runway_videos.service import Service

service: Service | None = None
