"""A changed file while the proxy runs: what is taken over, what stays, what is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mitmproxy import ctx

from unit.addon.running_harness import KEY, Running, lines
from unit.addon.start_harness import Start

pytestmark = pytest.mark.dependencies


def test_a_changed_file_is_taken_over_and_the_options_show_it(
    running: Callable[[str], Running], caplog: pytest.LogCaptureFixture
) -> None:
    one = running(KEY + "runway_poll_seconds: 9\n")
    one.read(KEY.replace("2", "5") + "runway_aliases: ['x*=gen4.5']\n")
    assert (one.now.keys[0].weight, one.now.poll_seconds) == (5.0, 5)
    assert one.now.aliases == (("x*", ("gen4.5",)),)
    assert (ctx.options.runway_poll_seconds, ctx.options.runway_aliases) == (5, ["x*=gen4.5"])
    assert lines(caplog) == [
        "configuration: new runway_keys, runway_aliases, runway_poll_seconds",
        "keys: a (weight 5 = 100%)",
        "aliases: x* → gen4.5, about 12 credits a second",
    ]
    assert one.start.options.read_settings() == one.now
    one.read(KEY.replace("2", "5") + "runway_aliases: ['x*=gen4.5']\n")
    assert lines(caplog) == ["configuration: as it was"]
    assert len(one.taken) == 2


def test_what_a_change_leaves_to_mend_is_warned_of(
    running: Callable[[str], Running], caplog: pytest.LogCaptureFixture
) -> None:
    one = running(KEY)
    one.read(KEY.replace("2", "0"))
    assert lines(caplog) == [
        "configuration: new runway_keys",
        "keys: a (weight 0: no new videos)",
        "all runway_keys have weight 0: they serve the videos they made, video creates answer 503",
    ]
    one.read("runway_poll_seconds: 9\n")
    found = lines(caplog)
    assert found[0] == "configuration: new runway_keys, runway_poll_seconds"
    assert found[1].startswith("no Runway key: video creates answer 503; ")
    assert len(found) == 2


def test_a_new_file_of_id_secrets_is_named_by_its_variable(
    running: Callable[[str], Running], start: Start, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "ids").write_text("old-0123456789abcdef")
    start.environment["RUNWAY_ID_SECRET"] = f"file.{tmp_path / 'ids'}"
    one = running(KEY)
    (tmp_path / "ids").write_text("new-0123456789abcdef,old-0123456789abcdef")
    one.read(KEY)
    assert one.now.id_secrets == ("new-0123456789abcdef", "old-0123456789abcdef")
    assert lines(caplog) == ["configuration: new RUNWAY_ID_SECRET"]


@pytest.mark.parametrize(
    ("conf", "problem"),
    [
        ("runway_poll_seconds: [", "mitm.conf line 1"),
        ("# being written\n", "mitm.conf: says nothing"),
        ("runway_keis: []", "mitm.conf line 1: there is no option runway_keis"),
        ("\nrunway_poll_seconds: x", "mitm.conf line 2: runway_poll_seconds: 'x' must be a whole number"),
        (
            "runway_callers: [{name: a, value: env.NONE}]",
            "line 1: runway_callers: a: the environment variable",
        ),
        ("runway_keys: [{name: a, value: file./no/such}]", "runway_keys: a: the file /no/such cannot be"),
    ],
)
def test_a_broken_file_leaves_the_old_in_force_and_says_why(
    running: Callable[[str], Running], caplog: pytest.LogCaptureFixture, conf: str, problem: str
) -> None:
    one = running(KEY + "runway_poll_seconds: 9\n")
    one.read(conf)
    (line,) = lines(caplog)
    assert problem in line
    assert line.endswith("; what was in force stays so")
    assert len(one.taken) == 1
    assert ctx.options.runway_poll_seconds == 9
    assert one.start.options.read_settings() == one.now
    one.read(KEY)
    assert one.now.poll_seconds == 5


def test_what_the_service_does_not_take_changes_nothing(
    running: Callable[[str], Running], caplog: pytest.LogCaptureFixture
) -> None:
    one = running(KEY)
    one.refuses = "runway_keys: two names"
    one.read(KEY + "runway_poll_seconds: 9\n")
    assert lines(caplog) == ["runway_keys: two names; what was in force stays so"]
    assert ctx.options.runway_poll_seconds == 5
    one.start.file.unlink()
    one.start.loop.run_until_complete(one.new.read())
    assert "mitm.conf: cannot be read" in lines(caplog)[0]


def test_what_needs_a_restart_says_so_and_the_rest_is_taken_over(
    running: Callable[[str], Running], caplog: pytest.LogCaptureFixture
) -> None:
    one = running(KEY + "listen_port: 8123\n")
    one.read(KEY + "listen_port: 8124\nrunway_sandbox: true\nrunway_poll_seconds: 9\nrunway_lean: true\n")
    first, *held = lines(caplog)
    assert first == "configuration: new runway_poll_seconds"
    assert [line.partition(" line ")[2] for line in held] == [
        "3: listen_port: takes effect when the proxy is started again",
        "6: runway_lean: takes effect when the proxy is started again",
        "4: runway_sandbox: takes effect when the proxy is started again",
    ]
    assert (ctx.options.listen_port, one.now.sandbox, one.now.lean) == (8123, False, False)


def test_another_store_behind_the_same_name_waits_and_the_rest_is_taken_over(
    running: Callable[[str], Running], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = tmp_path / "store-url"
    url.write_text("redis://:old-word@127.0.0.1:6379/0")
    conf = f"runway_store: file.{url}\n"
    here = running(conf + KEY)
    before = here.now.store
    lines(caplog)
    waits = "runway_store: what it names is another now; that takes effect when the proxy is started again"
    for weight, word, told in ((5, "new", [waits]), (6, "new", []), (7, "old", []), (8, "new", [waits])):
        url.write_text(f"redis://:{word}-word@127.0.0.1:6379/0")
        here.read(conf + KEY.replace("weight: 2", f"weight: {weight}"))
        assert here.now.keys[0].weight == weight
        assert here.now.store == before
        assert lines(caplog) == [
            "configuration: new runway_keys",
            f"keys: a (weight {weight} = 100%)",
            *told,
        ]


def test_the_command_line_still_wins(start: Start) -> None:
    start("runway_poll_seconds: 9", "--set", "runway_poll_seconds=7")
    start.file.write_text("runway_poll_seconds: 3")
    found = start.options.settings_with(start.options.read_file())
    assert found.poll_seconds == 7
    assert start.options.adopt(start.options.read_file()) == []
    assert ctx.options.runway_poll_seconds == 7


def test_new_files_are_seen_by_looks_and_one_line_is_said_of_a_mistake(
    running: Callable[[str], Running], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key_1\n")
    one = running(f"runway_keys: [{{name: a, value: 'file.{secret}'}}]\n")

    async def changes() -> None:
        one.new.start()
        one.new.start()  # the script was reloaded
        secret.write_text("key_22\n")
        await one.until(lambda: len(caplog.records) >= 1)
        assert one.now.keys[0].value == "key_22"
        secret.unlink()
        await one.until(lambda: len(caplog.records) >= 2)
        secret.write_text("key_333")
        await one.until(lambda: len(caplog.records) >= 3)
        one.put(KEY)
        await one.until(lambda: len(caplog.records) >= 5)
        one.new.read_now()
        await one.until(lambda: len(caplog.records) >= 6)
        one.new.stop()

    one.start.loop.run_until_complete(changes())
    found = lines(caplog)
    assert found[0] == "configuration: new runway_keys"
    assert found[1].startswith(f"runway_keys: a: the file {secret} cannot be read: No such file")
    assert found[2:] == [
        *["configuration: new runway_keys"] * 2,
        "keys: a (weight 2 = 100%)",
        "SIGHUP: configuration: as it was",
    ]
    assert [each.keys[0].value for each in one.taken] == ["key_1", "key_22", "key_333", "key_hush"]


def test_a_secret_that_comes_after_the_file_that_names_it_is_waited_for(
    running: Callable[[str], Running], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    one = running(KEY)

    async def changes() -> None:
        one.new.start()
        one.put(KEY + f"runway_callers: [{{name: app, value: 'file.{tmp_path / 'token'}'}}]\n")
        await one.until(lambda: len(caplog.records) >= 1)
        (tmp_path / "token").write_text("token-of-app-1234\n")
        await one.until(lambda: len(one.taken) == 2)
        one.new.stop()

    one.start.loop.run_until_complete(changes())
    assert one.now.callers[0].value == "token-of-app-1234"
    assert [line for line in lines(caplog) if "stays so" in line or "callers: app" in line][1:] == [
        "callers: app"
    ]
