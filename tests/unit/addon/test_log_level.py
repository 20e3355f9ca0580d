"""Debug lines that nobody sees are not made."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from mitmproxy.addons.termlog import TermLogHandler
from mitmproxy.log import LegacyLogEvents
from mitmproxy.test import taddons

from runway_addon import log_level
from runway_videos.logs import log


@contextmanager
def handlers(*those: logging.Handler) -> Iterator[list[logging.Handler]]:
    """The root logger's, which takes lines of all levels, as mitmproxy's does."""
    root, before = logging.getLogger(), log.level
    kept, level = root.handlers, root.level
    root.handlers = list(those)
    root.setLevel(logging.DEBUG)
    try:
        yield root.handlers
    finally:
        root.handlers = kept
        root.setLevel(level)
        log.setLevel(before)


@pytest.mark.parametrize(("level", "made"), [("DEBUG", True), ("INFO", False), ("ERROR", False)])
def test_they_are_made_where_the_log_shows_them(level: str, made: bool) -> None:
    with taddons.context() as context:
        shown = TermLogHandler()
        shown.setLevel(level)
        with handlers(shown, LegacyLogEvents(context.master)):
            log_level.follow_handlers()
            assert log.isEnabledFor(logging.DEBUG) is made
            assert log.isEnabledFor(logging.INFO)


def test_a_handler_of_any_level_gets_them() -> None:
    with handlers() as those:
        log_level.follow_handlers()
        assert not log.isEnabledFor(logging.DEBUG)
        those.append(logging.NullHandler())  # as mitmweb's event log
        log_level.follow_handlers()
        assert log.isEnabledFor(logging.DEBUG)
