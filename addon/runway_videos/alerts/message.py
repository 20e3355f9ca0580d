"""The JSON of alerts, as Slack's incoming webhooks take it, and what imitates them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from runway_videos.alerts.texts import Alert

#: Characters of a field; a key's `Runway says` can be long.
_MAX_FIELD = 300


def message(alerts: Sequence[Alert], more: int, prefix: str = "") -> bytes:
    """One message of all of these. `more` were of the same kind, and are not shown.

    `text` alone is enough; `attachments` have the facts as fields.
    """
    lines = [prefix + _with_facts(alert) for alert in alerts]
    if more:
        lines.append(f"{prefix}and {more} more of this kind: see the log")
    return msgspec.json.encode(
        {
            "text": "\n".join(lines),
            "attachments": [
                {
                    "fallback": _plain(alert.text),
                    "fields": [
                        {"title": title, "value": _plain(value), "short": len(value) < 40}
                        for title, value in alert.fields
                    ],
                }
                for alert in alerts
            ],
        }
    )


def _with_facts(alert: Alert) -> str:
    facts = ", ".join(f"{title} {_plain(value)}" for title, value in alert.fields)
    return _plain(alert.text) + (f" ({facts})" if facts else "")


def _plain(text: str) -> str:
    """No control characters, no links and no mentions: as Slack wants its three characters escaped."""
    shown = "".join(each if each.isprintable() else " " for each in text[:_MAX_FIELD])
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
