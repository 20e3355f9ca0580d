"""The names that are listed, and one of them."""

from __future__ import annotations

import json

import pytest

from runway_videos.errors import ApiError
from runway_videos.operations.models import answer_of, extended
from unit.fake_runway import ServiceHarness

DATED = ["sora-2-2025-10-06", "sora-2-pro-2025-10-06", "sora-2-2025-12-08"]


def ids(**options: object) -> list[str]:
    runtime = ServiceHarness(**options).service.runtime  # type: ignore[arg-type]
    return [model["id"] for model in json.loads(answer_of(runtime, "").body)["data"]]


@pytest.mark.parametrize(
    ("aliases", "names"),
    [
        (["sora-2-pro*=seedance2_5", "sora-2*=seedance2"], ["sora-2", "sora-2-pro", *DATED]),
        (["sora-2=gen4.5", "house-*=gen4.5", "house=gen4.5"], ["sora-2", "house"]),
        (["sora*=gen4.5", "sora-2=veo3.1"], ["sora-2", "sora-2-pro", *DATED]),
        (["gen4.5=veo3.1"], ["gen4.5"]),
    ],
)
def test_names_that_an_alias_serves_come_first(aliases: list[str], names: list[str]) -> None:
    found = ids(aliases=aliases)
    assert found[: len(names)] == names
    assert all(each.startswith("runway/") for each in found[len(names) :])
    assert len(found) == len(set(found)) > 20


def test_one_model() -> None:
    runtime = ServiceHarness().service.runtime
    answer = answer_of(runtime, "runway/gen4.5")
    assert answer.status == 200
    assert json.loads(answer.body)["id"] == "runway/gen4.5"
    assert "openai-poll-after-ms" not in answer.headers
    for name in ("gpt-x", "runway/none", "sora-2*"):
        with pytest.raises(ApiError) as caught:
            answer_of(runtime, name)
        assert (caught.value.status, caught.value.code, caught.value.param) == (
            404,
            "model_not_found",
            "model",
        )


def test_another_services_list_has_ours_behind_its_own() -> None:
    found = json.loads(extended(ServiceHarness().service.runtime, b'{"data": [{"id": "gpt-x"}]}'))
    assert [model["id"] for model in found["data"]][:2] == ["gpt-x", "sora-2"]
