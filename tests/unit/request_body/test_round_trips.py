"""Nested values through the clients' own encodings and back.

openai-python does its part itself: the installed SDK runs against a transport that keeps the body.
openai-node's encoding is written down here, and held against the recording of the real one.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.request_body import read_fields
from unit.request_body.forms import TYPE, plain, recorded, texts
from unit.request_body.test_recorded import EXTRA_JSON

# The SDK moved from httpx to httpx2: use the one that it is built on.
_HTTP: Any = importlib.import_module(openai.DefaultHttpxClient.__mro__[1].__module__.split(".")[0])
_VIDEO = {"id": "video_1", "object": "video", "status": "queued"}

pytestmark = [pytest.mark.dependencies, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


class Python:
    """openai-python, with the last request that it made."""

    def __init__(self) -> None:
        self.content_type = ""
        self.body = b""
        transport = _HTTP.MockTransport(self._keep)
        self.client = openai.OpenAI(
            api_key="k", base_url="http://x/v1", http_client=_HTTP.Client(transport=transport)
        )

    def _keep(self, request: Any) -> Any:
        self.content_type, self.body = request.headers["content-type"], request.read()
        return _HTTP.Response(200, json=_VIDEO)

    def create(self, **arguments: Any) -> object:
        self.client.videos.create(**arguments)
        fields = read_fields(self.content_type, self.body)
        assert fields.form
        return plain(fields.values)


def node_pairs(key: str, value: object) -> Iterator[tuple[str, str]]:
    """openai-node's addFormValue."""
    if isinstance(value, list):
        for item in value:
            yield from node_pairs(f"{key}[]", item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from node_pairs(f"{key}[{name}]", item)
    else:
        yield key, as_text(value)


def as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_read(value: object) -> object:
    """What a form can say of a value: scalars as text; empty texts, objects and arrays not at all."""
    if isinstance(value, dict):
        members = {key: as_read(item) for key, item in value.items()}
        return {key: item for key, item in members.items() if item is not None} or None
    if isinstance(value, list):
        items = [as_read(item) for item in value]
        return [item for item in items if item is not None] or None
    return as_text(value) or None


# Keys that are neither indexes nor broken by the clients' own quoting.
KEYS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters='[]"\\%'),
    min_size=1,
    max_size=8,
).filter(lambda key: not key.isdigit())
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=12).filter(
    lambda text: not text.lstrip().startswith(("{", "["))
)
SCALARS = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
MEMBERS = st.recursive(SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=5)
# Objects of one shape: what a form can carry in an array.
ROWS = st.dictionaries(KEYS, st.lists(SCALARS, min_size=3, max_size=3), min_size=1, max_size=3).flatmap(
    lambda columns: st.integers(1, 3).map(
        lambda length: [{key: column[at] for key, column in columns.items()} for at in range(length)]
    )
)
VALUES = st.dictionaries(
    KEYS.filter(lambda key: "prompt" not in key.lower()),
    MEMBERS | st.lists(SCALARS, max_size=4) | ROWS | st.dictionaries(KEYS, ROWS | MEMBERS, max_size=2),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_openai_python(values: dict[str, object]) -> None:
    expected = as_read(values) or {}
    assert isinstance(expected, dict)
    assert Python().create(prompt="go", extra_body=values) == {"prompt": "go", **expected}


@settings(max_examples=80, deadline=None)
@given(VALUES)
def test_openai_node(values: dict[str, object]) -> None:
    pairs = [pair for key, value in values.items() for pair in node_pairs(key, value)]
    assert read_fields(TYPE, texts(pairs)).values == (as_read(values) or {})


def test_the_node_encoding_here_is_that_of_the_real_client() -> None:
    content_type, body = recorded("node-extra")
    boundary = content_type.partition("boundary=")[2]
    pairs = [("prompt", "go")]
    for key, value in EXTRA_JSON.items():
        pairs += node_pairs(key, value)
    ours = texts(pairs).replace(b"--xYz", b"--" + boundary.encode())
    # The client encodes its fields side by side, so that only the order within each is its own.
    assert sorted(ours.split(b"--" + boundary.encode())) == sorted(body.split(b"--" + boundary.encode()))
    assert read_fields(content_type, ours) == read_fields(content_type, body)


def test_openai_python_files() -> None:
    python = Python()
    data = bytes(range(256)) * 300
    assert python.create(prompt="go", input_reference=data) == {
        "prompt": "go",
        "input_reference": (data, "upload", "application/octet-stream"),
    }
    assert python.create(prompt="go", input_reference=("C:\\x\\é.png", data, "image/png")) == {
        "prompt": "go",
        "input_reference": (data, "é.png", "image/png"),
    }


def test_a_prompt_comes_through_as_it_is() -> None:
    for prompt in ('{"scene": 1}', "[1]", "a\r\n--b\r\n\r\nc", "  padded  ", "%22 %0D", "\\", "\0"):
        assert Python().create(prompt=prompt) == {"prompt": prompt}
