"""Every mode and model of the catalog: what goes out is what the SDK's own types allow."""

from __future__ import annotations

from typing import Any, get_type_hints

import pydantic
import pytest

from runway_videos.request_body import Value
from runway_videos.translate.field_names import client_param
from unit.sdk import needs_the_catalogs_sdk
from unit.translate.rows import (
    APART,
    ROWS,
    as_form,
    everything,
    plainest,
    plan,
    refusal,
    row_of,
    typed_dicts,
    verdict,
    wire_body,
)

every_row = pytest.mark.parametrize(("mode", "model"), ROWS)


@every_row
def test_the_verdict_knows_an_extra_key_and_a_missing_one(mode: str, model: str) -> None:
    good = wire_body(plan(**plainest(mode, model)))
    adapter = verdict(mode, model)
    with pytest.raises(pydantic.ValidationError, match="Extra inputs are not permitted"):
        adapter.validate_python({**good, "surprise": 1})
    for name in row_of(mode, model).required:
        with pytest.raises(pydantic.ValidationError, match="Field required"):
            adapter.validate_python({key: good[key] for key in good if key != name})


def test_the_verdict_knows_an_extra_key_deep_inside() -> None:
    values = everything("video_to_video", "aleph2")
    body = wire_body(plan(**values))
    body["keyframes"][0]["range"]["surprise"] = 1
    with pytest.raises(pydantic.ValidationError):
        verdict("video_to_video", "aleph2").validate_python(body)


@every_row
def test_the_plainest_request(mode: str, model: str) -> None:
    made = plan(**plainest(mode, model))
    body = wire_body(made)
    row = row_of(mode, model)
    assert made.call.path == f"/v1/{mode}"
    assert body["model"] == model
    assert body["promptText"] == made.prompt == "a paper boat"
    # Nothing but what was asked, and the defaults that make the answer's seconds and size true.
    assert set(body) <= {
        *("model", "promptText", "duration", "ratio", "resolution"),
        *filter(None, (row.picture, row.video)),
    }
    if "duration" in row.fields:
        assert made.seconds == str(body["duration"])
    assert made.model == f"runway/{model}"
    assert made.ignored == ()


@needs_the_catalogs_sdk
@every_row
@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
def test_everything_that_the_model_takes(mode: str, model: str, form: bool) -> None:
    values = everything(mode, model)
    field: Any = as_form(values) if form else values
    body = wire_body(plan(form, **field))
    # From the SDK, not from the catalog: a field that the generator lost would be missing here.
    hints = get_type_hints(typed_dicts(mode)[model], include_extras=True)
    expected = {name.replace("_", "").lower() for name in hints}
    expected -= {name.lower() for name in APART}
    assert {name.lower() for name in body} == expected - unsent(mode, model)


def unsent(mode: str, model: str) -> set[str]:
    """A `ratio` that is free text is no size: only a client that names it sends it."""
    row = row_of(mode, model)
    return {"ratio"} if row.size.how == "none" and "ratio" in row.fields else set()


@every_row
def test_camel_case_is_understood_as_well(mode: str, model: str) -> None:
    values = everything(mode, model)
    camel: dict[str, Value] = {name: values[name] for name in ("model", "size")}
    for wire in row_of(mode, model).fields:
        if wire != "ratio" and (name := client_param([wire])) in values:
            camel[wire] = values[name]
    assert plan(**camel).call.body == plan(**values).call.body


@every_row
def test_an_unknown_field_is_refused_by_name(mode: str, model: str) -> None:
    error = refusal(**plainest(mode, model), not_a_field=1)
    assert (error.status, error.param, error.code) == (400, "not_a_field", "unknown_parameter")
    assert model in error.message
    assert "prompt" in error.message


def spoiled(schema: dict[str, Any]) -> Any:
    if "media" in schema:
        return "http://example.com/a"
    if schema.get("maxLength"):
        return "x" * (schema["maxLength"] + 1)
    if schema.get("type") == "string" and "enum" not in schema:
        return ["words"]
    return {"type": "nonsense"} if schema.get("type") != "object" else "nonsense"


@every_row
def test_an_illegal_value_of_each_field_is_refused_by_name(mode: str, model: str) -> None:
    for wire, schema in row_of(mode, model).fields.items():
        name = client_param([wire])
        name = wire if wire == "ratio" else name
        error = refusal(**{**plainest(mode, model), name: spoiled(schema)})
        assert error.status == 400, wire
        assert error.param is not None
        assert error.param.partition("[")[0].partition(".")[0] == name, error.message
        assert name in error.message


@every_row
def test_too_short_and_too_long(mode: str, model: str) -> None:
    durations = row_of(mode, model).durations
    if durations is None:
        assert "duration" not in plan(**plainest(mode, model), seconds=7).call.body
        assert plan(**plainest(mode, model), seconds=7).seconds == "7"
        return
    most = max(durations.values, default=durations.max or 3600)
    if durations.advisory:
        assert plan(**plainest(mode, model), seconds=most + 1).call.body["duration"] == most + 1
        most = 3600
    for wrong in (0, most + 1, "soon", 4.5, True, -4, "1e1", 10**30, "9" * 5000):
        error = refusal(**plainest(mode, model), seconds=wrong)
        assert (error.status, error.param) == (400, "seconds"), error.message
    assert plan(**plainest(mode, model), seconds=str(most)).call.body["duration"] == most


@every_row
def test_a_prompt_at_its_limit(mode: str, model: str) -> None:
    most = row_of(mode, model).fields["promptText"].get("maxLength")
    if most is None:
        assert plan(**{**plainest(mode, model), "prompt": "x" * 32_000}).prompt == "x" * 32_000
        return
    # An emoji is two UTF-16 code units.
    assert plan(**{**plainest(mode, model), "prompt": "🎬" * (most // 2)})
    error = refusal(**{**plainest(mode, model), "prompt": "🎬" * (most // 2) + "x"})
    assert (error.status, error.param) == (400, "prompt")
    assert str(most) in error.message
    assert str(most + 1) in error.message


@every_row
def test_a_missing_prompt(mode: str, model: str) -> None:
    values = plainest(mode, model)
    del values["prompt"]
    row = row_of(mode, model)
    asks = "promptText" in row.required or any(rule.one_of and not rule.when for rule in row.rules)
    nothing: list[dict[str, Value]] = [{}, {"prompt": ""}, {"prompt": "  "}]
    for empty in nothing:
        if asks:
            error = refusal(**values, **empty)
            assert (error.status, error.param) == (400, "prompt")
        else:
            assert "promptText" not in wire_body(plan(**values, **empty))
            # Runway judges whether the segments of `provider_settings` say enough.
            assert mode != "text_to_video" or "providerSettings" in row.fields
