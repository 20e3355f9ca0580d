"""The names that are listed, and one of them."""

from __future__ import annotations

import json

import pytest

from runway_videos.errors import ApiError
from runway_videos.operations.models import answer_of, extended
from unit.fake_runway import ServiceHarness

DATED = ["sora-2-2025-10-06", "sora-2-pro-2025-10-06", "sora-2-2025-12-08"]


def ids(caller: str = "", /, **options: object) -> list[str]:
    runtime = ServiceHarness(**options).service.runtime  # type: ignore[arg-type]
    return [model["id"] for model in json.loads(answer_of(runtime, caller, "").body)["data"]]


@pytest.mark.parametrize(
    ("aliases", "names"),
    [
        (["sora-2-pro*=seedance2_5", "sora-2*=seedance2"], ["sora-2", "sora-2-pro", *DATED]),
        (["sora-2=gen4.5", "house-*=gen4.5", "house=gen4.5"], ["sora-2", "house"]),
        (["sora*=gen4.5", "sora-2=veo3.1"], ["sora-2", "sora-2-pro", *DATED]),
        (["gen4.5=veo3.1"], ["gen4.5"]),
        ([f"{'too-long' * 6}=gen4.5", "house=gen4.5"], ["house"]),
    ],
)
def test_names_that_an_alias_serves_come_first(aliases: list[str], names: list[str]) -> None:
    found = ids(aliases=aliases)
    assert found[: len(names)] == names
    assert all(each.startswith("runway/") for each in found[len(names) :])
    assert len(found) == len(set(found)) > 20


def test_one_model() -> None:
    runtime = ServiceHarness().service.runtime
    answer = answer_of(runtime, "", "runway/gen4.5")
    assert answer.status == 200
    assert json.loads(answer.body)["id"] == "runway/gen4.5"
    assert "openai-poll-after-ms" not in answer.headers
    for name in ("gpt-x", "runway/none", "sora-2*"):
        with pytest.raises(ApiError) as caught:
            answer_of(runtime, "", name)
        assert (caught.value.status, caught.value.code, caught.value.param) == (
            404,
            "model_not_found",
            "model",
        )


def test_another_services_list_has_ours_behind_its_own() -> None:
    found = json.loads(extended(ServiceHarness().service.runtime, "", b'{"data": [{"id": "gpt-x"}]}'))
    assert [model["id"] for model in found["data"]][:2] == ["gpt-x", "sora-2"]


def app_with(*patterns: str) -> list[dict[str, object]]:
    return [{"name": "app", "value": "tok_1", "models": list(patterns)}, {"name": "all", "value": "tok_2"}]


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["sora-2"], ["sora-2"]),
        (["gen4.5", "runway/veo3.1"], ["runway/gen4.5", "runway/veo3.1"]),
        # By what a name becomes: a part of its models is enough.
        (["seedance2_mini"], ["sora-2", "sora-2-2025-10-06", "sora-2-2025-12-08", "runway/seedance2_mini"]),
        (["none-such"], []),
    ],
)
def test_a_caller_is_told_of_what_its_creates_may_use(patterns: list[str], names: list[str]) -> None:
    assert ids("app", callers=app_with(*patterns)) == names
    assert ids("all", callers=app_with(*patterns)) == ids()


def test_one_model_that_a_caller_may_not_use_is_not_served_to_it() -> None:
    runtime = ServiceHarness(callers=app_with("gen4*")).service.runtime
    for name in ("gen4.5", "runway/gen4.5"):
        assert json.loads(answer_of(runtime, "app", name).body)["id"] == name
    for name in ("veo3.1", "runway/veo3.1", "sora-2"):
        assert answer_of(runtime, "all", name).status == 200
        with pytest.raises(ApiError, match="not served"):
            answer_of(runtime, "app", name)
    found = json.loads(extended(runtime, "app", b'{"data": [{"id": "gpt-x"}]}'))
    assert all(each["id"].startswith(("gpt-x", "gen4", "runway/gen4")) for each in found["data"])
