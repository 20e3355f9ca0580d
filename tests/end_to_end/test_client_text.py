"""A client's control characters: none of them reaches the log as it came, at any level of detail."""

from __future__ import annotations

import re

import pytest

from asking import raw
from end_to_end.conftest import Folders, whole
from origins import Origin
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

# The bytes themselves, CR in front of the last line end too; and in UTF-8 those of the second kind.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]")
EVIL = b"\x1b[31m\x07\x9b\xc2\x9b\xc2\x85\xe2\x80\xa8\xe2\x80\xae"
LINES = [
    b"GET /a%s HTTP/1.1\r\nHost: @\r\n",
    b"GET /v1/videos/video_rw%s HTTP/1.1\r\nHost: @\r\n",
    b"GET /v1/videos?%s HTTP/1.1\r\nHost: @\r\n",
    b"GET /a\rb%s HTTP/1.1\r\nHost: @\r\n",
    b"GET http://a%s/ HTTP/1.1\r\nHost: @\r\n",
    b"%s /a HTTP/1.1\r\nHost: @\r\n",
    b"GET /a HTTP/%s\r\nHost: @\r\n",
    b"GET /a HTTP/1.1\r\nHost: @\r\nX: a\rb%s\r\n",
    b"GET /a HTTP/1.1\r\nHost: @\r\nX%s: a\r\n",
    b"GET /a HTTP/1.1\r\nHost: @\r\nno header%s\r\n",
    b"GET /a HTTP/1.1\r\nHost: a%s\r\n",
    b"GET /a HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: %s\r\n",
    b"CONNECT a%s:443 HTTP/1.1\r\nHost: @\r\n",
]


@pytest.mark.parametrize("detail", [1, 4])
def test_no_control_character_in_the_log(folder: Folders, sandbox_server: SandboxServer, detail: int) -> None:
    with Origin() as origin:
        options = {**sandbox_server.options(), "runway_fallback": origin.url, "flow_detail": detail}
        with Proxy(folder(), "-v", termlog_verbosity="debug", **options) as proxy:
            here = b"127.0.0.1:%d" % proxy.port
            for line in LINES:
                head = line.replace(b"%s", EVIL).replace(b"@", here) + b"Connection: close\r\n\r\n"
                raw(proxy.port, head)
            whole(proxy)
    log = proxy.log
    assert "Bad HTTP request line" in log
    assert "\\x9b" in log
    assert not CONTROLS.search(log), ascii(CONTROLS.findall(log))
