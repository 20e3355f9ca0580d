"""Debug lines that nobody sees are not made.

mitmproxy's root logger takes lines of all levels, and tells each to every addon (`add_log`) whether
or not a log shows it: the line with a create's body cost more than its translation.
"""

from __future__ import annotations

import logging

from mitmproxy.log import LegacyLogEvents

from runway_videos.logs import log


def follow_handlers() -> None:
    """Debug lines are made where a handler shows them: `termlog_verbosity: debug`, mitmweb's event log."""
    shown = any(
        handler.level <= logging.DEBUG
        for handler in logging.getLogger().handlers
        if not isinstance(handler, LegacyLogEvents)
    )
    log.setLevel(logging.NOTSET if shown else logging.INFO)
