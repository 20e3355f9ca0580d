from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.translate import Resolved, resolve_model
from unit.translate.rows import ALIASES, CATALOG, PICTURE, refusal


def resolved(name: object, *aliases: tuple[str, str]) -> Resolved | None:
    given = tuple((pattern, tuple(models.split("|"))) for pattern, models in aliases)
    return resolve_model(name, CATALOG, given or ALIASES)


@pytest.mark.parametrize(
    ("name", "model", "sora"),
    [
        ("runway/gen4.5", "gen4.5", False),
        ("gen4.5", "gen4.5", False),
        ("sora-2", "seedance2_mini", True),
        ("sora-2-pro", "seedance2_5", True),
        ("runway/sora-2", "seedance2_mini", True),
        ("openai/sora-2", "seedance2_mini", True),
        ("azure/sora-2-pro-2025-10-06", "seedance2_5", True),
        ("openai/gen4.5", "gen4.5", False),
        ("gen4_aleph", "aleph2", False),
        ("runway/gen4_aleph", "aleph2", False),
        ("runway/gen9-next:preview", "gen9-next:preview", False),
    ],
)
def test_names(name: str, model: str, sora: bool) -> None:
    found = resolved(name)
    assert found is not None
    assert (found.asked, found.model, found.sora) == (name, model, sora)


@pytest.mark.parametrize(
    "name",
    [
        "gpt-5",
        "veo3",
        "gen3a_turbo",
        "Gen4.5",
        "x" * 50,
        "gen4.5 ",
        "openai/gpt-5",
        "azure/veo3",
        "openai/",
        "openai/runway/gen9",
        "OpenAI/sora-2",
    ],
)
def test_names_that_are_not_ours(name: str) -> None:
    assert resolved(name) is None


def test_no_name_is_sora_2() -> None:
    assert resolved(None) == resolved("") == resolved("sora-2")


def test_the_first_alias_that_matches_wins() -> None:
    found = resolved("clip-hd", ("clip-*", "gen4.5"), ("clip-hd", "veo3.1"))
    # A name written out in full is not a pattern: it goes first.
    assert found is not None
    assert found.model == "veo3.1"
    found = resolved("clip-hd", ("clip-*", "gen4.5"), ("*", "veo3.1"))
    assert found is not None
    assert found.model == "gen4.5"


def test_an_alias_may_name_several_models() -> None:
    found = resolved("sora-2")
    assert found is not None
    assert (found.models, found.model) == (("seedance2_mini", "seedance2_5"), "seedance2_mini")


def test_a_pattern_leaves_the_catalog_alone_and_a_full_name_does_not() -> None:
    caught = resolved("gen4_turbo", ("*", "veo3.1"))
    assert caught is not None
    assert caught.model == "gen4_turbo"
    moved = resolved("runway/gen4_turbo", ("gen4_turbo", "gen4.5"))
    assert moved is not None
    assert (moved.asked, moved.model, moved.sora) == ("runway/gen4_turbo", "gen4.5", False)


@pytest.mark.parametrize(("name", "successor"), [("gen3a_turbo", "gen4_turbo"), ("veo3", "veo3.1")])
def test_a_removed_model_names_its_successor(name: str, successor: str) -> None:
    error = refusal(model=f"runway/{name}", prompt="p", input_reference=PICTURE)
    assert (error.status, error.param, error.code) == (400, "model", "model_not_found")
    assert f"runway/{successor}" in error.message


@pytest.mark.parametrize("name", ["runway/" + "x" * 34, "runway/", "runway/a b", "runway/ü", 5, ["gen4.5"]])
def test_names_that_cannot_be_used(name: object) -> None:
    with pytest.raises(ApiError) as caught:
        resolved(name)
    assert (caught.value.status, caught.value.param) == (400, "model")


def test_the_longest_name() -> None:
    assert resolved("runway/" + "x" * 33)


def test_a_mode_that_the_model_does_not_have() -> None:
    error = refusal(model="gen4.5", prompt="p", video_uri="https://example.com/v.mp4")
    assert (error.status, error.param) == (400, "video_uri")
    for name in CATALOG.models_with("video_to_video"):
        assert name in error.message
    error = refusal(model="aleph2", prompt="p", input_reference=PICTURE)
    assert (error.status, error.param) == (400, "input_reference")
    assert "`video_uri`" in error.message
    assert refusal(model="aleph2", prompt="p").param == "video_uri"
