from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runway_videos.catalog import Catalog, Row, load
from runway_videos.catalog.sdk_types import MODES

CATALOG = load()
ROWS = [(mode, model, row) for mode, rows in CATALOG.modes.items() for model, row in rows.items()]
KEYWORDS = {
    *("type", "properties", "required", "items", "enum", "const", "anyOf", "minimum", "maximum"),
    *("minLength", "maxLength", "minItems", "maxItems", "media", "open", "deprecated"),
}


def walk(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for child in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        yield from walk(child)
    if "items" in schema:
        yield from walk(schema["items"])


def test_catalog_is_read_once() -> None:
    assert load() is CATALOG
    assert tuple(CATALOG.modes) == MODES
    assert CATALOG.inputs == {"text_to_video": "", "image_to_video": "picture", "video_to_video": "video"}
    assert {CATALOG.mode_of(kind): kind for kind in ("picture", "video", "")} == CATALOG.inputs
    assert CATALOG.input_fields == {"promptImage": "picture", "videoUri": "video", "promptVideo": "video"}


def test_catalog_tells_the_modes_of_a_model() -> None:
    assert CATALOG.modes_of("gen4_turbo") == ("image_to_video",)
    assert CATALOG.modes_of("aleph2") == ("video_to_video",)
    assert CATALOG.modes_of("gen9") == ()
    assert CATALOG.row("text_to_video", "gen4_turbo") is None
    assert CATALOG.row("audio", "gen4_turbo") is None
    assert "gen4.5" in CATALOG.models_with("text_to_video")
    assert "gen4_turbo" not in CATALOG.models_with("text_to_video")
    assert len(CATALOG.models()) == len(set(CATALOG.models()))
    assert {model for _, model, _ in ROWS} == set(CATALOG.models())


@pytest.mark.parametrize(("mode", "model", "row"), ROWS, ids=lambda value: str(value)[:30])
def test_each_row_of_the_catalog_is_whole(mode: str, model: str, row: Row) -> None:
    assert (row.picture is not None) == (mode == "image_to_video")
    assert (row.video is not None) == (mode == "video_to_video")
    assert "model" not in row.fields
    assert "promptText" in row.fields
    assert set(row.required) <= set(row.fields)
    assert (row.durations is None) == ("duration" not in row.fields)
    for node in walk(row.schema):
        assert set(node) <= KEYWORDS
    for rule in row.rules:
        named = {*rule.when, *rule.without, *rule.needs, *rule.one_of, *rule.fixed}
        assert named | {*rule.among, *rule.asked_only} <= {"*", *row.fields}
        for name, values in rule.among.items():
            assert set(values) <= set(row.fields[name]["enum"])
        assert rule.pictures in ("", "unmixed", "led")
        assert not rule.pictures or row.picture
        assert not rule.segments or "providerSettings" in row.fields


@pytest.mark.parametrize(("mode", "model", "row"), ROWS, ids=lambda value: str(value)[:30])
def test_the_ways_of_telling_a_size_match_the_fields(mode: str, model: str, row: Row) -> None:
    needs = {
        "ratio": {"ratio"},
        "aspect": {"ratio", "resolution"},
        "resolution": {"resolution"},
        "auto": {"ratio"},
        "none": set(),
    }[row.size.how]
    assert needs <= set(row.fields)
    if "resolution" in row.fields:
        assert not set(row.size.tiers) & set(row.fields["resolution"].get("deprecated", ()))
        assert all(tier == tier.lower() for tier in row.size.tiers)


def test_what_is_known_from_the_openapi_is_there() -> None:
    def field(catalog: Catalog, mode: str, model: str, name: str) -> dict[str, Any]:
        row = catalog.row(mode, model)
        assert row is not None
        return row.fields[name]

    text, video = "text_to_video", "video_to_video"
    assert field(CATALOG, text, "gen4.5", "duration") == {
        "type": "integer",
        "minimum": 2,
        "maximum": 10,
    }
    assert field(CATALOG, text, "veo3.1", "duration") == {"type": "integer", "enum": [4, 6, 8]}
    assert field(CATALOG, text, "seedance2", "duration")["anyOf"] == [
        {"type": "integer", "minimum": 4, "maximum": 15},
        {"type": "string", "const": "auto"},
    ]
    assert field(CATALOG, text, "hailuo3", "resolution")["deprecated"] == ["768P", "2K"]
    keyframes = field(CATALOG, video, "aleph2", "keyframes")
    assert keyframes["maxItems"] == 5
    assert keyframes["items"]["anyOf"][1]["properties"]["at"]["maximum"] == 1
    limits = {
        "gen4.5": 1000,
        "happyhorse_1_0": 2500,
        "seedance2": 3500,
        "gemini_omni_flash": 4000,
        "hailuo3": 6000,
        "seedance2_5": 15000,
    }
    for model, most in limits.items():
        assert field(CATALOG, text, model, "promptText")["maxLength"] == most


def test_a_duration_that_no_schema_gives_refuses_nothing() -> None:
    advisory = {model for _, model, row in ROWS if row.durations and row.durations.advisory}
    assert {"kling3.0_pro", "klingO3_4k", "grok_imagine_1_5_lite", "wan3_prime", "h3_max"} <= advisory
    assert advisory.isdisjoint(("gen4.5", "hailuo3", "seedance2", "gemini_omni_flash_1.1", "kling_4"))
    for _, model, row in ROWS:
        if model in advisory and row.durations:
            assert row.fields["duration"] == {"type": "integer", "minimum": 1}
            assert row.durations.max
            assert row.durations.assumed is None


def test_catalog_knows_field_names_of_all_depths() -> None:
    assert {"promptText", "publicFigureThreshold", "start_seconds", "uri"} <= CATALOG.names
    assert "model" not in CATALOG.names


def test_removed_models_have_successors_that_exist() -> None:
    assert {"gen4_aleph", "gen3a_turbo", "veo3"} <= set(CATALOG.removed)
    for name, gone in CATALOG.removed.items():
        assert not CATALOG.modes_of(name)
        assert CATALOG.modes_of(gone.successor)
