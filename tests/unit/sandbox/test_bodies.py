from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runway_videos.sandbox import bodies, inputs
from runway_videos.sandbox.bodies import Issue, check, check_plain, rows

URL = "https://example.com/a"
ROWS = [(mode, model) for mode, models in rows().items() for model in models]
each_row = pytest.mark.parametrize(("mode", "model"), ROWS)


def found(mode: str, body: object) -> list[Issue]:
    return check(body, rows()[mode], inputs.problem)


def codes(issues: list[Issue]) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(issue.code, issue.path) for issue in issues]


def smallest(schema: dict[str, Any]) -> Any:
    """The plainest value that a schema takes."""
    if "anyOf" in schema:
        return smallest(schema["anyOf"][0])
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            known = schema.get("properties", {})
            return {name: smallest(known[name]) for name in schema.get("required", ())}
        case "array":
            return [smallest(schema["items"])] * schema.get("minItems", 0)
        case "string":
            return URL if "media" in schema else "x" * schema.get("minLength", 0)
        case "boolean":
            return True
        case _:
            return schema.get("minimum", 1)


def minimal(mode: str, model: str) -> dict[str, Any]:
    body: dict[str, Any] = smallest(dict(rows()[mode][model]["schema"]))
    return {"model": model, **body}


@each_row
def test_the_plainest_body_of_each_model_is_accepted(mode: str, model: str) -> None:
    assert found(mode, minimal(mode, model)) == []


@each_row
def test_one_field_too_many_is_refused(mode: str, model: str) -> None:
    issues = found(mode, minimal(mode, model) | {"sparkle": 1})
    assert issues == [
        Issue("unrecognized_keys", (), "Unrecognized key(s) in object: 'sparkle'", ("sparkle",))
    ]


@each_row
def test_each_required_field_is_asked_for(mode: str, model: str) -> None:
    body = minimal(mode, model)
    for name in rows()[mode][model]["schema"]["required"]:
        rest = {key: value for key, value in body.items() if key != name}
        assert found(mode, rest) == [Issue("invalid_type", (name,), "Required")]


def wrong(schema: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """Values that a schema refuses, and the code of the refusal."""
    if "anyOf" in schema:
        yield None, "invalid_union"
        return
    yield None, "invalid_type"
    if "const" in schema:
        yield {"string": "?", "integer": -7}[schema["type"]], "invalid_literal"
    elif "enum" in schema:
        yield {"string": "?", "integer": -7}[schema["type"]], "invalid_enum_value"
    elif "media" in schema:
        yield "http://example.com/a", "custom"
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1), "too_big"
    if schema.get("minLength"):
        yield "x" * (schema["minLength"] - 1), "too_small"
    if "maximum" in schema:
        yield schema["maximum"] + 1, "too_big"
    if "minimum" in schema:
        yield schema["minimum"] - 1, "too_small"
    if "maxItems" in schema:
        yield [smallest(schema["items"])] * (schema["maxItems"] + 1), "too_big"


@each_row
def test_illegal_values_of_each_field_are_refused_by_name(mode: str, model: str) -> None:
    body = minimal(mode, model)
    for name, schema in rows()[mode][model]["schema"]["properties"].items():
        for value, code in wrong(schema):
            issues = found(mode, body | {name: value})
            assert (code, (name,)) in codes(issues), (name, value)


def test_an_unknown_model_is_refused_with_those_that_are_known() -> None:
    for model in ("gen9", "aleph2", None, 5, ["gen4.5"]):
        (issue,) = found("text_to_video", {"model": model, "promptText": "a fox"})
        assert (issue.code, issue.path) == ("invalid_union_discriminator", ("model",))
        assert "'gen4.5' | 'veo3.1'" in issue.message
    assert codes(found("text_to_video", {})) == [("invalid_union_discriminator", ("model",))]


@pytest.mark.parametrize(("body", "name"), [(None, "null"), ([], "array"), ("{}", "string"), (1.5, "number")])
def test_a_body_that_is_no_object_is_refused(body: object, name: str) -> None:
    expected = Issue("invalid_type", (), f"Expected object, received {name}")
    assert found("text_to_video", body) == [expected]


