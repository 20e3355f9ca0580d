"""Keys and callers in the settings: where they come from, what can be said of them, what is wrong."""

from __future__ import annotations

import pytest

from runway_videos.config.caller_options import Caller
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import SANDBOX_KEY
from runway_videos.keys.pool import Key
from unit.config.option_values import RUNWAY_KEY, settings_from

SECRETS = {"A": "key_aaaa", "B": "key_bbbb", "TOKEN": "tok_tttt_01234567"}


def key(name: str = "a", value: object = "env.A", **more: object) -> dict[str, object]:
    return {"name": name, "value": value, **more}


def refused(problem: str, **options: object) -> str:
    with pytest.raises(ConfigError, match=problem) as caught:
        settings_from(SECRETS, **options)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize(
    ("environ", "value"),
    [
        ({"RUNWAY_API_KEY": RUNWAY_KEY, "RUNWAYML_API_SECRET": "key_2"}, RUNWAY_KEY),
        ({"RUNWAYML_API_SECRET": f"{RUNWAY_KEY}\n"}, RUNWAY_KEY),
        ({"RUNWAY_API_KEY": "", "RUNWAYML_API_SECRET": RUNWAY_KEY}, RUNWAY_KEY),
        ({"RUNWAY_API_KEY": " \n", "RUNWAYML_API_SECRET": RUNWAY_KEY}, RUNWAY_KEY),
    ],
)
def test_without_keys_one_comes_from_the_environment(environ: dict[str, str], value: str) -> None:
    found = settings_from(environ)
    assert found.keys == (Key(name="default", value=value),)
    assert found.warnings == ()


def test_keys_that_are_set_put_the_environments_aside() -> None:
    found = settings_from({"A": "key_1", "RUNWAY_API_KEY": "key_2"}, keys=[key()])
    assert [each.value for each in found.keys] == ["key_1"]
    # Not even when none of them is left: the operator meant other keys.
    assert settings_from({"RUNWAY_API_KEY": "key_2"}, keys=[key()]).keys == ()


def test_a_bad_key_in_the_environment_is_named_by_its_variable() -> None:
    with pytest.raises(ConfigError, match=r"^RUNWAYML_API_SECRET: .*visible ASCII without spaces") as caught:
        settings_from({"RUNWAYML_API_SECRET": "key_1 key_2"})
    assert "key_1" not in str(caught.value)


def test_everything_that_can_be_said_of_a_key() -> None:
    found = settings_from(
        SECRETS,
        keys=[
            key(models=["seedance*", "runway/gen4.5"], weight=0.5, on_behalf_of="org-1"),
            key("b.2", "env.B", weight=0),
        ],
    )
    assert found.keys == (
        Key("a", "key_aaaa", ("seedance*", "runway/gen4.5"), 0.5, "org-1"),
        Key("b.2", "key_bbbb", ("*",), 0.0, None),
    )


def test_a_missing_variable_is_named_and_the_other_keys_serve() -> None:
    found = settings_from(SECRETS | {"A": RUNWAY_KEY}, keys=[key("x", "env.NOT_SET"), key()])
    assert [each.name for each in found.keys] == ["a"]
    (warning,) = found.warnings
    assert warning.startswith("runway_keys: x ")
    assert "NOT_SET" in warning


@pytest.mark.parametrize("weight", [-1, -0.5, float("nan"), float("inf"), 10**400, "1", True, None, [1]])
def test_a_weight_is_a_number_of_0_or_more(weight: object) -> None:
    refused("^runway_keys: weight of a must be a number of 0 or more$", keys=[key(weight=weight)])


@pytest.mark.parametrize("models", [None, "*", [], [""], ["gen4 5"], [5], ["*", None], {"gen4.5": 1}])
def test_models_are_a_list_of_patterns(models: object) -> None:
    refused(r'^runway_keys: models of a must be a list of patterns like \["\*"\]$', keys=[key(models=models)])


@pytest.mark.parametrize("behalf", ["", "two words", "a\r\nX-Evil: 1", "ä", 5, True])
def test_on_behalf_of_is_good_for_a_header(behalf: object) -> None:
    refused("^runway_keys: on_behalf_of of a must be visible ASCII text$", keys=[key(on_behalf_of=behalf)])


def test_the_sandbox_needs_no_key_and_takes_no_real_one() -> None:
    found = settings_from({"RUNWAY_API_KEY": "key_1"}, sandbox=True, keys=[key("x", "env.NOT_SET")])
    assert found.keys == (SANDBOX_KEY,)
    assert found.sandbox


# Callers


def test_callers_have_names_and_tokens() -> None:
    found = settings_from(SECRETS, callers=[key("app-1", "env.TOKEN"), key("app-2", "tok_written_01234567")])
    assert found.callers == (
        Caller("app-1", "tok_tttt_01234567"),
        Caller("app-2", "tok_written_01234567"),
    )
    (warning,) = found.warnings
    assert warning.startswith("runway_callers: app-2 ")


def test_a_callers_missing_variable_ends_the_start() -> None:
    refused(
        "^runway_callers: app: the environment variable NOT_SET is not set$",
        callers=[key("app", "env.NOT_SET")],
    )


def test_two_callers_need_two_tokens() -> None:
    message = refused(
        "^runway_callers: b has the token of another caller$", callers=[key("a"), key("b", "env.A")]
    )
    assert "key_aaaa" not in message
    refused(
        "'weight' is no field of a caller; allowed: name, value, pass_token, models", callers=[key(weight=1)]
    )
    refused("the name a stands twice", callers=[key(), key(value="env.B")])
