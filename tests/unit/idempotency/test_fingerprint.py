"""Equal contents have equal digests, and no others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.idempotency.fingerprint import fingerprint_of
from runway_videos.request_body import Upload, Value

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.floats(allow_nan=False))
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


def spelled(value: Value) -> str:
    """A spelling that tells all values apart; JSON does, with sorted names."""
    return json.dumps(value, sort_keys=True)


def upload(data: bytes | memoryview, filename: str = "upload") -> Upload:
    return Upload(data=data, filename=filename, label="application/octet-stream")


@settings(max_examples=400, deadline=None)
@given(OBJECTS, OBJECTS)
def test_digests_are_equal_exactly_when_contents_are(one: dict[str, Value], other: dict[str, Value]) -> None:
    assert (fingerprint_of(one) == fingerprint_of(other)) == (spelled(one) == spelled(other))


@settings(max_examples=100, deadline=None)
@given(OBJECTS)
def test_the_order_of_names_does_not_matter(values: dict[str, Value]) -> None:
    turned = dict(reversed(list(values.items())))
    assert fingerprint_of(turned) == fingerprint_of(values)
    assert len(fingerprint_of(values)) == 32


NEAR: list[dict[str, Value]] = [
    {},
    {"a": None},
    {"a": ""},
    {"a": "b"},
    {"ab": ""},
    {"a": "1"},
    {"a": 1},
    {"a": 1.0},
    {"a": True},
    {"a": "True"},
    {"a": -1},
    {"a": 0},
    {"a": 0.0},
    {"a": False},
    {"a": []},
    {"a": {}},
    {"a": [[]]},
    {"a": ["b", "c"]},
    {"a": ["bc"]},
    {"a": [["b"], "c"]},
    {"a": [["b", "c"]]},
    {"a": {"b": "c"}},
    {"a": "b", "c": "d"},
    {"a": ["b", "c", "d"]},
    {"a": upload(b"")},
    {"a": upload(b"b")},
    {"a": upload(b"x" * 5000)},
    {"a": "\ud800"},
    {"a": 10**40},
]


def test_near_contents_stay_apart() -> None:
    assert len({fingerprint_of(values) for values in NEAR}) == len(NEAR)


def test_a_file_counts_by_its_bytes_alone() -> None:
    body = b"--boundary" + b"x" * 10_000
    one = fingerprint_of({"prompt": "p", "input_reference": upload(memoryview(body)[10:])})
    assert one == fingerprint_of({"prompt": "p", "input_reference": upload(b"x" * 10_000, "other.png")})
    assert one != fingerprint_of({"prompt": "p", "input_reference": upload(b"x" * 9_999 + b"y")})


def test_deep_nesting_does_not_overflow() -> None:
    value: Value = "x"
    for _ in range(50_000):
        value = [value]
    assert len(fingerprint_of({"a": value})) == 32


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        fingerprint_of({"a": b"x"})  # type: ignore[dict-item]
