"""Single values of options: what is good, and that every mistake is named without a secret."""

from __future__ import annotations

import json
import string

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.config.conf_file import ConfigError
from runway_videos.config.option_reader import OptionReader

ENVIRON = {
    "KEY": "key_1",
    "TRAILING": "key_2\r\n",
    "BLANK": " \t",
    "EMPTY": "",
    "TWO_LINES": "key_3\nkey_4",
    "UMLAUT": "schlüssel",
    "SPACED": "Bearer key_5",
}
ALLOWED = ("name", "value", "weight")


def reader() -> OptionReader:
    return OptionReader(ENVIRON, lambda option: f"mitm.conf line 7: {option}")


def secret(value: object) -> tuple[str | None, str]:
    return reader().secret("runway_keys", {"name": "team-a", "value": value})


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ("text", r"must be a list of mappings \{name, value, weight\}"),
        ({"name": "a"}, r"must be a list of mappings"),
        (None, r"must be a list of mappings"),
        ([5], r'each must be a mapping like \{"name": "team-a", "value": "env.TEAM_A_KEY"\}'),
        ([None], "each must be a mapping"),
        ([["name", "a"]], "each must be a mapping"),
        (["{"], "each must be a mapping"),
        (["[]"], "each must be a mapping"),
        (
            [{"name": "a", "wieght": 1}],
            "a: 'wieght' is no field of a key; did you mean 'weight'\\? Allowed: name, value, weight",
        ),
        ([{"name": "a", "key": "x"}], "a: 'key' is no field of a key; did you mean 'value'\\? Allowed: "),
        ([{"id": "a"}], "'id' is no field of a key; did you mean 'name'\\? Allowed: "),
        ([{"name": "a", "zzz": 1}], "a: 'zzz' is no field of a key; allowed: name, value, weight"),
        ([{"name": "a"}, {"name": "b"}, {"name": "a"}], "the name a stands twice"),
        ([{"name": "5f" * 16, "zzz": 1}], "'zzz' is no field of a key"),  # a secret, by its look
        ([{"value": "env.KEY"}], "name None must be a text"),
    ],
)
def test_a_list_that_is_none_is_named(values: object, problem: str) -> None:
    with pytest.raises(ConfigError, match=rf"^mitm.conf line 7: runway_keys: {problem}"):
        reader().items("runway_keys", values, ALLOWED)


def test_items_come_as_mappings_and_as_json() -> None:
    item = {"name": "a", "value": "env.KEY", "weight": 0.5}
    assert reader().items("runway_keys", [item, json.dumps(item | {"name": "b"})], ALLOWED) == [
        item,
        item | {"name": "b"},
    ]
    assert reader().items("runway_keys", (), ALLOWED) == []


@pytest.mark.parametrize(
    "name", ["", "a b", "a\n", "ä", "a" * 33, "a/b", "a,b", 1, True, None, ["a"], "\u0661"]
)
def test_a_bad_name_is_refused_with_the_rule(name: object) -> None:
    with pytest.raises(ConfigError, match=r"must be a text that matches \[A-Za-z0-9_.-\]\{1,32\}$"):
        reader().items("runway_keys", [{"name": name}], ALLOWED)


def test_a_secret_in_the_place_of_the_name_is_not_shown() -> None:
    value = "key_" + "0123456789abcdef" * 8
    with pytest.raises(ConfigError) as caught:
        reader().items("runway_keys", [{"name": value}], ALLOWED)
    assert value[:16] not in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        reader().items("runway_keys", [{"name": "a", value: "env.X"}], ALLOWED)
    assert value[:24] not in str(caught.value)


@given(st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=32))
def test_every_name_of_the_contract_is_good(name: str) -> None:
    assert reader().name("runway_keys", {"name": name}) == name


def test_names_of_items_differ_by_case() -> None:
    assert len(reader().items("runway_keys", [{"name": "a"}, {"name": "A"}], ALLOWED)) == 2


@pytest.mark.parametrize(
    "value", [None, "", "  ", "env.", " env. ", 5, True, ["env.KEY"], {"env": "KEY"}, "file."]
)
def test_a_secret_must_be_there(value: object) -> None:
    with pytest.raises(ConfigError, match=r"runway_keys: team-a needs a value like env\.MY_VARIABLE or "):
        secret(value)


@pytest.mark.parametrize(
    ("value", "found", "missing"),
    [
        ("env.KEY", "key_1", ""),
        ("env.TRAILING", "key_2", ""),
        ("env.BLANK", None, "BLANK"),
        ("env.EMPTY", None, "EMPTY"),
        ("env.MISSING", None, "MISSING"),
        ("env.env.KEY", None, "env.KEY"),
        ("key_lit", "key_lit", ""),
        (" key_lit\n", "key_lit", ""),
    ],
)
def test_a_secret_is_taken_without_the_space_around_it(value: str, found: str | None, missing: str) -> None:
    problem = f"the environment variable {missing} is not set" if missing else ""
    assert secret(value) == (found, problem)


