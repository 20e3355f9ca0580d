from __future__ import annotations

import base64
import uuid

import httpx
import pytest
from runwayml import RunwayML

from unit.sandbox.harness import HEADERS, TEXT, Running, Start

pytestmark = pytest.mark.dependencies

NO_TASK = {"error": "Could not find Task"}


def test_a_task_from_its_creation_to_its_video(sandbox: Running) -> None:
    created = sandbox.create()
    assert created.status_code == 200
    task = created.json()["id"]
    assert created.json() == {"id": task, "estimatedCost": {"credits": 48}}
    assert uuid.UUID(task).version == 4

    assert sandbox.status(task)["status"] == "PENDING"
    sandbox.clock.now += 2.4
    running = sandbox.status(task)
    assert (running["status"], running["progress"]) == ("RUNNING", 0.5)
    sandbox.clock.now += 2
    done = sandbox.status(task)
    assert done["status"] == "SUCCEEDED"
    video = sandbox.plain.get(done["output"][0])
    assert video.status_code == 200
    assert video.content == sandbox.sandbox.clips[0].read()


def test_the_official_client_can_use_it(start: Start) -> None:
    sandbox = start(seconds=0)
    with httpx.Client(trust_env=False) as http:
        client = RunwayML(api_key="sandbox", base_url=sandbox.sandbox.url, http_client=http)
        made = client.text_to_video.create(model="gen4.5", prompt_text="a fox", ratio="720:1280", duration=5)
        task = client.tasks.retrieve(made.id)
        assert task.status == "SUCCEEDED"
        (output,) = task.output
        assert client.organization.retrieve().credit_balance == 1_000_000 - 60
        client.tasks.delete(made.id)
        with pytest.raises(Exception, match="Could not find Task"):
            client.tasks.retrieve(made.id)
    assert output.startswith(sandbox.sandbox.url)


def test_an_upright_video_is_upright(sandbox: Running) -> None:
    upright, wide = sandbox.sandbox.clips[1].read(), sandbox.sandbox.clips[0].read()
    assert sandbox.plain.get(sandbox.output(ratio="720:1280")).content == upright
    assert sandbox.plain.get(sandbox.output(ratio="1280:720")).content == wide


def test_load_shedding_makes_no_task_and_is_runways_own(sandbox: Running) -> None:
    shed = sandbox.create(promptText="a fox [shed]")
    assert (shed.status_code, shed.json()) == (503, {"error": "The service is overloaded."})
    assert sandbox.sandbox.tasks.made == 0


def test_a_lost_answer_has_made_its_task_and_is_a_gateways_page(sandbox: Running) -> None:
    lost = sandbox.create(promptText="a fox [lost]")
    assert (lost.status_code, lost.headers["content-type"]) == (502, "text/html")
    assert "502" in lost.text
    assert sandbox.sandbox.tasks.made == 1


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer nobody", "Basic sandbox", "sandbox"])
def test_a_key_is_needed(sandbox: Running, authorization: str | None) -> None:
    headers = {"X-Runway-Version": "2024-11-06"}
    if authorization is not None:
        headers["Authorization"] = authorization
    for method, path in (
        ("POST", "/v1/text_to_video"),
        ("GET", f"/v1/tasks/{uuid.uuid4()}"),
        ("POST", "/v1/uploads"),
        ("GET", "/v1/organization"),
    ):
        response = sandbox.plain.request(method, path, headers=headers)
        assert response.status_code == 401
        assert isinstance(response.json()["error"], str)


@pytest.mark.parametrize("version", [None, "2024-09-13"])
def test_the_version_is_needed(sandbox: Running, version: str | None) -> None:
    headers = {"Authorization": "Bearer sandbox"}
    if version:
        headers["X-Runway-Version"] = version
    response = sandbox.plain.post("/v1/text_to_video", json=TEXT, headers=headers)
    assert response.status_code == 400
    assert "X-Runway-Version" in response.json()["error"]
    assert "docUrl" in response.json()
    assert sandbox.sandbox.tasks.made == 0


