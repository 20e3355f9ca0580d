"""Each wrong value in mitm.conf is one line: where it is, what it is, what would be right."""

from __future__ import annotations

import pytest

from unit.addon.start_harness import Start, error_of

pytestmark = pytest.mark.dependencies


@pytest.mark.parametrize(
    ("conf", "says"),
    [
        ("listen_port: many", "line 1: listen_port: 'many' must be a whole number"),
        ("\nhttp2: 3", "line 2: http2: 3 must be true or false"),
        ("runway_sandbox: yes", "line 1: runway_sandbox: 'yes' must be true or false"),
        ("runway_poll_seconds: 1.5", "line 1: runway_poll_seconds: 1.5 must be a whole number"),
        ("runway_content: [a]", "line 1: runway_content: ['a'] must be a text"),
        ("runway_proxy: [a]", "line 1: runway_proxy: must be a text"),
        ("runway_hosts: {a: b}", "line 1: runway_hosts: {'a': 'b'} must be a list of texts"),
        ("runway_hosts: [a, [b]]", "line 1: runway_hosts: ['a', ['b']] must be a list of texts"),
        ("runway_hosts: [a, ~]", "line 1: runway_hosts: ['a', None] must be a list of texts"),
        ("connection_strategy: fast", "line 1: connection_strategy: 'fast' must be one of eager, lazy"),
        ("listen_port: 65536", "line 1: listen_port: 65536 must be a port from 0 to 65535"),
        ("listen_port: -1", "line 1: listen_port: -1 must be a port from 0 to 65535"),
        ("mode: []", "line 1: mode: there must be a mode, such as regular"),
        ("mode:", "line 1: mode: there must be a mode, such as regular"),
        (
            "runway_keis: []",
            "line 1: there is no option runway_keis; did you mean runway_keys?",
        ),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(start: Start, conf: str, says: str) -> None:
    assert error_of(lambda: start(conf)) == f"{start.file} {says}"


@pytest.mark.parametrize(
    ("conf", "says"),
    [
        ("mode: sideways", "line 1: mode: "),
        ("\nstream_large_bodies: much", "line 2: stream_large_bodies: "),
        ("scripts: [x.py]", "line 1: scripts has no place here; "),
    ],
)
def test_a_mistake_that_mitmproxy_finds_is_named_with_its_line(start: Start, conf: str, says: str) -> None:
    begin = f"{start.file} {says}"
    message = error_of(lambda: start(conf))
    assert message.startswith(begin)
    assert len(message) > len(begin)


@pytest.mark.parametrize(
    ("conf", "says"),
    [
        ("runway_poll_seconds: true", "runway_poll_seconds: true must be a whole number"),
        ("listen_port: false", "listen_port: false must be a whole number"),
        ("runway_max_body: true", "runway_max_body: true must be a text"),
        ("runway_proxy: true", "runway_proxy: true must be a text"),
        ("stickyauth: false", "stickyauth: false must be a text"),
        ("runway_hosts: true", "runway_hosts: true must be a list of texts"),
        ("runway_hosts: [true]", "runway_hosts: [True] must be a list of texts"),
    ],
)
def test_a_boolean_is_neither_a_number_nor_a_text(start: Start, conf: str, says: str) -> None:
    assert error_of(lambda: start(conf)) == f"{start.file} line 1: {says}"


def test_numbers_are_texts_where_texts_are_wanted(start: Start) -> None:
    found = start("ignore_hosts: [5, a]\nstickyauth: 1.5\nrunway_hosts: 7\n")
    assert (found.ignore_hosts, found.stickyauth, found.runway_hosts) == (["5", "a"], "1.5", ["7"])


@pytest.mark.parametrize("port", [0, 65535])
def test_ports_go_from_0_to_65535(start: Start, port: int) -> None:
    assert start(f"listen_port: {port}").listen_port == port


class Failing:
    """An addon that raises for one value of an option."""

    def configure(self, updated: set[str]) -> None:
        if "stickyauth" in updated:
            raise ValueError("cannot\ndo that")


def test_an_addon_that_raises_for_an_option_gives_one_line(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    start.addons = (Failing(),)
    found = start("", "--set", "http2=false")
    caplog.clear()
    assert error_of(lambda: start("\nhttp2: true\nstickyauth: x")) == (
        f"{start.file} line 3: stickyauth: cannot do that"
    )
    assert not any("cannot" in record.getMessage() or record.exc_info for record in caplog.records)
    # Later mitmproxy says it in its own way again.
    found.update(stickyauth="y")
    assert "Traceback" in caplog.text
