"""mitm.conf is put over mitmproxy's defaults and under its command line; each mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from runway_addon import options
from unit.addon.start_harness import Start, error_of
from unit.config.option_values import DEFAULTS

pytestmark = pytest.mark.dependencies


def test_the_options_are_those_of_the_contract_with_their_defaults(start: Start) -> None:
    found = start()
    assert {name: getattr(found, name) for name in DEFAULTS} == dict(DEFAULTS)
    assert found.runway_conf == ""
    assert set(options.OPTIONS) == {*DEFAULTS, "runway_conf"}
    assert start.options.read_settings().base_url == "https://api.dev.runwayml.com"


def test_the_shipped_file_says_the_defaults(start: Start) -> None:
    shipped = Path(options.__file__).parents[2] / "mitm.conf"
    found = start(shipped.read_text())
    assert {name: getattr(found, name) for name in DEFAULTS} == dict(DEFAULTS)
    assert (found.listen_host, found.listen_port, found.mode) == ("127.0.0.1", 8080, ["regular"])
    assert (found.flow_detail, found.connection_strategy) == (0, "lazy")
    assert start.options.read_settings().warnings == ()


SAFE = {"listen_host": "127.0.0.1", "flow_detail": 0, "connection_strategy": "lazy"}


@pytest.mark.parametrize("conf", [None, "", "runway_poll_seconds: 9", "listen_port: 9"])
def test_a_file_that_does_not_speak_of_them_keeps_the_safe_defaults(start: Start, conf: str | None) -> None:
    found = start(conf)
    assert {name: getattr(found, name) for name in SAFE} == SAFE
    assert start.listens is True


@pytest.mark.parametrize(
    ("name", "value"),
    [("listen_host", "0.0.0.0"), ("listen_host", ""), ("flow_detail", 1), ("connection_strategy", "eager")],
)
def test_explicit_value_wins_over_a_safe_default(start: Start, name: str, value: str | int) -> None:
    other = {each: default for each, default in SAFE.items() if each != name}
    for conf, arguments in ((f"{name}: {value!r}", ()), ("", ("--set", f"{name}={value}"))):
        found = start(conf, *arguments)
        assert getattr(found, name) == value
        assert {each: getattr(found, each) for each in other} == other


def test_the_file_is_put_over_defaults(start: Start) -> None:
    found = start(
        "runway_poll_seconds: 9\nrunway_hosts: gw.example\nrunway_max_body: 5\nrunway_aliases:\n"
        "mode: [regular@127.0.0.1:8101, 'reverse:https://x@127.0.0.1:8102']\nstickyauth: 7\nhttp2: false\n"
        "connection_strategy: eager\nrunway_fallback: ~\n"
    )
    assert (found.runway_poll_seconds, found.runway_hosts, found.runway_max_body) == (9, ["gw.example"], "5")
    assert found.runway_aliases == []
    assert found.mode == ["regular@127.0.0.1:8101", "reverse:https://x@127.0.0.1:8102"]
    assert (found.stickyauth, found.http2, found.connection_strategy) == ("7", False, "eager")
    assert found.runway_fallback is None


@pytest.mark.parametrize(
    ("conf", "arguments", "option", "value"),
    [
        ("runway_poll_seconds: 9", ("--set", "runway_poll_seconds=7"), "runway_poll_seconds", 7),
        ("runway_poll_seconds: 9", ("--set", "runway_poll_seconds=5"), "runway_poll_seconds", 5),
        ("runway_sandbox: true", ("--set", "runway_sandbox=false"), "runway_sandbox", False),
        ("runway_hosts: [a, b]", ("--set", "runway_hosts=c"), "runway_hosts", ["c"]),
        ("listen_port: 9", ("--listen-port", "8080"), "listen_port", 8080),
        ("listen_port: 9", ("-p", "0"), "listen_port", 0),
        ("mode: [transparent]", ("--mode", "regular"), "mode", ["regular"]),
        ("mode: [transparent]", ("--set", "mode=regular"), "mode", ["regular"]),
        ("connection_strategy: lazy", ("--set", "connection_strategy=eager"), "connection_strategy", "eager"),
        (None, ("--set", "connection_strategy=eager"), "connection_strategy", "eager"),
        ("flow_detail: 3", ("-q",), "flow_detail", 0),
        ("flow_detail: 3", ("-v",), "flow_detail", 2),
        ("http2: false", ("--http2",), "http2", True),
    ],
)
def test_the_command_line_wins_also_where_it_says_the_default(
    start: Start, conf: str | None, arguments: tuple[str, ...], option: str, value: object
) -> None:
    assert getattr(start(conf, *arguments), option) == value


@pytest.mark.parametrize(
    ("conf", "arguments", "listens", "place"),
    [
        # Where neither does, the address is the addon's default, and not the one that mitmproxy took.
        ("flow_detail: 0", (), True, "listen_port"),
        ("flow_detail: 0", ("--listen-host", "::1"), False, "listen_port"),
        ("listen_port: 9", ("--set", "http2=false"), True, "{file} line 1: listen_port"),
        ("listen_port: 9", ("-p", "8", "--listen-host", "::1"), False, "listen_port"),
        ("listen_port: 9", ("--set", "listen_port=8", "--set", "listen_host="), False, "listen_port"),
        ("listen_port: 9\nlisten_host: ::1", ("-p", "8"), True, "{file} line 2: listen_host"),
        ("listen_port: 9\nmode: [regular]", (), True, "{file} line 2: mode"),
        ("listen_port: 9\nmode: [regular]", ("--mode", "socks5"), True, "{file} line 1: listen_port"),
        ("server: false", (), True, "{file} line 1: server"),
        ("server: true", ("-n", "--listen-host", "::1"), False, "listen_port"),
    ],
)
def test_the_file_says_where_to_listen_unless_the_command_line_does(
    start: Start, conf: str, arguments: tuple[str, ...], listens: bool, place: str
) -> None:
    start(conf, *arguments)
    assert start.listens is listens
    assert start.options.where_to_listen() == place.format(file=start.file)


def test_the_file_is_found_where_the_command_line_says(start: Start) -> None:
    other = start.folder / "other.yaml"
    other.write_text("runway_poll_seconds: 8\n")
    assert start("runway_poll_seconds: 9\n", "--set", f"runway_conf={other}").runway_poll_seconds == 8
    assert "there is no file /no/such" in error_of(lambda: start(None, "--set", "runway_conf=/no/such"))
    start.file.unlink()
    (start.folder / "beside").mkdir()
    (start.folder / "beside" / "mitm.conf").write_text("runway_poll_seconds: 7\n")
    assert start().runway_poll_seconds == 7


def test_a_reload_of_the_script_does_not_put_the_file_over_later_changes(start: Start) -> None:
    found = start("runway_poll_seconds: 9\n")
    found.update(runway_poll_seconds=3)
    start.load()
    assert found.runway_poll_seconds == 3
    assert start.listens is False


def test_where_the_mode_was_set_is_said_as_people_write_it(start: Start) -> None:
    start("", "--mode", "regular")
    assert start.options.where_of_mode() == "--mode"
    start("listen_port: 0\nmode: regular\n")
    assert start.options.where_of_mode() == f"{start.file} line 2: mode"
    start("")
    assert start.options.where_of_mode() == "mode"


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("runway_poll_seconds=often", "--set: "),
        ("runway_sandbox=perhaps", "--set: "),
        ("runway_keis=x", "--set: there is no option runway_keis; did you mean runway_keys?"),
        ("sandbox=true", "--set: there is no option sandbox; did you mean runway_sandbox?"),
        ("runway-sandbox=true", "--set: there is no option runway-sandbox; did you mean runway_sandbox?"),
        ("poll-seconds=1", "--set: there is no option poll-seconds; did you mean runway_poll_seconds?"),
        ("runwayish=1", "--set: there is no option runwayish; "),
    ],
)
def test_a_mistake_in_set_is_named(start: Start, assignment: str, says: str) -> None:
    assert error_of(lambda: start(None, "--set", assignment)).startswith(says)


def test_a_wrong_value_is_named_with_the_place_it_comes_from(start: Start) -> None:
    start("\nrunway_content: copy\n")
    assert error_of(start.options.read_settings).startswith(
        f"{start.file} line 2: runway_content: 'copy' must be"
    )
    start("", "--set", "runway_content=copy")
    assert error_of(start.options.read_settings).startswith("--set runway_content: 'copy' must be")
    start("").update(runway_content="copy")
    assert error_of(start.options.read_settings).startswith("runway_content: 'copy' must be")


def test_the_file_is_not_blamed_for_the_command_line(start: Start) -> None:
    start("\nrunway_content: redirect\n", "--set", "runway_content=copy")
    assert error_of(start.options.read_settings).startswith("--set runway_content: 'copy' must be")


@pytest.mark.parametrize(("size", "good"), [("63m", False), ("64m", True), ("1g", True), ("1", False)])
@pytest.mark.parametrize(
    ("name", "why"),
    [
        (
            "stream_large_bodies",
            "a request that is streamed cannot be answered; set it higher or leave it out",
        ),
        (
            "body_size_limit",
            "mitmproxy would refuse videos in HTML; set it higher, or runway_max_body lower",
        ),
    ],
)
def test_mitmproxys_own_limits_leave_room_for_runway_max_body(
    start: Start, name: str, why: str, size: str, good: bool
) -> None:
    for place, conf, arguments in (
        (f"{start.file} line 1: {name}", f"{name}: {size}", ()),
        (f"--set {name}", "", ("--set", f"{name}={size}")),
    ):
        start(conf, *arguments)
        if good:
            assert start.options.read_settings()
        else:
            message = error_of(start.options.read_settings)
            assert message == f"{place}: {size} is less than runway_max_body: {why}"
    assert name in options.WATCHED


@pytest.mark.parametrize(("line", "doubtful"), [("proxy_debug: true", True), ("proxy_debug: false", False)])
def test_a_log_of_raw_bytes_is_doubted(start: Start, line: str, doubtful: bool) -> None:
    start(line)
    assert any("proxy_debug" in doubt for doubt in options.option_warnings()) is doubtful


@pytest.mark.parametrize("name", ["emudhra", "emudhra_old"])
def test_a_ca_key_that_is_public_is_refused(start: Start, name: str) -> None:
    if name not in start(""):
        pytest.skip(f"this mitmproxy has no {name}")
    assert start.options.read_settings()
    for place, conf, arguments in (
        (f"{start.file} line 1: {name}", f"{name}: true", ()),
        (f"--set {name}", "", ("--set", f"{name}=true")),
    ):
        start(conf, *arguments)
        message = error_of(start.options.read_settings)
        assert message.startswith(f"{place}: signs with a CA key that is publicly known, so that others")
    start("", "--set", f"{name}=false")
    assert start.options.read_settings()
    assert name in options.WATCHED