def test_a_body_that_runway_refuses(sandbox: Running) -> None:
    response = sandbox.create(duration=11, n=1)
    assert response.status_code == 400
    assert response.json() == {
        "error": "Validation of body failed",
        "issues": [
            {
                "code": "too_big",
                "path": ["duration"],
                "message": "Number must be less than or equal to 10",
            },
            {
                "code": "unrecognized_keys",
                "path": [],
                "message": "Unrecognized key(s) in object: 'n'",
                "keys": ["n"],
            },
        ],
        "docUrl": "https://docs.dev.runwayml.com/api",
    }
    assert sandbox.sandbox.tasks.made == 0


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        (b"{", "application/json", "Invalid JSON in request body"),
        (b"", "application/json", "Invalid JSON in request body"),
        (b'{"a": "\xff"}', "application/json", "Invalid JSON in request body"),
        (b"[" * 100_000, "application/json", "Invalid JSON in request body"),
        (b"[]", "application/json", "Validation of body failed"),
        (b'{"model": "gen4.5"}', "text/plain", "Validation of body failed"),
        (b"model=gen4.5", "application/x-www-form-urlencoded", "Validation of body failed"),
    ],
)
def test_a_body_that_is_no_json(sandbox: Running, body: bytes, content_type: str, error: str) -> None:
    for path in ("/v1/image_to_video", "/v1/uploads"):
        response = sandbox.api.post(path, content=body, headers={"Content-Type": content_type})
        assert response.status_code == 400
        assert response.json()["error"] == error


def test_a_large_picture_in_the_body(sandbox: Running) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(3_900_000)
    uri = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    made = sandbox.create("image_to_video", promptImage=uri)
    assert made.status_code == 200
    body = sandbox.sandbox.requests[-1].body
    assert body is not None
    assert body["promptImage"] == uri

    refused = sandbox.create("image_to_video", promptImage=uri + "AAAA" * 20_000)
    (issue,) = refused.json()["issues"]
    assert (issue["code"], issue["path"]) == ("custom", ["promptImage"])


def test_a_task_of_another_organisation_is_not_there(start: Start) -> None:
    sandbox = start(keys={"sandbox": "ours", "second": "ours", "third": "theirs"})
    task = sandbox.task()
    path = f"/v1/tasks/{task}"
    for method in ("GET", "DELETE"):
        theirs = HEADERS | {"Authorization": "Bearer third"}
        response = sandbox.plain.request(method, path, headers=theirs)
        assert (response.status_code, response.json()) == (404, NO_TASK)
    ours = HEADERS | {"Authorization": "Bearer second"}
    assert sandbox.plain.get(path, headers=ours).status_code == 200


@pytest.mark.parametrize("seconds", [0, 2, 100])
def test_a_deleted_task_is_gone(sandbox: Running, seconds: float) -> None:
    task = sandbox.task()
    sandbox.clock.now += seconds
    deleted = sandbox.api.delete(f"/v1/tasks/{task}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "DELETE"):
        again = sandbox.api.request(method, f"/v1/tasks/{task}")
        assert (again.status_code, again.json()) == (404, NO_TASK)


def test_only_what_succeeds_is_paid(sandbox: Running) -> None:
    organisation = sandbox.sandbox.organisations["sandbox"]
    before = organisation.credits
    sandbox.task(promptText="[fail]")
    sandbox.api.delete(f"/v1/tasks/{sandbox.task()}")
    assert organisation.credits == before
    done = sandbox.task()
    sandbox.clock.now += 60
    sandbox.api.delete(f"/v1/tasks/{done}")
    assert organisation.credits == before - 48


def test_refusals_of_an_organisation(sandbox: Running) -> None:
    organisation = sandbox.sandbox.organisations["sandbox"]
    task = sandbox.task()
    organisation.credits = 47
    response = sandbox.create()
    assert response.status_code == 400
    assert response.json()["error"] == "You do not have enough credits to run this task."
    organisation.daily = 1
    response = sandbox.create()
    assert (response.status_code, response.headers.get("retry-after")) == (429, None)
    organisation.closed = {"gen4.5"}
    assert sandbox.create().status_code == 403
    assert sandbox.api.get(f"/v1/tasks/{task}").status_code == 200
    organisation.disabled = True
    assert sandbox.create().status_code == 401
    assert sandbox.api.get(f"/v1/tasks/{task}").status_code == 401
    assert sandbox.sandbox.tasks.made == 1


def test_a_key_can_be_added_while_it_runs(sandbox: Running) -> None:
    sandbox.sandbox.keys["new"] = "another"
    headers = HEADERS | {"Authorization": "Bearer new"}
    response = sandbox.plain.post("/v1/text_to_video", json=TEXT, headers=headers)
    assert response.status_code == 200
    assert sandbox.sandbox.requests[-1].organisation == "another"


def test_tasks_beyond_the_concurrency_are_throttled(start: Start) -> None:
    sandbox = start(concurrency=1)
    first, second = sandbox.task(), sandbox.task()
    assert sandbox.status(second)["status"] == "THROTTLED"
    sandbox.api.delete(f"/v1/tasks/{first}")
    assert sandbox.status(second)["status"] == "PENDING"
