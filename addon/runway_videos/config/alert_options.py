"""`runway_alerts`: who is told when something goes wrong, such as a Slack channel."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from runway_videos.config.option_reader import OptionReader
from runway_videos.config.receiver_url import receiver_url
from runway_videos.logs import may_be_shown

_OPTION = "runway_alerts"
_EXAMPLE = '{"url": "env.SLACK_URL", "events": ["key_refused", "outcome_unknown"]}'
#: What can be told.
KINDS = ("key_refused", "key_credits", "key_daily_limit", "outcome_unknown", "budget", "repeat_storm")
#: Credits of a key below which `key_credits` is told, where nobody says otherwise: 5 dollars.
CREDITS_BELOW = 500.0


class AlertReceiver(msgspec.Struct, frozen=True):
    """An address that is told of events of these kinds. The address itself is a secret, as Slack's are."""

    url: str
    kinds: tuple[str, ...] = KINDS
    credits_below: float = CREDITS_BELOW

    @property
    def host(self) -> str:
        """What of the address may be shown."""
        return urlsplit(self.url).netloc

    def __repr__(self) -> str:
        return f"AlertReceiver({self.host!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return [("host", self.host)]


def read_alerts(reader: OptionReader, values: object) -> tuple[AlertReceiver, ...]:
    """The receivers of the option. Raises ConfigError."""
    receivers: list[AlertReceiver] = []
    for item in reader.items(_OPTION, values, ("url", "events", "credits_below"), _EXAMPLE):
        address, missing = reader.secret(_OPTION, item, "url", "a receiver")
        if address is None:
            raise reader.fail(_OPTION, f"url: {missing}; without a receiver's URL take the entry out")
        url = receiver_url(reader, _OPTION, address, "https://hooks.slack.com/services/…")
        below = item.get("credits_below", CREDITS_BELOW)
        if isinstance(below, bool) or not isinstance(below, int | float) or not 0 <= below < 1e12:
            raise reader.fail(_OPTION, "credits_below must be a number of credits, 0 or more")
        receiver = AlertReceiver(url, _kinds(reader, item.get("events")), float(below))
        if any(receiver.url == other.url for other in receivers):
            raise reader.fail(_OPTION, f"an address at {receiver.host} stands twice")
        receivers.append(receiver)
    return tuple(receivers)


def _kinds(reader: OptionReader, value: object) -> tuple[str, ...]:
    if value is None:
        return KINDS
    names = value if isinstance(value, list) else []
    wrong = next((str(name) for name in names if name not in KINDS), None)
    if not names or wrong is not None:
        # Perhaps an address that is as good as a password.
        shown = repr(wrong) if wrong is not None and may_be_shown(wrong) else "what stands there"
        what = f"{shown} is none" if wrong is not None else "there is none"
        raise reader.fail(_OPTION, f"events must be a list of {', '.join(KINDS)}; {what}")
    return tuple(dict.fromkeys(names))
