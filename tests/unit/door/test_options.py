"""mitm.conf is put over mitmproxy's defaults and under its command line; each mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from runway_door import options
from unit.door.start_box import Start, error_of
from unit.told import DEFAULTS


def test_the_options_are_those_of_the_contract_with_their_defaults(start: Start) -> None:
    found = start()
    assert {name: getattr(found, name) for name in DEFAULTS} == dict(DEFAULTS)
    assert found.runway_conf == ""
    assert set(options.OPTIONS) == {*DEFAULTS, "runway_conf"}
    assert found.connection_strategy == "lazy"
    assert start.said is None
    assert options.read_settings().base_url == "https://api.dev.runwayml.com"


def test_the_shipped_file_says_the_defaults(start: Start) -> None:
    shipped = Path(options.__file__).parents[2] / "mitm.conf"
    found = start(shipped.read_text())
    assert {name: getattr(found, name) for name in DEFAULTS} == dict(DEFAULTS)
    assert (found.listen_host, found.listen_port, found.mode) == ("127.0.0.1", 8080, ["regular"])
    assert (found.flow_detail, found.connection_strategy) == (0, "lazy")
    assert options.read_settings().warnings == ()


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


def test_where_to_listen_is_told_with_what_the_command_line_said(start: Start) -> None:
    start("flow_detail: 0\n")
    assert start.said is None
    start("listen_port: 9\n", "--set", "http2=false")
    assert start.said is not None
    assert {"http2", "confdir"} <= start.said
    assert "listen_port" not in start.said
    start("listen_port: 9\n", "-p", "8")
    assert start.said is None


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


@pytest.mark.parametrize(
    ("conf", "says"),
    [
        ("listen_port: many", "line 1: listen_port: 'many' must be of type"),
        ("\nhttp2: 3", "line 2: http2: 3 must be of type bool"),
        ("runway_sandbox: yes", "line 1: runway_sandbox: 'yes' must be of type bool"),
        ("runway_poll_seconds: 1.5", "line 1: runway_poll_seconds: 1.5 must be of type int"),
        ("runway_content: [a]", "line 1: runway_content: ['a'] must be of type str"),
        ("connection_strategy: fast", "line 1: connection_strategy: 'fast' must be one of eager, lazy"),
        ("mode: sideways", "line 1: mode: "),
        ("runway_keis: []", "line 1: there is no option runway_keis; did you mean runway_keys?"),
        ("scripts: [x.py]", "line 1: scripts has no place here"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(start: Start, conf: str, says: str) -> None:
    assert f"{start.file} {says}" in error_of(lambda: start(conf))


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("runway_poll_seconds=often", "--set: "),
        ("runway_sandbox=perhaps", "--set: "),
        ("runway_keis=x", "--set: there is no option runway_keis"),
    ],
)
def test_a_mistake_in_set_is_named(start: Start, assignment: str, says: str) -> None:
    assert error_of(lambda: start(None, "--set", assignment)).startswith(says)


def test_a_wrong_value_is_named_with_the_place_it_comes_from(start: Start) -> None:
    start("\nrunway_content: copy\n")
    assert error_of(options.read_settings).startswith(f"{start.file} line 2: runway_content: 'copy' must be")
    start("", "--set", "runway_content=copy")
    assert error_of(options.read_settings).startswith("runway_content: 'copy' must be")


@pytest.mark.xfail(reason="the file is named for what the command line said", strict=True)
def test_the_file_is_not_blamed_for_the_command_line(start: Start) -> None:
    start("\nrunway_content: redirect\n", "--set", "runway_content=copy")
    assert error_of(options.read_settings).startswith("runway_content: 'copy' must be")


@pytest.mark.parametrize(("stream", "good"), [("63m", False), ("64m", True), ("1g", True), ("1", False)])
def test_requests_must_not_be_streamed_that_are_answered_here(start: Start, stream: str, good: bool) -> None:
    start("", "--set", f"stream_large_bodies={stream}")
    if good:
        assert options.read_settings()
    else:
        assert "is less than runway_max_body" in error_of(options.read_settings)
    assert "stream_large_bodies" in options.WATCHED
