from __future__ import annotations

import json
import threading
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.json_body import NotJson, parse_json, read_json
from runway_videos.request_body.limits import DEPTH, VALUES


def refused(body: bytes) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read_json(body, Budget())
    assert caught.value.status == 400
    return caught.value


def test_nulls_of_objects_are_not_given_those_of_arrays_stay() -> None:
    body = b'{"a": null, "b": {"c": null, "d": [null, {"e": null}]}}'
    assert read_json(body, Budget()) == {"b": {"d": [None, {}]}}


def test_prototype_keys_are_plain_names() -> None:
    assert read_json(b'{"__proto__": {"x": 1}, "constructor": 2, "__class__": 3}', Budget()) == {
        "__proto__": {"x": 1},
        "constructor": 2,
        "__class__": 3,
    }


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"prompt" "x"}', "expected ':' at line 1, column 11"),
        (b'{\n  "prompt": "x",\n  seed: 1}', "at line 3, column 3"),
        (b'{"prompt": "x"', "ends too early"),
        (b'{"prompt": "x"} {', "trailing characters at line 1"),
        (b"{'prompt': 'x'}", "at line 1, column 2"),
        (b'{"a": NaN}', "invalid character at line 1, column 7"),
        (b'{"a": Infinity}', "invalid character at line 1, column 7"),
        (b'{"a": -Infinity}', "invalid character at line 1, column 8"),
        (b'{"a": 1e999}', "Number out of range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Integer value out of range"),
        (b'{"a": "x\ny"}', "at line 1, column 9"),
        (b'{"a": "\xff"}', "not UTF-8 at line 1, column 8"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8 at line 1, column 8"),
        (b"prompt=x", "at line 1, column 1"),
    ],
)
def test_bad_json_is_refused_saying_where(body: bytes, says: str) -> None:
    error = refused(body)
    assert says in error.message
    assert error.message.startswith("The body is not valid JSON: ")
    assert error.code == "invalid_json"


@pytest.mark.parametrize(
    "escape",
    [rb"\ud800", rb"\ud800 and more", rb"\uDFFF", rb"\udc00\ud800", rb"\\\ud800", rb"\ud83d\ude00 \ud83d"],
)
def test_half_a_surrogate_pair_is_refused_by_name(escape: bytes) -> None:
    assert "half of a surrogate pair" in refused(b'{"prompt": "' + escape + b'"}').message
    assert "half of a surrogate pair" in refused(b'{"p": "' + escape + b'", "q": 1}').message


def test_a_whole_surrogate_pair_and_an_escaped_backslash_are_fine() -> None:
    assert read_json(rb'{"a": "\ud83d\ude00", "b": "\\ud800"}', Budget()) == {"a": "😀", "b": r"\ud800"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "an array"),
        (b'"x"', "a string"),
        (b"null", "null"),
        (b"true", "true or false"),
        (b"7", "a number"),
    ],
)
def test_json_that_is_no_object(body: bytes, kind: str) -> None:
    assert f"but {kind}." in refused(body).message


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**300])
def test_numbers_beyond_64_bits_name_their_field(number: int) -> None:
    error = refused(b'{"seed": %d}' % number)
    assert error.param == "seed"
    assert "64 bits" in error.message
    assert refused(b'{"a": [{"b": %d}]}' % number).param == "a"


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63), 2**53 + 1])
def test_numbers_of_64_bits_stay_exact(number: int) -> None:
    assert read_json(b'{"seed": %d}' % number, Budget()) == {"seed": number}


def test_nesting_has_an_end() -> None:
    fits = b'{"a":' * DEPTH + b"1" + b"}" * DEPTH
    assert read_json(fits, Budget())
    deeper = b'{"a":' + fits + b"}"
    error = refused(deeper)
    assert (error.param, f"{DEPTH} levels" in error.message) == ("a", True)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"a":['])
def test_nesting_without_end_costs_nothing_in_a_thread_either(opening: bytes) -> None:
    errors: list[ApiError] = []
    body = b'{"a":' + opening * 20_000
    thread = threading.Thread(target=lambda: errors.append(refused(body)))
    thread.start()
    thread.join()
    assert str(VALUES) in errors[0].message


@pytest.mark.parametrize("item", [b"[],", b"{},", b"0,"])
def test_a_swarm_of_values_is_refused_before_they_are_made(item: bytes) -> None:
    body = b'{"a":[' + item * 1_000_000 + b"0]}"
    tracemalloc.start()
    try:
        message = refused(body).message
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(VALUES) in message
    assert peak < 100_000


def test_a_long_text_is_no_swarm() -> None:
    text = "data:image/png;base64," + "A" * 200_000
    assert read_json(json.dumps({"a": text}).encode(), Budget()) == {"a": text}


JSON_VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON_VALUES, max_size=5), st.booleans()
)
def test_json_round_trip(values: dict[str, object], ascii_only: bool) -> None:
    body = json.dumps(values, ensure_ascii=ascii_only).encode()
    assert read_json(body, Budget()) == values


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=60) | st.text(alphabet='{}[]":,\\ud8c01 eE-.truefalsn', max_size=40).map(str.encode)
)
def test_any_text_parses_or_is_refused(text: bytes) -> None:
    outcome = attempt(text)
    if isinstance(outcome, NotJson):
        assert str(outcome).endswith(".")
    elif isinstance(outcome, ApiError):
        assert outcome.param == "p"
    else:
        json.loads(text)


def attempt(text: bytes) -> object:
    try:
        return parse_json(text, Budget(), "p")
    except (NotJson, ApiError) as error:
        return error
