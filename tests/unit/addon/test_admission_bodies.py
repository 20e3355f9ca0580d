"""Bodies: what is read to answer in words, what is cut off, what is not held up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons

from runway_addon.http_layer import RequestForms
from unit.addon.admission_harness import CALLERS, ID, admission, asked, error_of, form, own


@pytest.fixture(autouse=True)
def _proxy() -> Iterator[None]:
    with taddons.context(Proxyserver()):
        yield


@pytest.mark.parametrize(
    ("length", "code", "read"),
    [
        ("1000", None, True),
        ("1001", "request_too_large", True),
        ("2000", "request_too_large", True),
        ("2001", None, False),
        ("99999999999", None, False),
    ],
)
def test_a_body_that_is_too_large(length: str, code: str | None, read: bool) -> None:
    flow = own(content_length=length)
    flow.live = True
    admitted = admission(max_body="1000").admit(flow)
    assert (admitted is not None) == (length == "1000")
    assert (flow.error is None) == read
    if code:
        assert error_of(flow, 413)["code"] == code


@pytest.mark.parametrize(
    ("headers", "peer", "killed"),
    [
        ({"content_length": "5"}, "10.0.0.9", False),
        ({"content_length": str(1 << 20)}, "10.0.0.9", False),
        ({"content_length": str((1 << 20) + 1)}, "10.0.0.9", True),
        ({"content_length": str((1 << 20) + 1)}, "127.0.0.1", True),
        ({"transfer_encoding": "chunked"}, "10.0.0.9", True),
        # A balancer on this machine is no caller either.
        ({"transfer_encoding": "chunked"}, "127.0.0.1", True),
        ({"transfer_encoding": "chunked"}, "::1", True),
    ],
)
def test_an_uninvited_body_is_not_read(
    headers: dict[str, Any], peer: str, killed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    flow = own(path="/v1/videos?key=hush", peer=peer, authorization="Bearer hush", **headers)
    flow.live = True
    assert admission(callers=CALLERS).admit(flow) is None
    assert (flow.error is not None) == killed
    assert "authorization" not in flow.request.headers
    if killed:
        assert flow.response is None
        (line,) = caplog.messages
        assert line.startswith(f"cut off POST /v1/videos from {peer}, 401: ")
        assert "hush" not in line
    else:
        assert flow.response is not None
        assert flow.response.status_code == 401
        assert caplog.messages == []


@pytest.mark.parametrize(
    ("options", "headers"),
    [({}, {}), ({"callers": CALLERS}, {"authorization": "Bearer tok_hush"})],
    ids=["the local user", "a caller"],
)
def test_whoever_is_served_is_told_what_is_wrong(options: dict[str, Any], headers: dict[str, str]) -> None:
    flow = own("PUT", transfer_encoding="chunked", **headers)
    flow.live = True
    assert admission(**options).admit(flow) is None
    assert error_of(flow, 405)["code"] == "method_not_allowed"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST"])
@pytest.mark.parametrize(("ended", "killed"), [(True, False), (False, True)])
def test_at_http_2_any_method_may_have_a_body(method: str, ended: bool, killed: bool) -> None:
    flow = own(method, f"/v1/videos/{ID}")
    flow.request.http_version = "HTTP/2.0"
    flow.live = True
    forms = RequestForms()
    forms.note(flow.request, form(ended=ended))
    assert admission(forms=forms, callers=CALLERS).admit(flow) is None
    assert (flow.error is not None) == killed
    assert (flow.response is None) == killed


@pytest.mark.parametrize(
    ("headers", "streamed"),
    [
        ({"content_length": "5"}, False),
        ({"content_length": str((1 << 20) + 1)}, True),
        ({"transfer_encoding": "chunked"}, True),
        ({}, False),
    ],
)
def test_other_traffic_is_not_held_up(headers: dict[str, Any], streamed: bool) -> None:
    flow = asked(path="/v1/files", **headers)
    admission().admit(flow)
    assert bool(flow.request.stream) is streamed
