"""Between the service and the flow: what becomes of a download that the file store does not give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NoReturn

import pytest
from mitmproxy import connection, flow, http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons

import runway
from runway_addon import reload_state
from runway_videos.service import Service
from unit.addon.admission_harness import error_of, form, own
from unit.addon.flow_harness import flow_of, response
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop

pytestmark = pytest.mark.dependencies

LINK = "https://files.example/v.mp4?Signature=hush"


@pytest.fixture(autouse=True)
def _proxy() -> Iterator[None]:
    with taddons.context(Proxyserver()):
        yield


def addon_of(harness: ServiceHarness) -> runway.RunwayAddon:
    addon = runway.RunwayAddon()
    addon.use(harness.settings, harness.service)
    addon.opened.set()
    return addon


async def asked(addon: runway.RunwayAddon, method: str, path: str) -> http.HTTPFlow:
    """A video call of the local user's, up to what the service made of it."""
    found = flow_of(method, f"/v1/videos{path}")
    addon.requestheaders(found)
    await addon.request(found)
    return found


async def download(harness: ServiceHarness, addon: runway.RunwayAddon) -> tuple[str, http.HTTPFlow]:
    video_id = await harness.create()
    harness.set(status="SUCCEEDED", output=[LINK])
    found = await asked(addon, "GET", f"/{video_id}/content")
    assert found.request.host == "files.example"
    assert "hush" not in str(found.get_state())
    return video_id, found


@in_a_loop
async def test_a_call_counts_as_unanswered_until_it_is_answered_or_its_client_has_gone() -> None:
    addon = addon_of(ServiceHarness())
    before = addon.video_calls.unanswered()
    for end in (addon.request, addon.error):
        found = flow_of("GET", "/v1/videos/video_rwx")
        addon.requestheaders(found)
        assert addon.video_calls.unanswered() == before + 1
        if (waiting := end(found)) is not None:
            await waiting
        assert addon.video_calls.unanswered() == before


@pytest.mark.parametrize(("status", "probes"), [(403, 2), (500, 2), (302, 2), (416, 1), (206, 1)])
@in_a_loop
async def test_a_link_that_does_not_give_the_video_is_not_used_again(status: int, probes: int) -> None:
    harness = ServiceHarness(sandbox=True)
    addon = addon_of(harness)
    video_id, found = await download(harness, addon)
    found.response = response(status, b"bytes", {"content-range": "bytes */5"})
    addon.responseheaders(found)
    addon.response(found)
    assert found.response.headers["x-runway-sandbox"] == "true"
    if status == 206:
        assert found.response.content == b"bytes"
    else:
        error = json.loads(found.response.content or b"")["error"]
        expected = (416, "invalid_range") if status == 416 else (502, "content_unavailable")
        assert (found.response.status_code, error["code"]) == expected
    assert "hush" not in str(found.get_state())
    await asked(addon, "GET", f"/{video_id}/content")
    assert harness.runway.times("probe") == probes


@pytest.mark.parametrize(
    ("state", "probes"),
    [(connection.ConnectionState.OPEN, 2), (connection.ConnectionState.CLOSED, 1)],
)
@in_a_loop
async def test_only_a_break_that_is_not_the_clients_drops_the_link(
    state: connection.ConnectionState, probes: int
) -> None:
    harness = ServiceHarness()
    addon = addon_of(harness)
    video_id, found = await download(harness, addon)
    found.error = flow.Error("peer closed connection")
    found.client_conn.state = state
    addon.error(found)
    assert "hush" not in str(found.get_state())
    await asked(addon, "GET", f"/{video_id}/content")
    assert harness.runway.times("probe") == probes


def test_a_request_that_mitmproxy_does_not_let_through_is_logged_without_credentials() -> None:
    found = flow_of("GET", "/v1/videos")
    found.request.headers["authorization"] = "Bearer hush"
    found.error = flow.Error("Received invalid header name")
    addon_of(ServiceHarness()).requestheaders(found)
    assert found.response is None
    assert "hush" not in str(found.get_state())


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
def test_before_the_start_no_flow_shows_credentials_either(method: str) -> None:
    found = flow_of(method, "/v1/videos")
    found.request.headers["authorization"] = "Bearer hush"
    addon = runway.RunwayAddon()
    (addon.http_connect if method == "CONNECT" else addon.requestheaders)(found)
    assert found.response is not None
    assert found.response.status_code == 503
    assert "hush" not in str(found.get_state())


@pytest.mark.parametrize(("sandbox", "mark"), [(True, "true"), (False, None)])
@in_a_loop
async def test_errors_about_sandbox_videos_are_marked(sandbox: bool, mark: str | None) -> None:
    found = await asked(addon_of(ServiceHarness(sandbox=sandbox)), "GET", "/video_rwNone")
    assert found.response is not None
    assert found.response.status_code == 404
    assert found.response.headers.get("x-runway-sandbox") == mark


@in_a_loop
async def test_a_fault_is_answered_and_not_to_be_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    class BrokenService(Service):
        async def handle(self, call: object) -> NoReturn:
            raise ZeroDivisionError

    harness = ServiceHarness()
    harness.service = BrokenService(harness.settings)
    found = await asked(addon_of(harness), "POST", "")
    assert found.response is not None
    assert found.response.status_code == 500
    assert found.response.headers["x-should-retry"] == "false"
    assert "a fault of this proxy" in caplog.text


FALLBACK = "https://gateway.example"


async def failed(
    harness: ServiceHarness, problem: str, *, come: http.Response | None = None
) -> http.HTTPFlow:
    """A call that went on to the fallback, and how it ended there."""
    addon = addon_of(harness)
    found = own("POST", "/v1/chat?key=own")
    found.client_conn.state = connection.ConnectionState.OPEN
    reload_state.forms.note(found.request, form())
    addon.requestheaders(found)
    assert found.request.host == "gateway.example"
    found.response = come
    found.error = flow.Error(problem)
    addon.error(found)
    return found


@in_a_loop
async def test_a_fallback_that_does_not_answer_is_a_502_and_a_line(caplog: pytest.LogCaptureFixture) -> None:
    found = await failed(ServiceHarness(fallback=FALLBACK), "connection refused")
    error = error_of(found, 502)
    assert error["code"] == "fallback_unavailable"
    assert "runway_fallback" in error["message"]
    assert found.response is not None
    (line,) = caplog.messages
    assert line.startswith("failed POST /v1/chat from 127.0.0.1, 502: ")
    assert line.endswith(f"[{found.response.headers['x-request-id']}]")
    assert "key=" not in line


@pytest.mark.parametrize("case", ["killed", "streams", "web socket"])
@in_a_loop
async def test_what_has_begun_or_was_cut_off_gets_no_page_of_ours(case: str) -> None:
    come = response(101 if case == "web socket" else 200, None, {}) if case != "killed" else None
    if come is not None:
        come.stream = case == "streams"
    problem = flow.Error.KILLED_MESSAGE if case == "killed" else "peer closed connection"
    found = await failed(ServiceHarness(fallback=FALLBACK), problem, come=come)
    assert found.response is come
    assert found.error is not None