def test_the_prompt_is_counted_in_utf_16_units() -> None:
    body = minimal("text_to_video", "gen4.5")
    assert found("text_to_video", body | {"promptText": "🦊" * 500}) == []
    (issue,) = found("text_to_video", body | {"promptText": "🦊" * 500 + "."})
    assert issue.message == "String must contain at most 1000 character(s)"
    # Half of a pair can come in as an escape.
    assert found("text_to_video", body | {"promptText": "\ud800" * 1000}) == []


def test_all_issues_of_a_body_are_reported_together() -> None:
    body = {"model": "gen4.5", "promptText": "", "duration": "5", "ratio": "1:1", "n": 1}
    assert codes(found("text_to_video", body)) == [
        ("too_small", ("promptText",)),
        ("invalid_type", ("duration",)),
        ("invalid_enum_value", ("ratio",)),
        ("unrecognized_keys", ()),
    ]


def test_the_path_of_an_issue_in_a_list_or_object() -> None:
    body = minimal("image_to_video", "gen4.5")
    images = [{"uri": "http://example.com", "position": "first"}]
    assert codes(found("image_to_video", body | {"promptImage": images})) == [
        ("custom", ("promptImage", 0, "uri"))
    ]
    images = [{"uri": URL, "position": "middle"}]
    (issue,) = found("image_to_video", body | {"promptImage": images})
    assert issue.path == ("promptImage", 0, "position")
    moderation = {"publicFigureThreshold": "auto", "tag": 1}
    (issue,) = found("image_to_video", body | {"contentModeration": moderation})
    assert (issue.path, issue.keys) == (("contentModeration",), ("tag",))


def test_issues_of_a_union_are_those_of_the_closest_branch() -> None:
    body = minimal("image_to_video", "seedance2")
    assert found("image_to_video", body | {"duration": "auto"}) == []
    assert codes(found("image_to_video", body | {"duration": 99})) == [("too_big", ("duration",))]
    assert codes(found("image_to_video", body | {"duration": "long"})) == [("invalid_literal", ("duration",))]
    assert codes(found("image_to_video", body | {"duration": True})) == [("invalid_union", ("duration",))]


def test_an_open_object_takes_further_keys() -> None:
    body = minimal("image_to_video", "hailuo3") | {"promptImage": [{"uri": URL, "new": 1}]}
    assert found("image_to_video", body) == []


def test_whole_floats_are_integers_and_booleans_are_not() -> None:
    number: bodies.Schema = {"type": "integer", "enum": [1, 5]}
    assert check_plain(5, number) == []
    assert check_plain(5.0, number) == []
    assert codes(check_plain(5.5, number)) == [("invalid_type", ())]
    assert codes(check_plain(True, number)) == [("invalid_type", ())]
    assert codes(check_plain(True, {"enum": [1]})) == [("invalid_enum_value", ())]
    assert check_plain(5, {"type": "number"}) == []


def test_fields_that_exclude_or_need_each_other() -> None:
    body = minimal("video_to_video", "seedance2_5")
    assert codes(found("video_to_video", body | {"mode": "extend", "ratio": "1280:720"})) == [
        ("custom", ("ratio",)),
        ("custom", ("promptText",)),
    ]
    edit = body | {"mode": "edit", "promptText": "x"}
    assert found("video_to_video", edit | {"duration": "auto"}) == []
    assert codes(found("video_to_video", edit | {"duration": 5})) == [("custom", ("duration",))]

    draft = {"model": "seedance2_5", "draftTaskId": "x"}
    assert found("text_to_video", draft) == []
    issues = found("text_to_video", draft | {"promptText": "x"})
    assert codes(issues) == [("custom", ("promptText",))]


def test_frames_that_need_an_automatic_size() -> None:
    body = minimal("image_to_video", "wan3") | {"ratio": "1280:720"}
    assert found("image_to_video", body | {"promptImage": [{"uri": URL}]}) == []
    framed = body | {"promptImage": [{"uri": URL, "position": "first"}]}
    assert codes(found("image_to_video", framed)) == [("custom", ("ratio",))]
    assert found("image_to_video", framed | {"ratio": "auto_720p"}) == []
