"""What comes back about models, on its flow: extended, replaced, or left as it is."""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping

import pytest
from mitmproxy import flow, http
from mitmproxy.connection import ConnectionState

from runway_addon.models_answers import ModelsAnswers, ModelsFlow
from runway_videos.runtime import Runtime
from unit.addon.flow_harness import flow_of, response
from unit.fake_runway import ServiceHarness

LIST = b'{"object": "list", "data": [{"id": "gpt-x"}]}'


@pytest.fixture
def runtime() -> Runtime:
    return ServiceHarness().service.runtime


@pytest.fixture
def models() -> ModelsAnswers:
    flows: weakref.WeakKeyDictionary[http.HTTPFlow, ModelsFlow] = weakref.WeakKeyDictionary()
    return ModelsAnswers(flows)


def asked(models: ModelsAnswers, model: str = "", caller: str = "") -> http.HTTPFlow:
    found = flow_of("GET", "/v1/models")
    found.client_conn.state = ConnectionState.OPEN
    models.expect(found, caller, model)
    assert found.request.headers["accept-encoding"] == "identity"
    return found


def streamed(found: http.HTTPFlow, *pieces: bytes) -> bytes:
    """What the client gets of a body that comes in these pieces."""
    assert found.response is not None
    stream = found.response.stream
    assert callable(stream)
    given: list[bytes] = []
    for piece in (*pieces, b""):
        part = stream(piece)
        assert isinstance(part, list)
        given += part
    assert b"" not in given  # in chunks it would be the end
    return b"".join(given)


def came(
    models: ModelsAnswers,
    runtime: Runtime,
    found: http.HTTPFlow,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> bool:
    found.response = response(status, None, headers)
    return models.begin_response(found, runtime)


@pytest.mark.parametrize("at", [0, 1, 20, len(LIST)])
def test_a_list_is_extended_in_whatever_pieces_it_comes(
    models: ModelsAnswers, runtime: Runtime, at: int
) -> None:
    found = asked(models)
    assert came(models, runtime, found, 200, {"content-length": str(len(LIST)), "etag": "1", "x-a": "b"})
    assert found.response is not None
    assert dict(found.response.headers) == {"x-a": "b", "transfer-encoding": "chunked"}
    pieces = [piece for piece in (LIST[:at], LIST[at:]) if piece]
    ids = [model["id"] for model in json.loads(streamed(found, *pieces))["data"]]
    assert ids[:2] == ["gpt-x", "sora-2"]


def test_over_a_mebibyte_it_is_given_as_it_is(models: ModelsAnswers, runtime: Runtime) -> None:
    found = asked(models)
    assert came(models, runtime, found)
    body = b"x" * (1 << 19)
    assert streamed(found, body, body, body, body) == body * 4
    assert not came(models, runtime, asked(models), 200, {"content-length": str((1 << 20) + 1)})


@pytest.mark.parametrize(
    ("model", "status", "headers"),
    [
        ("", 200, {"content-encoding": "br"}),
        ("", 304, {}),
        ("", 204, {}),
        ("", 302, {}),
        ("sora-2", 200, {}),
        ("gpt-x", 404, {}),
    ],
)
def test_what_is_no_list_and_no_error_about_ours_stays(
    models: ModelsAnswers, runtime: Runtime, model: str, status: int, headers: dict[str, str]
) -> None:
    found = asked(models, model)
    assert not came(models, runtime, found, status, headers)
    assert found.response is not None
    assert (found.response.status_code, found.response.stream) == (status, False)


@pytest.mark.parametrize("model", ["", "sora-2"])
@pytest.mark.parametrize("pieces", [(), (b"an error",), (b"an ", b"error")])
def test_ours_take_the_place_of_an_error(
    models: ModelsAnswers, runtime: Runtime, model: str, pieces: tuple[bytes, ...]
) -> None:
    found = asked(models, model)
    assert came(models, runtime, found, 500, {"x-a": "b"})
    assert found.response is not None
    length = int(found.response.headers["content-length"])
    assert "x-a" not in found.response.headers
    if pieces:
        body = streamed(found, *pieces)
    else:  # mitmproxy streams no answer that ends with its headers
        found.response.raw_content = b""
        models.end(found)
        body = found.response.raw_content
    assert found.response.status_code == 200
    assert len(body) == length
    assert "sora-2" in body.decode()


def test_ours_are_the_answer_where_nothing_comes(models: ModelsAnswers, runtime: Runtime) -> None:
    found = asked(models)
    found.error = flow.Error("no route to host")
    models.fail(found, runtime)
    assert found.response is not None
    assert found.error is None
    assert b"sora-2" in (found.response.content or b"")


@pytest.mark.parametrize("why", ["another model", "the client has gone", "the headers came", "not asked"])
def test_other_failures_stay_failures(models: ModelsAnswers, runtime: Runtime, why: str) -> None:
    found = asked(models, "gpt-x" if why == "another model" else "")
    found.error = flow.Error("reset")
    if why == "the client has gone":
        found.client_conn.state = ConnectionState.CLOSED
    if why == "the headers came":
        came(models, runtime, found)
    if why == "not asked":
        models.end(found)
    before = found.response
    models.fail(found, runtime)
    assert found.response is before
    assert found.error is not None


def test_a_caller_gets_those_that_it_may_use(models: ModelsAnswers) -> None:
    callers = [{"name": "few", "value": "tok_1", "models": ["gen4.5"]}]
    runtime = ServiceHarness(callers=callers).service.runtime
    for model, status, listed in (("", 200, ["gpt-x", "runway/gen4.5"]), ("", 500, ["runway/gen4.5"])):
        found = asked(models, model, "few")
        assert came(models, runtime, found, status)
        assert [each["id"] for each in json.loads(streamed(found, LIST))["data"]] == listed
    assert not came(models, runtime, asked(models, "veo3.1", "few"), 500)
