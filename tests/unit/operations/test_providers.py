"""Keys that are changed while the proxy runs, over those of the configuration."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from runway_videos.config.conf_file import ConfigError
from runway_videos.config.start_lines import NO_WEIGHT
from runway_videos.errors import ApiError
from runway_videos.openai import routes
from runway_videos.openai.messages import Answer, Call
from unit.config.option_values import settings_from
from unit.fake_runway import KEYS, ServiceHarness
from unit.loopback import in_a_loop


async def ask(
    harness: ServiceHarness,
    method: str,
    keys: object = None,
    query: dict[str, str] | None = None,
    **more: object,
) -> dict[str, Any]:
    route = routes.find_admin("/api/providers")
    assert route is not None
    body = b"" if keys is None else json.dumps({"provider": "runway", "keys": keys, **more}).encode()
    answer = await harness.service.handle(Call(route, query or {}, {}, body, "", lambda: False, method))
    assert isinstance(answer, Answer)
    assert b"hush" not in answer.body
    assert b"key_aaaa" not in answer.body
    found: dict[str, Any] = json.loads(answer.body)
    assert "gone when it ends" in found["note"]
    return found


async def refused(harness: ServiceHarness, method: str, keys: object = None, **more: Any) -> ApiError:
    before = harness.service.runtime
    with pytest.raises(ApiError) as caught:
        await ask(harness, method, keys, **more)
    assert harness.service.runtime is before
    assert "hush" not in caught.value.message
    return caught.value


def names(shown: dict[str, Any]) -> list[tuple[str, float, str]]:
    return [(key["name"], key["weight"], key["source"]) for key in shown["keys"]]


@in_a_loop
async def test_a_deletion_that_names_its_key_in_another_way_takes_nothing_away() -> None:
    harness = ServiceHarness()
    for query in ({"name": "a"}, {"key": "a", "x": ""}):
        error = await refused(harness, "DELETE", query=query)
        assert (error.status, error.param) == (400, "key")
    error = await refused(harness, "DELETE", [{"name": "a"}])
    assert "?key=NAME" in error.message


NEW = {"name": "new", "value": "key_hush", "models": ["*"], "weight": 1.0}


@in_a_loop
async def test_keys_are_shown_without_their_values() -> None:
    assert (await ask(ServiceHarness(), "GET"))["keys"] == [
        {"name": "a", "models": ["*"], "weight": 1.0, "source": "configuration", "value": "***"}
    ]


@in_a_loop
async def test_posted_keys_are_used_at_once_and_one_that_is_taken_away_keeps_its_videos(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    harness = ServiceHarness()
    first = await harness.create()
    assert names(await ask(harness, "POST", [NEW])) == [("a", 1.0, "configuration"), ("new", 1.0, "posted")]
    assert names(await ask(harness, "DELETE", query={"key": "a"}))[0] == ("a", 0.0, "taken away")
    second = await harness.create()
    assert list(harness.runway.made_with.values()) == ["a", "new"]
    for video_id in (first, second):
        assert (await harness.video("GET", f"/{video_id}"))["id"] == video_id
    assert [line for line in caplog.messages if "keys changed" in line] == [
        "keys changed in memory: posted new; now a (weight 1 = 50%), new (weight 1 = 50%)",
        "keys changed in memory: taken away a; now a (weight 0: no new videos), new (weight 1 = 100%)",
    ]
    assert "hush" not in caplog.text


@in_a_loop
async def test_put_replaces_all_and_delete_takes_all_away() -> None:
    harness = ServiceHarness()
    await harness.create()
    shown = await ask(harness, "PUT", [NEW])
    assert names(shown) == [("a", 0.0, "taken away"), ("new", 1.0, "posted")]
    assert names(await ask(harness, "DELETE")) == [("a", 0.0, "taken away"), ("new", 0.0, "taken away")]
    with pytest.raises(ApiError, match="weight 0"):
        await harness.create()
    # Posted again, it is back.
    assert names(await ask(harness, "POST", [NEW]))[1] == ("new", 1.0, "posted")
    await harness.create()
    assert list(harness.runway.made_with.values()) == ["a", "new"]


@in_a_loop
async def test_a_new_configuration_keeps_what_was_posted_and_taken_away() -> None:
    harness = ServiceHarness()
    await ask(harness, "PUT", [NEW])
    both = [{"name": "a", "value": "env.A", "weight": 9}, {"name": "b", "value": "env.B"}]
    harness.service.reconfigure(settings_from(KEYS, keys=both))
    assert names(await ask(harness, "GET")) == [
        ("a", 0.0, "taken away"),
        ("b", 1.0, "configuration"),
        ("new", 1.0, "posted"),
    ]


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (None, "The body must be JSON like"),
        ("x", "The body must be JSON like"),
        ([{"name": "a"}], "keys: a needs a value like env.MY_VARIABLE"),
        (
            [{"name": "a", "value": "env.NOT_SET_HERE"}],
            "keys: a: the environment variable NOT_SET_HERE",
        ),
        ([NEW | {"weight": -1}], "keys: weight of new must be a number of 0 or more"),
        ([NEW | {"models": []}], "keys: models of new must be a list of patterns"),
        ([NEW, NEW], "keys: the name new stands twice"),
        ([NEW | {"wieght": 1}], "keys: new: 'wieght' is no field of a key"),
        (
            [NEW | {"name": "key-51013"}, NEW | {"name": "key-94489"}],
            "keys: the keys key-51013 and key-",
        ),
    ],
)
@in_a_loop
async def test_what_the_file_could_not_say_is_refused_and_changes_nothing(keys: object, problem: str) -> None:
    harness = ServiceHarness()
    for method in ("POST", "PUT"):
        error = await refused(harness, method, keys)
        assert (error.status, error.param) == (400, "keys")
        assert error.message.startswith(problem)
    assert names(await ask(harness, "GET")) == [("a", 1.0, "configuration")]


@in_a_loop
async def test_other_mistakes_are_named() -> None:
    harness = ServiceHarness()
    assert (await refused(harness, "POST", [NEW], provider="openai")).param == "provider"
    assert (await refused(harness, "POST", [NEW], network_config={})).param == "network_config"
    assert (await refused(harness, "DELETE", query={"key": "none"})).status == 404


@in_a_loop
async def test_no_real_key_goes_to_the_sandbox() -> None:
    assert (await refused(ServiceHarness(sandbox=True), "POST", [NEW])).status == 409


def test_the_routes_are_those_of_the_guide() -> None:
    for path in ("/api/providers", "/api/providers/", "/api/providers/runway", "/api/providers?x=1"):
        route = routes.find_admin(path)
        assert route is not None
        assert route.operation is routes.Operation.PROVIDERS
    assert routes.find_admin("/api/providers/openai") is None


@in_a_loop
async def test_that_no_key_is_left_for_new_videos_is_said() -> None:
    harness = ServiceHarness()
    assert (await ask(harness, "DELETE"))["warnings"] == [NO_WEIGHT]
    assert (await ask(harness, "GET"))["warnings"] == [NO_WEIGHT]
    assert NO_WEIGHT not in (await ask(harness, "POST", [NEW]))["warnings"]


@in_a_loop
async def test_other_methods_are_refused() -> None:
    error = await refused(ServiceHarness(), "PATCH")
    assert (error.status, error.headers["allow"]) == (405, "GET, POST, PUT, DELETE")


@in_a_loop
async def test_a_weight_counts_until_the_key_is_posted_whatever_the_file_says_of_its_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    harness = ServiceHarness()
    service = harness.service
    service.providers.reweigh(service.runtime, "a", 0.25)
    assert caplog.messages == ["keys changed in memory: a has the weight 0.25; now a (weight 0.25 = 100%)"]
    assert names(await ask(harness, "GET")) == [("a", 0.25, "configuration")]
    rotated = settings_from({"A": "key_other"}, keys=[{"name": "a", "value": "env.A", "weight": 3}])
    service.reconfigure(rotated)
    (key,) = service.runtime.settings.keys
    assert (key.value, key.weight) == ("key_other", 0.25)
    assert caplog.messages[1:] == [
        "runway_keys: what was changed in memory goes before the file until the process ends: a"
    ]
    service.reconfigure(rotated)
    assert len(caplog.messages) == 2
    await ask(harness, "POST", [{**NEW, "name": "a"}])
    assert names(await ask(harness, "GET")) == [("a", 1.0, "posted")]


@pytest.mark.parametrize(("name", "weight"), [("b", 1), ("a", -1), ("a", float("nan")), ("a", float("inf"))])
def test_no_other_weight_and_no_other_key(name: str, weight: float) -> None:
    service = ServiceHarness().service
    before = service.runtime
    with pytest.raises(ConfigError, match=name):
        service.providers.reweigh(before, name, weight)
    assert service.runtime is before
