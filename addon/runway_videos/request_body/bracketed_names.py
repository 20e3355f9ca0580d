"""Flattened names -> nested values: `a[b]`, `a[]`, `a[0][b]`, `a[][b]`.

Forms have no nesting, so the SDKs spell it in the names. Objects in arrays come as columns:
openai-python sends all `references[][uri]`, then all `references[][tag]`; openai-node sends object
by object. Both keep the order within a column, so columns of one length are put together again.
When an object lacks a member its column is shorter, and nothing tells which object that was: that
is refused, not guessed.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable

from runway_videos.errors import ApiError, bad_request
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.content_type import text_of
from runway_videos.request_body.fields import LargeText, Upload, Value, quoted
from runway_videos.request_body.json_body import NotJson, parse_json
from runway_videos.request_body.large_data_uris import whole_data_uri
from runway_videos.request_body.limits import DEPTH, NAME

type _Leaf = str | Upload | LargeText
type _Path = tuple[str, ...]
type _Entries = list[tuple[_Path, _Leaf]]

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INDEX = re.compile(r"[0-9]{1,4}")

# Free text, which may look like JSON without being meant as such.
_PROSE = frozenset(("prompt", "prompt_text", "promptText", "negative_prompt", "negativePrompt"))


def rebuild(fields: Iterable[tuple[str, _Leaf]], budget: Budget) -> dict[str, Value]:
    """A form's fields as the nested values that its client had. Raises ApiError 400.

    An empty text is "not given", wherever it stands.
    """
    grouped: dict[str, _Entries] = {}
    for name, leaf in fields:
        root, path = _split(name)
        grouped.setdefault(root, []).append((path, leaf))
    values = {root: _build(root, entries, budget, prose=root in _PROSE) for root, entries in grouped.items()}
    return {root: value for root, value in values.items() if value is not None}


def _split(name: str) -> tuple[str, _Path]:
    if len(name) > NAME:
        raise bad_request(f"A field's name is longer than {NAME} characters: {quoted(name)}.")
    match = _NAME.fullmatch(name)
    if match is None:
        raise bad_request(f"The field name {quoted(name)} cannot be read: use name, name[key] or name[].")
    path = tuple(match[2][1:-1].split("][")) if match[2] else ()
    if len(path) > DEPTH:
        raise bad_request(f"The field {quoted(name)} is nested more than {DEPTH} levels deep.", match[1])
    return match[1], path


def _build(root: str, entries: _Entries, budget: Budget, prose: bool) -> Value:
    """The value under one name; None when nothing was given. `prose`: a text is never JSON."""
    bare = [leaf for path, leaf in entries if not path and leaf != ""]
    deep = [(path, leaf) for path, leaf in entries if path]
    if bare and deep:
        raise _conflict(root)
    if not deep:
        values = [_value(root, leaf, budget, prose) for leaf in bare]
        return values if len(values) > 1 else (values[0] if values else None)
    branches: dict[str, _Entries] = {}
    for path, leaf in deep:
        branches.setdefault(path[0], []).append((path[1:], leaf))
    if "" in branches:
        if len(branches) > 1:
            raise _conflict(root)
        return _array(root, branches[""], budget, prose)
    if all(map(_INDEX.fullmatch, branches)):
        return _indexed(root, branches, budget, prose)
    members = {key: _build(root, branch, budget, prose=True) for key, branch in branches.items()}
    return {key: value for key, value in members.items() if value is not None} or None


def _indexed(root: str, branches: dict[str, _Entries], budget: Budget, prose: bool) -> Value:
    positions = {int(key): branch for key, branch in branches.items()}
    if sorted(positions) != list(range(len(branches))):
        raise bad_request(f"The indexes of {quoted(root)} must count up from 0 without gaps.", root)
    items = [_build(root, positions[at], budget, prose) for at in range(len(positions))]
    return [item for item in items if item is not None] or None


def _array(root: str, entries: _Entries, budget: Budget, prose: bool) -> Value:
    """What came as `name[]…`, the `[]` taken off."""
    if not any(path for path, _ in entries):
        return [_value(root, leaf, budget, prose) for _, leaf in entries if leaf != ""] or None
    columns: dict[_Path, list[_Leaf]] = {}
    for path, leaf in entries:
        columns.setdefault(path, []).append(leaf)
    if any(leaf != "" for leaf in columns.pop((), ())):
        raise _conflict(root)
    # A column of arrays can only be told apart when there is one object for it to belong to.
    plain = {len(leaves) for path, leaves in columns.items() if "" not in path}
    nested = [len(leaves) for path, leaves in columns.items() if "" in path]
    if nested and (plain == {1} or (not plain and set(nested) == {1})):
        item = _build(root, entries, budget, prose)
        return None if item is None else [item]
    if nested or len(plain) != 1:
        raise _ragged(root, columns)
    rows = [[(path, leaves[at]) for path, leaves in columns.items()] for at in range(plain.pop())]
    items = [_build(root, row, budget, prose) for row in rows]
    return [item for item in items if item is not None] or None


def _value(root: str, leaf: _Leaf, budget: Budget, prose: bool) -> Value:
    if isinstance(leaf, LargeText):
        return _large_value(root, leaf, budget, prose)
    if prose or not isinstance(leaf, str) or leaf[:64].lstrip()[:1] not in ("{", "["):
        return leaf
    try:
        return parse_json(leaf.encode(), budget, root)
    except NotJson:
        return leaf


def _large_value(root: str, leaf: LargeText, budget: Budget, prose: bool) -> Value:
    """A file where the text is a data URI, what JSON says, else the text: it never is a string twice."""
    data = bytes(leaf.data)
    if upload := whole_data_uri(data):
        return upload
    if not prose and data[:64].lstrip()[:1] in (b"{", b"["):
        with contextlib.suppress(NotJson):
            return parse_json(data, budget, root, leaf.charset)
    budget.spend_text(len(data), leaf.name)
    return text_of(data, leaf.charset, f"The field {quoted(leaf.name)}", leaf.name)


def _conflict(root: str) -> ApiError:
    return bad_request(
        f"{quoted(root)} is given in ways that exclude each other: as a value, as name[key] or as "
        "name[]. Use one of them.",
        root,
    )


def _ragged(root: str, columns: dict[_Path, list[_Leaf]]) -> ApiError:
    counts = ", ".join(
        f"{len(leaves)} x {quoted(root + '[]' + ''.join(f'[{key}]' for key in path))}"
        for path, leaves in columns.items()
    )
    return bad_request(
        f"The objects in {quoted(root)} cannot be told apart: a form carries them as columns, and "
        f"these have different lengths ({counts[:200]}). Give every object the same keys, or send "
        f"{quoted(root)} as one text that holds the JSON array, in openai-python with json.dumps, "
        "in Node with JSON.stringify.",
        root,
    )
