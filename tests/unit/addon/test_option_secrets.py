"""Literal keys and tokens are never in mitmproxy's options, which commands show."""

from __future__ import annotations

import json
import re

import pytest
from mitmproxy import exceptions
from mitmproxy import options as mitmproxy_options

from runway_videos.config.caller_options import Caller
from runway_videos.config.conf_file import ConfigError
from runway_videos.keys.pool import Key
from unit.addon.start_harness import SECRET, Start, error_of


def item(**fields: object) -> str:
    return json.dumps(fields)


def everything(found: mitmproxy_options.Options) -> str:
    return str({name: getattr(found, name) for name in found.keys()})  # noqa: SIM118 (no mapping)


def test_secrets_of_the_file_are_in_no_option(start: Start) -> None:
    found = start(
        f"runway_keys:\n  - {{name: a, value: {SECRET}_1, weight: 2}}\n  - {{name: b, value: env.TEAM_A}}\n"
        "runway_callers: [{name: app, value: tok_hush}]\n"
    )
    read = start.options.read_settings()
    assert read.keys == (Key("a", f"{SECRET}_1", weight=2.0), Key("b", SECRET))
    assert read.callers == (Caller("app", "tok_hush"),)
    written_out = [each.partition(": ")[0] for each in read.warnings if "written out" in each]
    assert written_out == ["runway_callers", "runway_keys"]
    assert "hush" not in everything(found)


def test_secrets_of_the_command_line_are_taken_out_of_the_options(start: Start) -> None:
    found = start(
        "runway_keys: [{name: of-the-file, value: key_x}]\n",
        *("--set", "runway_keys=" + item(name="a", value=f"{SECRET}_1", weight=2)),
        *("--set", "runway_keys=" + item(name="b", value="env.TEAM_A")),
        *("--set", "runway_callers=" + item(name="a", value="tok_hush")),
    )
    for _ in range(2):  # the second time they are hidden already
        read = start.options.read_settings()
        assert read.keys == (Key("a", f"{SECRET}_1", weight=2.0), Key("b", SECRET))
        assert read.callers == (Caller("a", "tok_hush"),)
        assert "hush" not in everything(found)
    assert [json.loads(each)["name"] for each in found.runway_keys] == ["a", "b"]


def test_a_later_change_keeps_the_secrets_that_it_does_not_touch(start: Start) -> None:
    found = start(None, "--set", "runway_keys=" + item(name="a", value=SECRET))
    start.options.read_settings()
    (hidden,) = found.runway_keys
    found.update(runway_keys=[hidden, item(name="b", value="key_b")])
    assert [(each.name, each.value) for each in start.options.read_settings().keys] == [
        ("a", SECRET),
        ("b", "key_b"),
    ]
    found.update(runway_keys=[item(name="a", value="key_new")])
    assert [each.value for each in start.options.read_settings().keys] == ["key_new"]
    assert not any(secret in everything(found) for secret in (SECRET, "key_b", "key_new"))


@pytest.mark.parametrize(
    "value", ["x", "[]", "5", "null", "{}", '"x"', '{"name": "a"}', '{"name": "a", "value": 5}']
)
def test_a_value_that_is_no_key_is_named(start: Start, value: str) -> None:
    start(None, "--set", f"runway_keys={value}")
    assert error_of(start.options.read_settings).startswith("--set runway_keys: ")


def test_the_environment_gives_a_key_where_none_is_set(start: Start) -> None:
    start.environment |= {"RUNWAYML_API_SECRET": "key_ml", "RUNWAY_ID_SECRET": "0123456789abcdef"}
    found = start()
    read = start.options.read_settings()
    assert read.keys == (Key("default", "key_ml"),)
    assert read.id_secrets == ("0123456789abcdef",)
    assert "key_ml" not in everything(found)


