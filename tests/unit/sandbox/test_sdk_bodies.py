"""What the official SDK's types allow, the sandbox takes: bodies made from the types alone."""

from __future__ import annotations

import importlib
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, Required, Union, get_args, get_origin

import pydantic
import pytest
import typing_extensions
from runwayml._utils import maybe_transform

from runway_videos.sandbox import inputs
from runway_videos.sandbox.bodies import check, rows
from unit.sdk import IS_THE_CATALOGS, needs_the_catalogs_sdk

pytestmark = needs_the_catalogs_sdk

URL = "https://example.com/a"
# Legal for every model: the types say int, the limits are in the documentation.
NUMBERS = {"duration": 5, "start_seconds": 0, "end_seconds": 5}
# Fields that exclude most others; test_bodies has them.
ALONE = {"draft_task_id", "mode"}
# Plain strings that are no media.
WORDS = {"ratio": "1280:720"}


def variants() -> Iterator[tuple[str, str, type]]:
    """Mode, model and TypedDict of every body that the SDK knows."""
    for mode in rows():
        module = importlib.import_module(f"runwayml.types.{mode}_create_params")
        (params,) = [p for n, p in vars(module).items() if n.endswith("VideoCreateParams")]
        for variant in get_args(params):
            (model,) = get_args(get_args(fields(variant)["model"])[0])
            yield mode, model, variant


def fields(typed_dict: type) -> dict[str, Any]:
    return typing.get_type_hints(typed_dict, include_extras=True)


def required(typed_dict: type) -> list[str]:
    # __required_keys__ is empty: the SDK's annotations are strings when the class is made.
    return [name for name, hint in fields(typed_dict).items() if get_origin(hint) is Required]


def bare(hint: Any) -> Any:
    """A type without Required[] and Annotated[]."""
    while get_origin(hint) in (Annotated, Required):
        hint = get_args(hint)[0]
    return hint


def values(hint: Any, name: str) -> Iterator[Any]:
    """Values of each form that a type has; `name` is the field's, in snake case."""
    hint = bare(hint)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        for branch in get_args(hint):
            yield from values(branch, name)
    elif origin is Literal:
        yield from get_args(hint)
    elif typing_extensions.is_typeddict(hint):
        known = fields(hint)
        least = {key: next(values(known[key], key)) for key in required(hint)}
        yield least
        for key in known:
            for value in values(known[key], key):
                yield least | {key: value}
    elif origin is not None and issubclass(origin, Iterable) and origin is not dict:
        for value in values(get_args(hint)[0], name):
            yield [value]
    elif hint is object:
        yield {"uri": URL}
    elif hint is str:
        media = "uri" in name or "image" in name or "video" in name or name == "references"
        yield URL if media else WORDS.get(name, "a fox")
    elif hint in (int, float, bool):
        yield True if hint is bool else NUMBERS.get(name, 1)
    else:
        raise AssertionError(f"no value for {name}: {hint}")


ALL = list(variants()) if IS_THE_CATALOGS else []


def test_the_sandbox_knows_every_model_of_the_sdk() -> None:
    assert {(mode, model) for mode, model, _ in ALL} == {
        (mode, model) for mode, models in rows().items() for model in models
    }


@pytest.mark.parametrize(("mode", "model", "variant"), ALL, ids=[f"{m}-{n}" for m, n, _ in ALL])
def test_bodies_of_the_sdk_are_accepted(mode: str, model: str, variant: type) -> None:
    known = fields(variant)
    least = {name: next(values(known[name], name)) for name in required(variant)}
    made = [least] + [
        least | {name: value}
        for name in known.keys() - ALONE - {"model"}
        for value in values(known[name], name)
    ]
    adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(variant)
    for body in made:
        adapter.validate_python(body, strict=False)
        wire = maybe_transform(body, variant)
        assert check(wire, rows()[mode], inputs.problem) == [], body
    assert len(made) > len(known) - len(ALONE)
