"""What a person is told at start: where, which keys, aliases, catalog, callers; and what to mend."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from runway_videos import catalog
from runway_videos.config.start_lines import log_start
from unit.config.option_values import RUNWAY_KEY, settings_from

CALLER = [{"name": "app", "value": "env.T"}]
ENVIRON = {"A": RUNWAY_KEY, "B": RUNWAY_KEY[:-1] + "0", "T": "tok_tttt_01234567"}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.set_level(logging.INFO)
    return caplog.messages


def key(name: str, variable: str, **more: object) -> dict[str, object]:
    return {"name": name, "value": f"env.{variable}", **more}


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


def test_a_plain_start_says_what_there_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_start(settings_from({"RUNWAY_API_KEY": RUNWAY_KEY}), ["127.0.0.1:8080", "[::1]:8080"])
    known = catalog.load()
    assert caplog.messages == [
        "serving /v1/videos on http://127.0.0.1:8080, http://[::1]:8080",
        "keys: default (weight 1 = 100%)",
        "ids of videos: sealed with the keys (RUNWAY_ID_SECRET is not set)",
        "aliases: sora-2-pro* → seedance2_5, about 30 credits a second at 720p; "
        "sora-2* → seedance2_mini, about 16 credits a second, "
        "or seedance2_5, about 30 credits a second at 720p; "
        "gen4_aleph → aleph2, about 28 credits a second",
        f"catalog of {known.generated}: {len(known.models())} models (runwayml {known.sdk})",
        "callers: the local user only (runway_callers is not set)",
        "other calls to the proxy itself: go to https://api.openai.com (runway_fallback)",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"fallback": "none"}, "answered with 404 (no runway_fallback)"),
        ({"fallback": "https://gw.example"}, "go to https://gw.example (runway_fallback)"),
        ({"fallback": "https://gw.example", "callers": CALLER}, "refused (runway_forward is not set)"),
        ({"callers": CALLER, "forward": True}, "answered with 404 (no runway_fallback)"),
    ],
)
def test_the_start_says_where_other_calls_go(
    options: dict[str, object], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    log_start(settings_from(ENVIRON | {"RUNWAY_API_KEY": RUNWAY_KEY}, **options), [])
    assert f"other calls to the proxy itself: {said}" in caplog.messages
    assert warnings(caplog) == []
    assert {each.levelname for each in caplog.records} == {"INFO"}


def test_keys_are_shown_by_name_share_and_models(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    keys = [
        key("team-a", "A", weight=3),
        key("team-b", "B", weight=1, models=["gen4*", "veo3.1"]),
        key("old", "B", weight=0),
    ]
    log_start(settings_from(ENVIRON, keys=keys, callers=[key("app-1", "T")], aliases=[]), [])
    assert (
        "keys: team-a (weight 3 = 75%), team-b (weight 1 = 25%, models gen4* veo3.1), "
        "old (weight 0: no new videos)"
    ) in caplog.messages
    assert "aliases: none" in caplog.messages
    assert "callers: app-1" in caplog.messages
    assert caplog.messages[0] == "serving /v1/videos on no address: nothing listens"


def test_what_an_operator_set_is_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    environ = ENVIRON | {"RUNWAY_ID_SECRET": "0123456789abcdef"}
    keys = [key("team-a", "A")]
    log_start(settings_from(environ, keys=keys, admin="env.T", audit=str(tmp_path), audit_prompts=True), [])
    assert "ids of videos: sealed with RUNWAY_ID_SECRET" in caplog.messages
    assert f"account: {tmp_path}, with prompts" in caplog.messages
    assert "operator: has a token (runway_admin)" in caplog.messages


def test_an_alias_of_a_model_without_a_known_price_names_none(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_start(settings_from(ENVIRON, aliases=["a*=kling_4", "b*=seedance2_mini", "c*=gen9"]), [])
    assert (
        "aliases: a* → kling_4; b* → seedance2_mini, about 16 credits a second; c* → gen9" in caplog.messages
    )


def test_the_file_and_another_base_url_are_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_start(
        settings_from({}, str, "/etc/mit\nm.conf", base_url="https://gateway.example"), ["127.0.0.1:8080"]
    )
    assert caplog.messages[1:3] == [
        "configuration: /etc/mit\\nm.conf",
        "Runway's API is taken to be at https://gateway.example",
    ]


def test_the_sandbox_is_called_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_start(settings_from({"RUNWAY_API_KEY": "key_rrrr"}, sandbox=True), ["127.0.0.1:8080"])
    assert "SANDBOX: videos are made up, nothing reaches Runway, nothing is paid" in caplog.messages
    assert not any(line.startswith("keys") for line in caplog.messages)
    assert warnings(caplog) == []


def test_what_will_not_work_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    log_start(settings_from(keys=[key("x", "NOT_SET")], aliases=["sora*=seedance2|future_model"]), [])
    fields_ignored, no_key, alias = warnings(caplog)
    assert fields_ignored == "runway_keys: x is left out, the environment variable NOT_SET is not set"
    assert "set RUNWAY_API_KEY or runway_keys" in no_key
    assert "runway_sandbox=true" in no_key
    assert alias == "runway_aliases: sora*=future_model: the catalog has no future_model; passed on as it is"


def test_keys_that_take_nothing_are_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    log_start(settings_from(ENVIRON, keys=[key("a", "A", weight=0), key("b", "B", weight=0)]), [])
    (warning,) = warnings(caplog)
    assert "all runway_keys have weight 0" in warning
    assert "503" in warning


def test_doubts_are_warnings_behind_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    log_start(
        settings_from(keys=[key("x", "NOT_SET")]), ["[::1]:1"], ["this and that", "100% sure\u2026 not"]
    )
    fields_ignored, _, *option_warnings = warnings(caplog)
    assert fields_ignored.startswith("runway_keys: x is left out")
    assert option_warnings == ["this and that", "100% sure\u2026 not"]


def test_no_secret_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    environ = ENVIRON | {"RUNWAY_ID_SECRET": "short,0123456789abcdefghi"}
    keys = [key("a", "A"), {"name": "b", "value": "key_written"}]
    log_start(
        settings_from(environ, keys=keys, callers=[key("c", "T")], proxy="http://u:pw-hush@p:1"),
        ["0.0.0.0:80"],
    )
    for secret in ("key_0", "key_w", "tok_", "short,", "0123456789", "pw-hush"):
        assert secret not in caplog.text
