"""A log that a stranger cannot fill."""

from __future__ import annotations

from runway_addon.seldom import Seldom


def test_the_same_is_said_once_a_minute() -> None:
    now = [100.0]
    seldom = Seldom(lambda: now[0])
    assert seldom.may_say("a tunnel", "10.0.0.9")
    assert not seldom.may_say("a tunnel", "10.0.0.9")
    assert seldom.may_say("a call", "10.0.0.9")
    assert seldom.may_say("a tunnel", "10.0.0.8")
    now[0] += 59.9
    assert not seldom.may_say("a tunnel", "10.0.0.9")
    now[0] += 0.1
    assert seldom.may_say("a tunnel", "10.0.0.9")


def test_its_memory_is_bounded() -> None:
    seldom = Seldom(lambda: 0.0, remembered=2)
    for peer in ("a", "b", "c"):
        assert seldom.may_say("x", peer)
    assert not seldom.may_say("x", "c")
    assert not seldom.may_say("x", "b")
    assert seldom.may_say("x", "a")  # forgotten
