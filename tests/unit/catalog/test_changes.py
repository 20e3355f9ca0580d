"""A refresh of the catalog says what it changed."""

from __future__ import annotations

from typing import Any

from runway_videos.catalog.changes import changes, count_of


def row(picture: str | None = None, **properties: object) -> dict[str, Any]:
    return {"schema": {"properties": properties, "required": ["promptText"]}, "picture": picture}


def catalog(sdk: str = "1.0", **modes: dict[str, Any]) -> dict[str, Any]:
    return {"sdk": sdk, "modes": modes}


def test_nothing_changed() -> None:
    same = catalog(text={"a": row(), "b": row()}, image={"a": row("promptImage")})
    assert changes(same, same) == []
    assert count_of(same) == 2


def test_each_model_is_told_by_what_became_of_it() -> None:
    old = catalog(text={"a": row(seed={}, ratio={"enum": [1]}), "b": row()}, image={"a": row("x")})
    new = catalog("1.1", text={"a": row(ratio={"enum": [2]}, audio={}), "c": row()}, image={"a": row("y")})
    assert changes(old, new) == [
        "  a in text: -seed, ratio, +audio",
        "- b in text",
        "+ c in text",
        "  a in image: picture",
        "runwayml 1.0 -> 1.1",
    ]


def test_a_first_catalog_is_all_new() -> None:
    assert changes({}, catalog(text={"a": row()})) == ["+ a in text", "runwayml (none) -> 1.0"]


def test_a_change_of_what_is_required_is_one() -> None:
    after = row()
    after["schema"]["required"] = []
    assert changes(catalog(text={"a": row()}), catalog(text={"a": after})) == ["  a in text: required"]