@pytest.mark.parametrize("value", ["env.TWO_LINES", "env.UMLAUT", "env.SPACED", "key_a key_b", "schlüssel"])
def test_a_secret_that_no_header_may_carry_is_refused_unseen(value: str) -> None:
    with pytest.raises(
        ConfigError, match="the value of team-a must be visible ASCII without spaces"
    ) as caught:
        secret(value)
    message = str(caught.value)
    assert not any(part in message for part in ("key_", "schl", "Bearer"))


def test_only_a_secret_that_is_written_out_is_warned_of() -> None:
    one = reader()
    one.secret("runway_keys", {"name": "team-a", "value": "env.KEY"})
    assert one.warnings == []
    one.secret("runway_keys", {"name": "team-b", "value": "key_hush"})
    assert one.warnings == [
        "runway_keys: team-b has its secret written out; value: env.MY_VARIABLE or file.PATH keeps it apart"
    ]


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://api.dev.runwayml.com", "https://api.dev.runwayml.com"),
        ("http://127.0.0.1:8099/", "http://127.0.0.1:8099"),
        ("http://[::1]:8099", "http://[::1]:8099"),
        ("https://gateway.example/runway//", "https://gateway.example/runway"),
        (" https://x\n", "https://x"),
        ("HTTPS://X", "HTTPS://X"),
    ],
)
def test_a_url_that_paths_can_be_put_behind(url: str, taken: str) -> None:
    assert reader().url("runway_base_url", url, ("http", "https")) == taken


@pytest.mark.parametrize("url", ["http://127.0.0.1:8099", "http://[::1]:1", "http://localhost", "https://x"])
def test_keys_go_to_https_or_to_this_machine(url: str) -> None:
    assert reader().upstream_url("runway_base_url", url) == url


@pytest.mark.parametrize("url", ["http://x", "http://10.0.0.1:8099", "HTTP://x", "http://localhost.example"])
def test_keys_go_nowhere_unencrypted(url: str) -> None:
    with pytest.raises(ConfigError, match=r"(use https, or http to this machine|like https://host:port)$"):
        reader().upstream_url("runway_base_url", url)


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "x:443", "//x", "https://", "https:///v1", "https://:443", "ftp://x", "socks5://x:1"),
        *("https://x:0", "https://x:65536", "https://x:https", "http://[::1", "http://[zz]"),
        *("https://a b", "https://a\nb", "https://a\tb", "https://ä.example", "https://x/\x00"),
        *("https://x?key=1", "https://x/?", "https://x#top", "https://user:pw@x", "https://user@x"),
        *("https://a..example", "https://" + "a" * 64 + ".example"),
        *(None, 5, True, ["https://x"]),
    ],
)
def test_any_other_url_is_refused_with_an_example(url: object) -> None:
    with pytest.raises(ConfigError, match=r"must be a plain URL like https://host:port$") as caught:
        reader().url("runway_base_url", url, ("http", "https"))
    assert "\n" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_only_a_proxy_may_have_a_password_which_is_never_shown() -> None:
    given_url = "http://user:hush@proxy.example:3128"
    assert reader().url("runway_proxy", given_url, ("https", "http")) == given_url
    with pytest.raises(ConfigError, match=r"like http://host:port$") as caught:
        reader().url("runway_proxy", "http://user:hush@:3128", ("https", "http"))
    assert "hush" not in str(caught.value)


@settings(max_examples=100)
@given(st.text(st.characters(), max_size=12).map("https://".__add__) | st.text(max_size=20))
def test_no_url_is_taken_that_httpx_would_stumble_over(url: str) -> None:
    taken, message = "https://x", ""
    try:
        taken = reader().url("runway_base_url", url, ("http", "https"))
    except ConfigError as error:
        message = str(error)
    assert message.isprintable()
    assert httpx.URL(taken + "/v1/tasks/x").path.endswith("/v1/tasks/x")


@pytest.mark.parametrize(
    ("text", "size"),
    [("64m", 64 << 20), ("1g", 1 << 30), ("8K", 8192), ("512", 512), (" 5MB ", 5 << 20), (7, 7), ("10b", 10)],
)
def test_sizes_are_read_with_their_suffix(text: object, size: int) -> None:
    assert reader().size("runway_max_body", text) == size


@pytest.mark.parametrize(
    "text", ["", "0", "0m", "-1", "1.5m", "64 m", "m", "64t", "\u0663m", None, True, "9" * 5000]
)
def test_what_is_no_size_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ConfigError, match="must be a size like 64m") as caught:
        reader().size("runway_max_body", text)
    assert len(str(caught.value)) < 400
