"""Who gets the proxy's own pages: those to whom video calls are served, and nothing of theirs goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons

from unit.addon.admission_harness import CALLERS, admission, asked, error_of, own

PATHS = ("/", "/?x=1", "/videos", "/api/v1/videos", "/api/providers")
TOKEN = "Bearer tok_hush"


@pytest.fixture(autouse=True)
def _proxy() -> Iterator[None]:
    with taddons.context(Proxyserver()):
        yield


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("options", "headers", "status"),
    [
        ({}, {}, None),
        ({}, {"x_forwarded_for": "10.0.0.9"}, 403),
        ({}, {"peer": "10.0.0.9"}, 403),
        ({"callers": CALLERS}, {}, 401),
        ({"callers": CALLERS}, {"authorization": TOKEN}, None),
        ({"callers": CALLERS, "forward": True}, {"authorization": TOKEN}, None),
    ],
)
def test_they_are_for_whom_videos_are(
    path: str, options: dict[str, Any], headers: dict[str, str], status: int | None
) -> None:
    flow = own("GET", path, **headers)
    assert admission(**options).admit(flow) is None
    assert flow.request.host == "127.0.0.1"
    if (status is None and path.startswith("/?")) or (path == "/" and status is None):
        assert flow.response is not None
        assert flow.response.status_code == 200
        assert b"Base URL" in (flow.response.content or b"")
        assert "hush" not in str(flow.get_state())
    else:
        error_of(flow, status or 404)


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
def test_a_runway_key_never_goes_to_the_fallback(method: str) -> None:
    flow = own(method, "/api/providers/1")
    assert admission(fallback="https://gateway.example").admit(flow) is None
    assert error_of(flow, 404)["code"] == "admin_not_configured"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("mode", ["reverse:https://gateway.example", "regular"])
def test_elsewhere_these_paths_are_somebody_elses(path: str, mode: str) -> None:
    flow = asked("GET", path, mode=mode)
    assert admission().admit(flow) is None
    assert flow.response is None
    assert flow.request.path == path


def test_a_misspelt_path_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    admission().admit(own("POST", "/v1/video"))
    assert any("call refused, 404: There is no /v1/video here" in line for line in caplog.messages)