def test_a_runtime_change_of_a_wrong_type_is_mitmproxys_own_error(start: Start) -> None:
    found = start()
    with pytest.raises((TypeError, exceptions.OptionsError)):
        found.update(runway_poll_seconds="often")
    assert found.runway_poll_seconds == 5


def test_secrets_of_webhooks_are_in_no_option_either(start: Start) -> None:
    secret = "whsec_" + "hush" * 8
    address = "https://a.example/hush"
    found = start(None, "--set", "runway_webhooks=" + item(url=address, secret=secret))
    for _ in range(2):
        (webhook,) = start.options.read_settings().webhooks
        assert (webhook.url, webhook.secret) == (address, secret)
        assert "hush" not in everything(found)


@pytest.mark.parametrize("url", ["http://user:hush@proxy:3128", "user:hush@proxy:3128", "x://hu@sh@proxy:1"])
def test_a_password_of_an_outbound_proxy_is_in_no_option(start: Start, url: str) -> None:
    found = start(None, "--set", f"runway_proxy={url}")
    for _ in range(2):
        if url.startswith("http://user"):
            assert start.options.read_settings().proxy == url
        else:
            assert error_of(start.options.read_settings).startswith("--set runway_proxy: ")
            start.options.literals.hide()  # as where a start fails
        assert not re.search("user|hush|hu@sh", everything(found))
    assert found.runway_proxy.endswith("***@" + url.rpartition("@")[2])


def test_an_outbound_proxy_of_the_file_stays_in_it(start: Start) -> None:
    found = start("runway_proxy: http://user:hush@proxy:3128\n")
    assert start.options.read_settings().proxy == "http://user:hush@proxy:3128"
    assert "hush" not in everything(found)


def test_webhooks_of_the_file_stay_in_it(start: Start) -> None:
    found = start(f"runway_webhooks: [{{url: https://a.example/hush, secret: whsec_{'hush' * 8}}}]\n")
    assert len(start.options.read_settings().webhooks) == 1
    assert "hush" not in everything(found)


def test_addresses_of_alerts_are_told_apart_without_a_name(start: Start) -> None:
    urls = [f"https://hooks.slack.example/hush-{number}" for number in range(2)]
    arguments = [each for url in urls for each in ("--set", "runway_alerts=" + item(url=url))]
    found = start("", *arguments)
    for _ in range(2):
        assert [each.url for each in start.options.read_settings().alerts] == urls
        assert "hush" not in everything(found)


def test_a_change_that_is_refused_leaves_no_secret_in_force(start: Start) -> None:
    """mitmproxy puts the placeholders back that were there before: they stand for what they stood for."""
    url = "http://user:hush@proxy:3128"
    conf = "runway_callers: [{name: app, value: tok_hush}]\n"
    keys = "runway_keys=" + item(name="a", value=SECRET)
    found = start(conf, "--set", keys, "--set", f"runway_proxy={url}")

    def configure(updated: set[str]) -> None:
        """As the addon does."""
        if start.options.literals.hiding:
            return
        try:
            start.options.read_settings()
        except ConfigError as error:
            raise exceptions.OptionsError(str(error)) from error

    found.changed.connect(configure)
    for wrong in (
        {"runway_keys": [item(name="a", value="key_hush_2", weight=-1)]},
        {"runway_keys": [item(name="a", value="key_hush_2")], "runway_poll_seconds": -1},
        {"runway_proxy": "http://user:hush-2@proxy:3128", "runway_poll_seconds": -1},
        {"runway_proxy": "socks5://user:hush-2@proxy:3128"},
        {"runway_callers": [item(name="app-2", value="tok_hush_2", concurrency=-1)]},
    ):
        with pytest.raises(exceptions.OptionsError):
            found.update(**wrong)
        read = start.options.read_settings()
        assert ([each.value for each in read.keys], read.proxy) == ([SECRET], url)
        assert read.callers == (Caller("app", "tok_hush"),)
        assert "hush" not in everything(found)
