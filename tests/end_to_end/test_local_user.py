"""Without runway_callers only the local user is served: no balancer, no web page, no neighbour."""

from __future__ import annotations

import httpx
import pytest

from asking import error_of, finished
from origins import Origin
from sandbox_server import SandboxServer

RELAYED = [
    ("Forwarded", "for=192.0.2.1"),
    ("X-Forwarded-For", "192.0.2.1"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "a.example"),
    ("X-Real-IP", "192.0.2.1"),
    ("Via", "1.1 balancer"),
    ("Origin", "https://a.example"),
    ("Origin", "null"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Site", "same-site"),
]


@pytest.mark.parametrize(("name", "value"), RELAYED, ids=[f"{name}: {value}" for name, value in RELAYED])
def test_signs_of_somebody_else(
    direct: httpx.Client, sandbox_server: SandboxServer, name: str, value: str
) -> None:
    video = direct.post("/v1/videos", json={"prompt": "the local user's"}).json()["id"]
    before = sandbox_server.made(), len(sandbox_server.seen("GET", "/v1/tasks/"))
    calls = [
        ("POST", "/v1/videos"),
        ("GET", "/v1/videos"),
        ("GET", f"/v1/videos/{video}"),
        ("GET", f"/v1/videos/{video}/content"),
        ("DELETE", f"/v1/videos/{video}"),
        ("POST", f"/v1/videos/{video}/remix"),
    ]
    for method, path in calls:
        body = {"prompt": "from elsewhere"} if method == "POST" else None
        error = error_of(direct.request(method, path, headers={name: value}, json=body), 403)
        assert error["type"] == "permission_error"
        assert "runway_callers" in error["message"]
        assert name.lower() in error["message"].lower()
    assert (sandbox_server.made(), len(sandbox_server.seen("GET", "/v1/tasks/"))) == before
    assert finished(direct, video)["status"] == "completed"


def test_a_preflight_of_a_web_page_gets_no_leave(direct: httpx.Client) -> None:
    headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    answer = direct.options("/v1/videos", headers=headers)
    assert answer.status_code == 403
    assert not any(name.startswith("access-control-") for name in answer.headers)


@pytest.mark.parametrize("value", ["none", "same-origin"])
def test_a_browser_of_the_local_user(direct: httpx.Client, value: str) -> None:
    # The address line, or a page that this proxy would have served itself.
    answer = direct.get("/v1/videos/video_rw_x", headers={"Sec-Fetch-Site": value})
    assert answer.status_code == 404


def test_the_key_of_the_application_is_not_looked_at(
    direct: httpx.Client, sandbox_server: SandboxServer
) -> None:
    for headers in ({}, {"Authorization": "Bearer anything"}, {"api-key": "anything"}):
        assert direct.post("/v1/videos", json={"prompt": "any key"}, headers=headers).status_code == 200


@pytest.mark.parametrize(("name", "value"), RELAYED, ids=[f"{name}: {value}" for name, value in RELAYED])
def test_other_traffic_of_somebody_else(direct: httpx.Client, origin: Origin, name: str, value: str) -> None:
    before = len(origin.requests)
    error = error_of(direct.get("/v1/models?relayed", headers={name: value}), 403)
    assert "runway_callers" in error["message"]
    assert len(origin.requests) == before


def test_a_page_whose_host_name_points_here_is_refused(
    direct: httpx.Client, sandbox_server: SandboxServer
) -> None:
    # DNS rebinding: the page's own name resolves to 127.0.0.1, so its requests are "same-origin".
    made = sandbox_server.made()
    headers = {"Host": "evil.example:8080", "Sec-Fetch-Site": "same-origin"}
    posted = direct.post(
        "/v1/videos", json={"prompt": "rebinding"}, headers={**headers, "Origin": "http://evil.example:8080"}
    )
    assert posted.status_code == 403
    assert sandbox_server.made() == made
