"""`runway_aliases`: what each form becomes, and every mistake named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_videos.config.aliases import DEFAULT_ALIASES
from runway_videos.config.conf_file import ConfigError
from unit.config.option_values import settings_from

type Pairs = tuple[tuple[str, tuple[str, ...]], ...]


@pytest.mark.parametrize(
    ("aliases", "pairs"),
    [
        ([], ()),
        ("a=gen4.5", (("a", ("gen4.5",)),)),
        ([" my-model = runway/gen4.5 "], (("my-model", ("gen4.5",)),)),
        (["a=b=c"], (("a", ("b=c",)),)),
        (["a=b|c"], (("a", ("b", "c")),)),
        ([" a = runway/b | c | b "], (("a", ("b", "c")),)),
        (["a|b=c"], (("a|b", ("c",)),)),
        (list(DEFAULT_ALIASES[1:2]), (("sora-2*", ("seedance2_mini", "seedance2_5")),)),
    ],
)
def test_aliases_are_read_as_a_pattern_and_models(aliases: object, pairs: Pairs) -> None:
    assert settings_from(aliases=aliases).aliases == pairs


@pytest.mark.parametrize(
    "alias",
    [
        "",
        "a",
        "=b",
        "a=",
        " = ",
        "a=runway/",
        "a b=c",
        "a=b c",
        "a=b\nc",
        "a=|",
        "a=b|",
        "a=|b",
        "a=b||c",
        5,
        None,
    ],
)
def test_a_wrong_alias_is_shown_how(alias: object) -> None:
    how = r"pattern=model or pattern=model\|model, like sora-2\*=seedance2_mini\|seedance2_5"
    with pytest.raises(ConfigError, match=f"^runway_aliases: .* must be {how}$"):
        settings_from(aliases=["a=b", alias])


WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="|="), min_size=1)


@given(WORDS, st.lists(WORDS.filter(lambda word: not word.startswith("runway/")), min_size=1, unique=True))
def test_what_is_written_is_read(pattern: str, models: list[str]) -> None:
    assert settings_from(aliases=[f"{pattern}={'|'.join(models)}"]).aliases == ((pattern, tuple(models)),)
