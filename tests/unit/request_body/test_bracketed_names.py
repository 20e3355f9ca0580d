from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.request_body import Upload
from runway_videos.request_body.bracketed_names import rebuild
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.limits import DEPTH, NAME

Pairs = list[tuple[str, str | Upload]]


def refused(pairs: Pairs) -> ApiError:
    with pytest.raises(ApiError) as caught:
        rebuild(pairs, Budget())
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    ("pairs", "values"),
    [
        ([("a", "1")], {"a": "1"}),
        ([("a", "1"), ("a", "2")], {"a": ["1", "2"]}),
        ([("a[]", "1")], {"a": ["1"]}),
        ([("a[b]", "1"), ("a[c][d]", "2")], {"a": {"b": "1", "c": {"d": "2"}}}),
        ([("a[b]", "1"), ("a[b]", "2")], {"a": {"b": ["1", "2"]}}),
        ([("a[b][]", "1"), ("a[b][]", "2")], {"a": {"b": ["1", "2"]}}),
        ([("a[1]", "y"), ("a[0]", "x")], {"a": ["x", "y"]}),
        ([("a[1][b]", "y"), ("a[0][b]", "x")], {"a": [{"b": "x"}, {"b": "y"}]}),
        ([("a[0]", "x"), ("a[b]", "y")], {"a": {"0": "x", "b": "y"}}),
        (
            [("a[][u]", "1"), ("a[][u]", "2"), ("a[][t]", "x"), ("a[][t]", "y")],
            {"a": [{"u": "1", "t": "x"}, {"u": "2", "t": "y"}]},
        ),
        (
            [("a[][u]", "1"), ("a[][t]", "x"), ("a[][u]", "2"), ("a[][t]", "y")],
            {"a": [{"u": "1", "t": "x"}, {"u": "2", "t": "y"}]},
        ),
        (
            [("a[][u]", "1"), ("a[][t]", "x"), ("a[][t]", "y"), ("a[][u]", "2")],
            {"a": [{"u": "1", "t": "x"}, {"u": "2", "t": "y"}]},
        ),
        ([("a[][p][q]", "1"), ("a[][p][q]", "2")], {"a": [{"p": {"q": "1"}}, {"p": {"q": "2"}}]}),
        ([("a[][u]", "1"), ("a[][p][]", "x"), ("a[][p][]", "y")], {"a": [{"u": "1", "p": ["x", "y"]}]}),
        ([("a[][]", "1")], {"a": [["1"]]}),
        ([("__proto__[x]", "1"), ("constructor", "2")], {"__proto__": {"x": "1"}, "constructor": "2"}),
        ([("a.b", "1"), ("é[夜]", "2")], {"a.b": "1", "é": {"夜": "2"}}),
    ],
)
def test_names_become_nesting(pairs: Pairs, values: dict[str, object]) -> None:
    assert rebuild(pairs, Budget()) == values


@pytest.mark.parametrize(
    ("pairs", "values"),
    [
        ([("a", "")], {}),
        ([("a", ""), ("a", "x")], {"a": "x"}),
        ([("a", ""), ("a[b]", "x")], {"a": {"b": "x"}}),
        ([("a[b]", ""), ("a[c]", "")], {}),
        ([("a[]", "")], {}),
        ([("a[]", "x"), ("a[]", "")], {"a": ["x"]}),
        ([("a[0]", "x"), ("a[1]", "")], {"a": ["x"]}),
        ([("a[]", ""), ("a[]", ""), ("a[][u]", "1"), ("a[][u]", "2")], {"a": [{"u": "1"}, {"u": "2"}]}),
        # Empty texts still hold their place in a column.
        (
            [("a[][u]", "1"), ("a[][t]", ""), ("a[][u]", "2"), ("a[][t]", "y")],
            {"a": [{"u": "1"}, {"u": "2", "t": "y"}]},
        ),
    ],
)
def test_empty_texts_are_not_given(pairs: Pairs, values: dict[str, object]) -> None:
    assert rebuild(pairs, Budget()) == values


def test_files_take_part() -> None:
    one, two = Upload(b"1", "", ""), Upload(b"", "", "")
    assert rebuild([("a[]", one), ("a[]", two)], Budget()) == {"a": [one, two]}
    assert rebuild([("a[][uri]", one), ("a[][tag]", "x")], Budget()) == {"a": [{"uri": one, "tag": "x"}]}


