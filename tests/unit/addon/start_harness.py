"""mitmdump's start, up to the addon's `load`, without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from mitmproxy import options as mitmproxy_options
from mitmproxy.addonmanager import Loader
from mitmproxy.tools import cmdline
from mitmproxy.tools.dump import DumpMaster
from mitmproxy.tools.main import process_options

from authority import put_authority
from runway_addon.options import AddonOptions
from runway_videos.config.conf_file import ConfigError

SECRET = "key_hush"


class Start:
    """Starts as often as it is called, each time from nothing."""

    def __init__(self, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        self.folder = folder
        put_authority(folder)
        self.file = folder / "mitm.conf"
        self.loop = loop
        self.environment = {"TEAM_A": SECRET}
        self.listens: bool | None = None
        self.addons: tuple[object, ...] = ()  # others that are there already

    def __call__(self, conf: str | None = None, *arguments: str) -> mitmproxy_options.Options:
        """With a file in the working directory and a command line."""
        if conf is not None:
            self.file.write_text(conf)
        argv = ["--set", f"confdir={self.folder}", *arguments]
        self.options = AddonOptions(argv, self.environment)
        found = mitmproxy_options.Options()
        self.master = DumpMaster(found, self.loop, with_termlog=False)
        self.master.addons.add(*self.addons)
        parser = cmdline.mitmdump(found)
        args = parser.parse_args(argv)
        found.set(*args.setoptions, defer=True)
        process_options(parser, found, args)
        self.load()
        return found

    def load(self) -> None:
        """As mitmproxy does at the start and after every change of the script."""
        self.listens = self.options.load(Loader(self.master), (self.folder, self.folder / "beside"))


def error_of(act: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        act()
    message = str(caught.value)
    assert message.isprintable()
    return message
