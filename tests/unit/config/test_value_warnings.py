"""What is legal and very likely wrong: a line at the start, without the secret."""

from __future__ import annotations

import pytest

from runway_videos.config.settings import Settings
from unit.config.option_values import RUNWAY_KEY, settings_from

OTHER_KEY = RUNWAY_KEY[:-1] + "0"
TOKEN = "0123456789abcdef"


def key(name: str = "a", value: str = "env.A", **more: object) -> dict[str, object]:
    return {"name": name, "value": value, **more}


def with_key(value: str, **more: object) -> Settings:
    return settings_from({"A": value}, keys=[key() | more])


def test_what_is_right_is_not_warned_of() -> None:
    keys = [key(models=["seedance*", "runway/gen4.5"]), key("b", "env.B", models=["*"])]
    environ = {"A": RUNWAY_KEY, "B": OTHER_KEY, "T": TOKEN}
    assert settings_from(environ, keys=keys, callers=[key("app", "env.T")]).warnings == ()


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("sk-proj-hush", "looks like an OpenAI key; a Runway key is key_ and 128 hexadecimal digits"),
        ("hush", "is not of a Runway key's form, key_ and 128 hexadecimal digits"),
        (RUNWAY_KEY[:-1], "is not of a Runway key's form, key_ and 128 hexadecimal digits"),
        (RUNWAY_KEY[:-1] + "G", "is not of a Runway key's form, key_ and 128 hexadecimal digits"),
    ],
)
def test_a_key_of_another_form(value: str, says: str) -> None:
    assert with_key(value).warnings == (f"runway_keys: a {says}",)
    assert settings_from({"RUNWAY_API_KEY": value}).warnings == (f"RUNWAY_API_KEY: {says}",)
    # The sandbox takes no key.
    assert settings_from({"RUNWAY_API_KEY": value}, sandbox=True).warnings == ()


def test_one_secret_under_two_names() -> None:
    found = settings_from({"A": RUNWAY_KEY}, keys=[key(), key("b")])
    assert found.warnings == (
        "runway_keys: b has the secret of a: both have one organisation's limits and credits",
    )


def test_a_pattern_that_matches_no_model() -> None:
    found = with_key(RUNWAY_KEY, models=["sedance*", "gen4.5", "runway/sora*"])
    assert found.warnings == (
        "runway_keys: a: sedance* matches no model of the catalog; aliases do not count",
        "runway_keys: a: runway/sora* matches no model of the catalog; aliases do not count",
    )


@pytest.mark.parametrize(
    "pattern", ["sora-2", "sora*", "sora-2-pro", "sora-2-2025-10-06", "*", "seedance2*", "runway/gen4.5"]
)
def test_a_callers_pattern_that_lets_something_through(pattern: str) -> None:
    assert settings_from({"T": TOKEN}, callers=[key("app", "env.T", models=[pattern])]).warnings == ()


def test_a_callers_pattern_that_lets_nothing_through() -> None:
    found = settings_from({"T": TOKEN}, callers=[key("app", "env.T", models=["sora2", "gen4.5"])])
    assert found.warnings == (
        "runway_callers: app: sora2 matches no alias and no model of the catalog, such as sora-2",
    )


def test_a_gateways_key_has_a_form_of_its_own() -> None:
    elsewhere = {"A": "hush", "B": "sk-hush"}
    found = settings_from(elsewhere, keys=[key(), key("b", "env.B")], base_url="https://gateway.example.com")
    assert [line.partition(";")[0] for line in found.warnings] == ["runway_keys: b looks like an OpenAI key"]


@pytest.mark.parametrize("url", ["https://api.dev.runwayml.com/v1", "https://gateway.example/runway/v1/"])
def test_a_base_url_that_ends_in_v1(url: str) -> None:
    assert settings_from(base_url=url).warnings == (
        f"runway_base_url: {url.rstrip('/')} ends in /v1, which is put behind it: leave that out",
    )
    assert settings_from(base_url=url.replace("/v1", "/v1x")).warnings == ()


@pytest.mark.parametrize("value", ["${TEAM_A}", "$TEAM_A"])
def test_a_variable_as_the_shell_has_it(value: str) -> None:
    found = settings_from({"TEAM_A": RUNWAY_KEY}, keys=[key(value=value)], callers=[key("app", value)])
    assert found.warnings == (
        f"runway_callers: {value} of app is taken as it stands; write env.TEAM_A",
        f"runway_keys: {value} of a is taken as it stands; write env.TEAM_A",
    )
    assert found.keys[0].value == value


@pytest.mark.parametrize("value", ["$ecret", "a${TEAM_A}", "${}", "$", "${1}"])
def test_other_dollars_are_no_variables(value: str) -> None:
    assert "is taken as it stands" not in str(settings_from(keys=[key(value=value)]).warnings)


def test_a_short_token() -> None:
    found = settings_from({"T": TOKEN[:-1]}, callers=[key("app", "env.T")])
    (warning,) = found.warnings
    assert warning.startswith("runway_callers: app has a token of less than 16 characters")
    assert TOKEN[:-1] not in warning
