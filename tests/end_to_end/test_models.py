"""The models that clients can choose from: those of another service with ours behind them, or ours alone."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from asking import client, curl, error_of, free_port, needs_curl, web
from end_to_end.conftest import Folders, whole
from openai_schemas import MODEL, MODEL_LIST, problem
from origins import Exchange, Origin
from running import Proxy
from sandbox_server import SandboxServer

THEIRS = [
    {"id": "gpt-x", "object": "model", "created": 1_700_000_000, "owned_by": "openai"},
    {"id": "sora-2", "object": "model", "created": 1_700_000_001, "owned_by": "openai"},
]
BODY = json.dumps({"object": "list", "data": THEIRS}).encode()
SORA = ["sora-2", "sora-2-pro", "sora-2-2025-10-06", "sora-2-pro-2025-10-06", "sora-2-2025-12-08"]

type Serve = Callable[[Callable[[Exchange], None]], None]


@pytest.fixture
def upstream(origin: Origin) -> Iterator[Serve]:
    """Sets what the fallback answers about models."""
    paths = ("/v1/models", "/v1/models/runway/gen4.5", "/v1/models/gpt-x")

    def serve(route: Callable[[Exchange], None]) -> None:
        origin.routes.update(dict.fromkeys(paths, route))

    yield serve
    for path in paths:
        origin.routes.pop(path, None)


@pytest.fixture(params=["as a server", "as a proxy"])
def way(request: pytest.FixtureRequest, plain: Proxy, origin: Origin) -> Iterator[httpx.Client]:
    """To the proxy itself, and through it to a host of `runway_hosts`."""
    as_proxy = request.param == "as a proxy"
    base_url, proxy = (origin.url, plain.url) if as_proxy else (plain.url, None)
    with httpx.Client(base_url=base_url, proxy=proxy, trust_env=False, timeout=60) as way:
        yield way


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert problem(body, MODEL_LIST) is None
    found = [model["id"] for model in body["data"]]
    assert len(found) == len(set(found))
    return found


def chunked(exchange: Exchange) -> None:
    exchange.begin(200, "application/json", transfer_encoding="chunked")
    for at in range(0, len(BODY), 20):
        exchange.chunk(BODY[at : at + 20])
    exchange.chunk(b"")


def whole_body(exchange: Exchange) -> None:
    packs = "gzip" in exchange.asked.headers.get("accept-encoding", "")
    more = {"content_encoding": "gzip"} if packs else {}
    exchange.reply(200, gzip.compress(BODY) if packs else BODY, etag='"1"', x_of="theirs", **more)


@pytest.mark.parametrize("route", [whole_body, chunked])
def test_ours_stand_behind_theirs(
    way: httpx.Client, upstream: Serve, route: Callable[[Exchange], None]
) -> None:
    upstream(route)
    answer = way.get("/v1/models")
    found = ids(answer)
    assert found[:2] == ["gpt-x", "sora-2"]
    assert answer.json()["data"][:2] == THEIRS
    assert set(SORA) < set(found)
    assert "runway/gen4.5" in found
    assert not any("*" in each for each in found)
    assert "etag" not in answer.headers
    assert answer.headers.get("x-of") == ("theirs" if route is whole_body else None)
    assert ids(way.get("/v1/models")) == found  # the connection goes on


@pytest.mark.parametrize("status", [401, 404, 429, 500])
@pytest.mark.parametrize("body", [b'{"error": {"message": "no"}}', b""])
def test_ours_are_left_where_an_upstream_refuses(
    way: httpx.Client, upstream: Serve, status: int, body: bytes
) -> None:
    upstream(lambda exchange: exchange.reply(status, body, x_of="theirs"))
    answer = way.get("/v1/models")
    found = ids(answer)
    assert found[:5] == SORA
    assert "gpt-x" not in found
    assert "x-of" not in answer.headers
    one = way.get("/v1/models/runway/gen4.5")
    assert (one.status_code, one.json()["id"]) == (200, "runway/gen4.5")
    assert way.get("/v1/models/gpt-x").status_code == status


@pytest.mark.parametrize("announced", [True, False])
def test_a_long_answer_is_passed_on_as_it_is(way: httpx.Client, upstream: Serve, announced: bool) -> None:
    body = json.dumps({"object": "list", "data": [{"id": "x" * 2_000_000}]}).encode()

    def long(exchange: Exchange) -> None:
        if announced:
            exchange.reply(200, body)
            return
        exchange.begin(200, "application/json", transfer_encoding="chunked")
        for at in range(0, len(body), 50_000):
            exchange.chunk(body[at : at + 50_000])
        exchange.chunk(b"")

    upstream(long)
    assert way.get("/v1/models").content == body


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": {}}', b"", b"\xff"])
def test_what_is_no_list_is_passed_on_as_it_is(way: httpx.Client, upstream: Serve, body: bytes) -> None:
    upstream(lambda exchange: exchange.reply(200, body))
    assert way.get("/v1/models").content == body


def test_a_model_of_theirs_is_theirs(way: httpx.Client, upstream: Serve) -> None:
    upstream(lambda exchange: exchange.reply(200, json.dumps(THEIRS[0]).encode()))
    assert way.get("/v1/models/gpt-x").json() == THEIRS[0]


@needs_curl
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_an_upstream_that_is_not_there_leaves_ours(plain: Proxy, version: str) -> None:
    url = f"https://127.0.0.1:{free_port()}/v1/models"
    answer = json.loads(curl(version, "--proxy", plain.url, "--cacert", str(plain.ca), url).stdout)
    assert problem(answer, MODEL_LIST) is None
    assert answer["data"][0]["id"] == "sora-2"


@needs_curl
@pytest.mark.parametrize("route", [whole_body, chunked])
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_over_tls(plain: Proxy, upstream: Serve, version: str, route: Callable[[Exchange], None]) -> None:
    upstream(route)
    url = f"https://127.0.0.1:{plain.port}/v1/models"
    head, _, body = curl(version, "-i", "--cacert", str(plain.ca), url).stdout.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/2 200" if version == "--http2" else b"HTTP/1.1 200")
    found = [model["id"] for model in json.loads(body)["data"]]
    assert found[:3] == ["gpt-x", "sora-2", "sora-2-pro"]


@pytest.mark.slow
@pytest.mark.dependencies
def test_without_a_fallback_the_stock_client_is_given_ours(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    callers = [
        {"name": "app", "value": "env.TOKEN"},
        {"name": "few", "value": "env.FEW", "models": ["house"]},
    ]
    options: dict[str, Any] = {**sandbox_server.options(), "runway_callers": [*map(json.dumps, callers)]}
    aliases = ["sora-2=gen4.5", "house-*=gen4.5", "house=gen4.5"]
    token = {"TOKEN": "tok_of_the_application", "FEW": "tok_of_a_few"}
    with Proxy(folder(), env=token, runway_aliases=aliases, **options) as proxy:
        with client(proxy.base_url, token["TOKEN"]) as app:
            found = [model.id for model in app.models.list()]
            assert found[:3] == ["sora-2", "house", "runway/gen4.5"]
            for name in ("sora-2", "runway/gen4.5", "house", "gen4.5"):
                assert app.models.retrieve(name).id == name
        with web(proxy.url, headers={"Authorization": "Bearer " + token["TOKEN"]}) as known:
            one = known.get("/openai/v1/models/runway%2Fgen4.5")
            assert problem(one.json(), MODEL) is None
            assert ids(known.get("/openai/models?api-version=1")) == found
            error = error_of(known.get("/v1/models/gpt-x"), 404)
            assert (error["code"], error["param"]) == ("model_not_found", "model")
        with client(proxy.base_url, token["FEW"]) as few:
            assert [model.id for model in few.models.list()] == ["house"]
        with web(proxy.url) as stranger:
            assert error_of(stranger.get("/v1/models"), 401)["code"] == "invalid_api_key"
        whole(proxy)
