"""Options, environment and file into settings: what each value becomes, every mistake named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from runway_videos.config.conf_file import ConfigError
from unit.config.option_values import settings_from

LONG = "0123456789abcdef"
SECRETS = {
    "A": "key_aaaa",
    "B": "key_bbbb",
    "TOKEN": "tok_tttt",
    "RUNWAY_ID_SECRET": f"old-{LONG},new-{LONG}",
}


def key(name: str = "a", value: object = "env.A", **more: object) -> dict[str, object]:
    return {"name": name, "value": value, **more}


def refused(problem: str, **options: object) -> str:
    with pytest.raises(ConfigError, match=problem) as caught:
        settings_from(SECRETS, **options)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_the_defaults_are_those_of_the_contract() -> None:
    found = settings_from()
    assert found.keys == ()
    assert found.base_url == "https://api.dev.runwayml.com"
    assert found.proxy is None
    assert found.aliases == (
        ("sora-2-pro*", ("seedance2_5",)),
        ("sora-2*", ("seedance2_mini", "seedance2_5")),
        ("gen4_aleph", ("aleph2",)),
    )
    assert found.hosts == ("api.openai.com",)
    assert found.fallback == "https://api.openai.com"
    assert found.callers == ()
    assert (found.forward, found.sandbox, found.lean) == (False, False, False)
    assert (found.poll_seconds, found.content, found.max_body) == (5, "stream", 64 << 20)
    assert (found.id_secrets, found.warnings) == ((), ())


def test_a_message_says_where_the_option_was_set() -> None:
    with pytest.raises(ConfigError, match=r"^mitm\.conf line 3: runway_content: 'x' must be "):
        settings_from({}, lambda option: f"mitm.conf line 3: {option}", content="x")


# Single values


def test_with_callers_nothing_falls_back_unless_it_is_asked_for() -> None:
    callers = [key("app", "env.TOKEN")]
    assert settings_from(SECRETS, callers=callers).fallback is None
    assert (
        settings_from(SECRETS, callers=callers, fallback="https://gw.example/").fallback
        == "https://gw.example"
    )
    assert settings_from(fallback="none").fallback is None
    assert settings_from(fallback="").fallback is None
    assert settings_from(fallback="http://127.0.0.1:9000").fallback == "http://127.0.0.1:9000"


@pytest.mark.parametrize("fallback", ["api.openai.com", "https://u:p@x", "https://x?a=b", "nowhere", False])
def test_a_wrong_fallback_is_told_of_none(fallback: object) -> None:
    refused("^runway_fallback: .* must be a plain URL like https://host:port, or none$", fallback=fallback)


def test_a_callers_token_is_passed_on_only_where_it_says_so() -> None:
    callers = [
        key("app", "env.TOKEN"),
        key(value="env.A", pass_token=True),
        key("b", "env.B", pass_token=False),
    ]
    found = settings_from(SECRETS, callers=callers).callers
    assert [each.pass_token for each in found] == [False, True, False]
    for wrong in ("true", 1, None):
        refused(
            "^runway_callers: pass_token of app must be true or false$",
            callers=[key("app", "env.TOKEN", pass_token=wrong)],
        )


def test_a_proxy_is_http_or_https() -> None:
    assert settings_from(proxy="http://u:pw@proxy:3128").proxy == "http://u:pw@proxy:3128"
    assert settings_from(proxy="").proxy is None
    assert settings_from({"PROXY": "http://u:pw@proxy:1 "}, proxy="env.PROXY").proxy == "http://u:pw@proxy:1"
    refused("^runway_proxy: the environment variable PROXY is not set$", proxy="env.PROXY")
    refused("^runway_proxy: must be a plain URL like http://host:port$", proxy="socks5://x:1")


@pytest.mark.parametrize(
    "host", ["API.OpenAI.com", " api.openai.com", "127.0.0.1", "::1", "localhost", "gw_1"]
)
def test_hosts_are_compared_in_lower_case(host: str) -> None:
    assert settings_from(hosts=[host]).hosts == (host.strip().lower(),)


@pytest.mark.parametrize(
    "host", ["", "https://x", "x/v1", "x:443", "[::1]", "*.openai.com", "a b", "u@h", "ä.example"]
)
def test_a_host_that_would_never_match_is_refused(host: object) -> None:
    refused(
        r"^runway_hosts: .* must be a host's name alone, whole, like api\.openai\.com$", hosts=["x", host]
    )


@pytest.mark.parametrize("seconds", [0, 1, 3600])
def test_poll_seconds_within_the_bounds_are_taken(seconds: int) -> None:
    assert settings_from(poll_seconds=seconds).poll_seconds == seconds


@pytest.mark.parametrize("seconds", [-1, 3601, True, "5", 5.0, None])
def test_wrong_poll_seconds_are_told_the_bounds(seconds: object) -> None:
    refused("^runway_poll_seconds: .* must be a number from 0 to 3600$", poll_seconds=seconds)


@pytest.mark.parametrize("content", ["", "Stream", "proxy", None, True])
def test_wrong_content_is_told_the_two(content: object) -> None:
    refused("^runway_content: .* must be stream or redirect$", content=content)
    assert settings_from(content="redirect").content == "redirect"


def test_a_proxy_that_is_another_secret_is_not_shown() -> None:
    with pytest.raises(ConfigError, match=r"^runway_proxy: env\.A must hold a URL like http://host:port$"):
        settings_from(SECRETS, proxy="env.A")


# Secrets


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("", ()),
        (" , ,", ()),
        (f"new-{LONG}", (f"new-{LONG}",)),
        (f" new-{LONG} ,old-{LONG},", (f"new-{LONG}", f"old-{LONG}")),
        (f"schlüssel-{LONG}", (f"schlüssel-{LONG}",)),
    ],
)
def test_id_secrets_are_a_list(text: str, secrets: tuple[str, ...]) -> None:
    found = settings_from({"RUNWAY_ID_SECRET": text})
    assert found.id_secrets == secrets
    assert found.warnings == ()


def test_id_secrets_may_be_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ids"
    path.write_text(f"new-{LONG}, old-{LONG}\n")
    found = settings_from({"RUNWAY_ID_SECRET": f" file.{path} "})
    assert found.id_secrets == (f"new-{LONG}", f"old-{LONG}")
    assert (found.files, found.warnings) == ((str(path),), ())
    path.unlink()
    # Going on without would make ids that the next start could not read.
    with pytest.raises(
        ConfigError, match=r"^RUNWAY_ID_SECRET: the file .* cannot be read: No such"
    ) as caught:
        settings_from({"RUNWAY_ID_SECRET": f"file.{path}"})
    assert caught.value.files == (str(path),)


def test_an_id_secret_that_can_be_guessed_is_warned_of_unseen() -> None:
    (warning,) = settings_from({"RUNWAY_ID_SECRET": f"new-{LONG},hush"}).warnings
    assert warning.startswith("RUNWAY_ID_SECRET: a secret of less than 16 characters")
    assert "hush" not in warning


@pytest.mark.parametrize("text", ["\udcff" * 20, f"{LONG}\n{LONG}", f"{LONG}\0"])
def test_an_id_secret_that_is_no_text_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^RUNWAY_ID_SECRET: must be printable text") as caught:
        settings_from({"RUNWAY_ID_SECRET": text})
    assert LONG not in str(caught.value)


def test_no_secret_is_in_any_repr() -> None:
    found = settings_from(
        SECRETS | {"RUNWAY_API_KEY": "key_rrrr"},
        keys=[key(), key("b", "key_written")],
        callers=[key("app", "env.TOKEN")],
        proxy="http://user:pw-hush@proxy:3128",
    )
    hidden = ("key_a", "key_r", "key_w", "tok_", LONG, "pw-hush")
    texts = [repr(found), str(found), str(found.__rich_repr__()), f"{found.callers}", str(found.keys)]
    texts += [str(found.callers[0].__rich_repr__()), str(found.keys[0].__rich_repr__()), str(found.warnings)]
    for text in texts:
        assert not any(secret in text for secret in hidden), text
    assert "poll_seconds=5" in repr(found)
    assert "Caller('app')" in repr(found)


def test_settings_that_say_the_same_are_equal() -> None:
    assert settings_from(SECRETS, keys=[key()]) == settings_from(SECRETS, keys=[key()])
    assert settings_from(SECRETS, keys=[key()]) != settings_from(SECRETS, keys=[key(value="env.B")])
    with pytest.raises(AttributeError):
        settings_from().poll_seconds = 1  # type: ignore[misc]
    assert msgspec.structs.replace(settings_from(), lean=True).lean


@pytest.mark.parametrize(
    ("option", "value", "found"),
    [
        ("remix_model", "kling_4", "kling_4"),
        ("remix_model", "runway/seedance2", "seedance2"),
        ("remix_model", "newer_than_the_catalog", "newer_than_the_catalog"),
        ("extend_model", "gemini_omni_flash_1.1", "gemini_omni_flash_1.1"),
        ("extend_model", "newer_than_the_catalog", "newer_than_the_catalog"),
    ],
)
def test_models_of_videos_that_are_made_from_videos(option: str, value: str, found: str) -> None:
    assert getattr(settings_from(**{option: value}), option) == found


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("remix_model", "gen4.5", "gen4.5 makes no video from a video; models that do: aleph2, "),
        ("extend_model", "aleph2", "aleph2 extends no video; models that do: gemini_omni_flash_1.1, "),
        ("remix_model", "", "must be the name of a Runway model"),
        ("extend_model", "a b", "must be the name of a Runway model"),
    ],
)
def test_a_model_that_cannot_is_a_mistake(option: str, value: str, problem: str) -> None:
    assert f"runway_{option}: " in refused(problem, **{option: value})
