"""The JSON of alerts, as Slack's incoming webhooks take it, and what imitates them.

A message is small enough for all of them: Discord takes 2000 characters of text and 10 attachments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from runway_videos.alerts.texts import Alert
from runway_videos.logs import on_one_line

#: Characters of a field (Runway's words can be long), of a text, and alerts in one message.
MAX_FIELD, MAX_TEXT, MAX_ALERTS = 200, 1800, 10
# Slack's own three, and what makes a mention or a link where there is no Slack.
_HARMLESS = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "@ "), ("://", ": //"))


def message(alerts: Sequence[Alert], more: int = 0, prefix: str = "") -> bytes:
    """One message of all of these. `more` were of the same kind, and are not shown.

    `text` alone is enough; `attachments` have the facts as fields.
    """
    lines = [prefix + _with_facts(alert) for alert in alerts]
    if more:
        lines.append(f"{prefix}and {more} more in the last minute: see the log")
    attachments = [
        {
            "fallback": prefix + _plain(alert.text),
            "fields": [
                {"title": title, "value": _plain(value), "short": len(value) < 40}
                for title, value in alert.fields
            ],
        }
        for alert in alerts
    ]
    return msgspec.json.encode({"text": "\n".join(lines), "mrkdwn": False, "attachments": attachments})


def how_many_fit(alerts: Iterable[Alert]) -> int:
    """How many of these, from the first, one message has room for; one at least."""
    fit = size = 0
    for alert in alerts:
        size += len(_with_facts(alert)) + 1
        if fit and (size > MAX_TEXT or fit == MAX_ALERTS):
            break
        fit += 1
    return fit


def _with_facts(alert: Alert) -> str:
    facts = "; ".join(f"{title}: {_plain(value)}" for title, value in alert.fields)
    return _plain(alert.text) + (f" ({facts})" if facts else "")


def _plain(text: str) -> str:
    """No control characters, no links and no mentions."""
    shown = on_one_line(text[:MAX_FIELD])
    for what, instead in _HARMLESS:
        shown = shown.replace(what, instead)
    return shown + ("…" if len(text) > MAX_FIELD else "")
