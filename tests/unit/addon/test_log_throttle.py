"""A log that a stranger cannot fill."""

from __future__ import annotations

from runway_addon.log_throttle import LogThrottle


def test_the_same_is_said_once_a_minute() -> None:
    now = [100.0]
    throttle = LogThrottle(lambda: now[0])
    assert throttle.may_log("a tunnel", "10.0.0.9")
    assert not throttle.may_log("a tunnel", "10.0.0.9")
    assert throttle.may_log("a call", "10.0.0.9")
    assert throttle.may_log("a tunnel", "10.0.0.8")
    now[0] += 59.9
    assert not throttle.may_log("a tunnel", "10.0.0.9")
    now[0] += 0.1
    assert throttle.may_log("a tunnel", "10.0.0.9")


def test_throttle_remembers_a_bounded_number() -> None:
    throttle = LogThrottle(lambda: 0.0, remembered=2)
    for peer in ("a", "b", "c"):
        assert throttle.may_log("x", peer)
    assert not throttle.may_log("x", "c")
    assert not throttle.may_log("x", "b")
    assert throttle.may_log("x", "a")  # forgotten
