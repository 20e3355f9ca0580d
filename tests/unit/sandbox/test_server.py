from __future__ import annotations

import pytest

from unit.sandbox.harness import TEXT, Running, Start


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/tasks"),
        ("GET", "/v1/text_to_video"),
        ("POST", "/v1/text_to_image"),
        ("PATCH", "/v1/tasks/x"),
        ("GET", "/_sandbox/requests"),
        ("GET", "/v1/%ff"),
    ],
)
def test_other_paths_of_the_sandbox_are_a_404(sandbox: Running, method: str, path: str) -> None:
    response = sandbox.api.request(method, path)
    assert (response.status_code, response.json()) == (404, {"error": "Not found"})


def test_received_requests_are_in_the_request_log(sandbox: Running) -> None:
    task = sandbox.task(promptText="a hare")
    sandbox.status(task)
    sandbox.plain.get("/nowhere")
    create, poll, nowhere = sandbox.sandbox.requests
    assert (create.method, create.path) == ("POST", "/v1/text_to_video")
    assert (create.organisation, create.status, create.made) == ("sandbox", 200, task)
    assert create.body == TEXT | {"promptText": "a hare"}
    assert create.headers["x-runway-version"] == "2024-11-06"
    assert "authorization" not in create.headers
    assert (poll.path, poll.body, poll.made) == (f"/v1/tasks/{task}", None, None)
    assert (nowhere.organisation, nowhere.status) == (None, 404)
    assert sandbox.sandbox.counts == {
        "POST /v1/text_to_video": 1,
        "GET /v1/tasks/{id}": 1,
        "GET unknown": 1,
    }


def test_the_request_log_can_be_read_over_http(start: Start) -> None:
    sandbox = start(inspect=True)
    task = sandbox.task()
    log = sandbox.plain.get("/_sandbox/requests").json()
    assert log["counts"] == {"POST /v1/text_to_video": 1}
    assert (log["made"], log["tasks"]) == (1, 1)
    assert [(one["body"], one["made"]) for one in log["requests"]] == [(TEXT, task)]
    assert sandbox.plain.delete("/_sandbox/requests").status_code == 204
    assert sandbox.plain.get("/_sandbox/requests").json()["requests"] == []
