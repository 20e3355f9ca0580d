"""`runway_store`: memory, a file, a URL, or where one of these is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from runway_videos.config.conf_file import ConfigError
from runway_videos.config.store_option import StoreOption
from unit.config.option_values import settings_from

URL = "rediss://user:p4ss@redis.example.com:6380/2?ssl_cert_reqs=none"


@pytest.mark.parametrize(
    ("value", "store"),
    [
        ("memory", StoreOption()),
        ("", StoreOption()),
        ("sqlite:/var/lib/runway/store.db", StoreOption("sqlite", "/var/lib/runway/store.db")),
        ("redis://127.0.0.1:6379/0", StoreOption("redis", "redis://127.0.0.1:6379/0")),
        ("unix:///run/redis.sock?db=2", StoreOption("redis", "unix:///run/redis.sock?db=2")),
        ("env.STORE", StoreOption("redis", URL)),
    ],
)
def test_forms(value: str, store: StoreOption) -> None:
    assert settings_from({"STORE": f" {URL}\n"}, store=value).store == store


def test_a_file_may_hold_it(tmp_path: Path) -> None:
    (tmp_path / "store").write_text(URL + "\n")
    assert settings_from(store=f"file.{tmp_path / 'store'}").store.place == URL


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("postgres://x", "must be memory, sqlite:PATH"),
        ("sqlite:", "must be memory"),
        ("redis://", "must be memory"),
        ("redis://h:p4ss@[/0", "must be memory"),
        ("redis://:p4ss@127.0.0.1/0", "a password stands in it"),
        ("redis://127.0.0.1/0?decode_responses=true", "may stand db"),
        ("redis://127.0.0.1/0?ssl_ca_certs=/ca.pem", "may stand db"),
        ("rediss://127.0.0.1/0?ssl_ciphers=ALL", "may stand db, ssl_ca_certs"),
        ("redis://127.0.0.1/0?db=two", "db must be a number"),
        ("redis://127.0.0.1/two", "must be memory"),
        ("unix://", "must be memory"),
        ("sqlite::memory:", "keeps nothing"),
        ("env.NONE", "NONE is not set"),
        ("file./no/such", "No such file"),
    ],
)
def test_mistakes_are_said_without_the_password(value: object, problem: str) -> None:
    with pytest.raises(ConfigError, match="runway_store") as raised:
        settings_from(store=value)
    assert problem in str(raised.value)
    assert "p4ss" not in str(raised.value)


def test_a_password_has_its_place_before_the_host() -> None:
    with pytest.raises(ConfigError, match="may stand db") as raised:
        settings_from({"STORE": "redis://127.0.0.1/0?password=p4ss"}, store="env.STORE")
    assert "p4ss" not in str(raised.value)


def test_no_password_is_shown() -> None:
    store = StoreOption("redis", URL)
    assert store.shown == "rediss://redis.example.com:6380/2"
    assert "p4ss" not in repr(store)
    assert "p4ss" not in repr(settings_from({"STORE": URL}, store="env.STORE"))


def test_what_is_kept_and_how_long() -> None:
    store = settings_from(store="sqlite:a.db", store_prompts=False, store_days=7).store
    assert (store.prompts, store.days) == (False, 7)
    with pytest.raises(ConfigError, match="runway_store_days"):
        settings_from(store_days=0)
