"""What clients sent, in mitmproxy's own log lines: no control character, and nothing that may be a secret."""

from __future__ import annotations

import logging
import re
from typing import TextIO

from mitmproxy import ctx

from runway_videos.logs import escaped

# All that mitmproxy's protocol layers say comes through this one.
_LOGGER = "mitmproxy.proxy.server"
_LONGEST_LINE = 4096
# A request that is not understood is shown as it came, with the client's token in it.
_BYTES = re.compile(r"\bb(['\"]).*", re.DOTALL)
# mitmproxy escapes the first 32 itself, and prints colours and lines with them. These control
# terminals too, end lines, or change the direction of text.
_UNSAFE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def clean(record: logging.LogRecord) -> bool:
    """A log filter: cuts the bytes off that a client sent, and escapes the rest. Lets all through."""
    record.msg, record.args = escaped(_BYTES.sub("(not shown)", record.getMessage()), _LONGEST_LINE), None
    return True


class EscapingStream:
    """Where mitmdump prints its flows: with the characters escaped that mitmproxy does not escape."""

    def __init__(self, below: TextIO) -> None:
        self._below = below

    def write(self, text: str) -> int:
        return self._below.write(_UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text))

    def flush(self) -> None:
        self._below.flush()


def install() -> None:
    """Does so with all that mitmproxy logs and prints; a second time it changes nothing."""
    logging.getLogger(_LOGGER).addFilter(clean)
    dumper = ctx.master.addons.get("dumper")
    if dumper is not None and not isinstance(dumper.outfp, EscapingStream):
        dumper.outfp = EscapingStream(dumper.outfp)