@pytest.mark.parametrize(
    ("pairs", "values"),
    [
        ([("a", '{"image_url": "x"}')], {"a": {"image_url": "x"}}),
        ([("a", ' [{"uri": 1, "tag": null}] ')], {"a": [{"uri": 1}]}),
        ([("a", '{"uri": 1}'), ("a", '{"uri": 2}')], {"a": [{"uri": 1}, {"uri": 2}]}),
        ([("a[]", '{"uri": 1}'), ("a[]", "https://x")], {"a": [{"uri": 1}, "https://x"]}),
        ([("a[0]", '{"uri": 1}')], {"a": [{"uri": 1}]}),
        ([("a", "{not json}")], {"a": "{not json}"}),
        ([("a", '{"x": "\\ud800"}')], {"a": '{"x": "\\ud800"}'}),
        ([("a", "5"), ("b", "true"), ("c", '"x"')], {"a": "5", "b": "true", "c": '"x"'}),
        ([("prompt", '{"scene": 1}')], {"prompt": '{"scene": 1}'}),
        ([("prompt[]", '{"scene": 1}')], {"prompt": ['{"scene": 1}']}),
        ([("negative_prompt", "[blur]")], {"negative_prompt": "[blur]"}),
        ([("negativePrompt", "[1]")], {"negativePrompt": "[1]"}),
        ([("a[tag]", "[1]")], {"a": {"tag": "[1]"}}),
    ],
)
def test_json_in_a_text(pairs: Pairs, values: dict[str, object]) -> None:
    assert rebuild(pairs, Budget()) == values


def test_json_in_a_text_has_the_limits_of_json() -> None:
    assert refused([("a", "[" * 40 + "]" * 40)]).param == "a"
    assert refused([("a", "[" + "1" * 30 + "]")]).param == "a"
    assert refused([("a", "[" + "0," * 200_000 + "0]")]).param == "a"


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "1"), ("a[b]", "2")],
        [("a[b]", "2"), ("a", "1")],
        [("a", "1"), ("a[]", "2")],
        [("a[]", "1"), ("a[b]", "2")],
        [("a[]", "1"), ("a[0]", "2")],
        [("a[]", "1"), ("a[][b]", "2")],
        [("a[b]", "1"), ("a[b][c]", "2")],
        [("a[][b]", "1"), ("a[][b][c]", "2")],
    ],
)
def test_conflicts(pairs: Pairs) -> None:
    error = refused(pairs)
    assert error.param == "a"
    assert "exclude each other" in error.message


@pytest.mark.parametrize(
    "names",
    [
        ["a[][u]", "a[][u]", "a[][t]"],
        ["a[][u]", "a[][t]", "a[][u]"],
        ["a[][]", "a[][]"],
        ["a[][p][]", "a[][p][]"],
        ["a[][u]", "a[][u]", "a[][p][]", "a[][p][]"],
    ],
)
def test_what_cannot_be_told_apart_is_refused_with_a_way_out(names: list[str]) -> None:
    error = refused([(name, "x") for name in names])
    assert error.param == "a"
    assert "JSON.stringify" in error.message
    rows = '[{"u": "1", "t": "x"}, {"u": "2"}]'
    assert rebuild([("a", rows)], Budget()) == {"a": [{"u": "1", "t": "x"}, {"u": "2"}]}


@pytest.mark.parametrize("names", [["a[1]"], ["a[0]", "a[2]"], ["a[0]", "a[00]"], ["a[9999]"]])
def test_indexes_have_no_gaps(names: list[str]) -> None:
    assert "count up from 0" in refused([(name, "x") for name in names]).message


@pytest.mark.parametrize("name", ["", "[a]", "a[b", "a]b", "a[b]c", "a[[b]]", "a[b][", "[]"])
def test_names_that_cannot_be_read(name: str) -> None:
    assert "cannot be read" in refused([(name, "x")]).message


def test_names_without_end() -> None:
    assert rebuild([("a" + "[b]" * DEPTH, "x")], Budget())
    for name in ("a" + "[b]" * (DEPTH + 1), "a" + "[]" * 100, "a" + "[b]" * 100_000, "a" * (NAME + 1)):
        error = refused([(name, "x")])
        assert len(error.message) < 200


def test_a_thousand_names_of_every_depth_stay_small_work() -> None:
    pairs: Pairs = [(f"a{'[b]' * (DEPTH - 1)}[{i}]", "x") for i in range(1_000)]
    value: object = rebuild(pairs, Budget())["a"]
    for _ in range(DEPTH - 1):
        assert isinstance(value, dict)
        value = value["b"]
    assert value == ["x"] * 1_000


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["a", "b", "[]", "[a]", "[0]", "[1]", "[", "]"]), max_size=5).map(
                "".join
            ),
            st.sampled_from(["", "x", "{}", "[1]", "{"]),
        ),
        max_size=6,
    )
)
def test_any_names_are_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    try:
        values = rebuild(pairs, Budget())
    except ApiError:
        return
    assert set(values) <= {name.partition("[")[0] for name, _ in pairs}
    assert None not in values.values()
