"""The JSON as Slack takes it: no text of others makes a link or a mention."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from runway_videos.alerts.message import message
from runway_videos.alerts.texts import Alert


def test_text_alone_is_enough_and_fields_have_the_facts() -> None:
    found = json.loads(
        message([Alert("budget", "a", "One.", (("caller", "a"),)), Alert("budget", "b", "Two.")], 3)
    )
    assert found["text"] == "One. (caller a)\nTwo.\nand 3 more of this kind: see the log"
    assert found["attachments"] == [
        {"fallback": "One.", "fields": [{"title": "caller", "value": "a", "short": True}]},
        {"fallback": "Two.", "fields": []},
    ]


@given(st.text(max_size=400))
def test_no_text_is_more_than_text(text: str) -> None:
    found = json.loads(message([Alert("budget", "", text, (("why", text),))], 0, "SANDBOX: "))
    (attachment,) = found["attachments"]
    for shown in (found["text"], attachment["fallback"], attachment["fields"][0]["value"]):
        assert "<" not in shown
        assert ">" not in shown
        assert shown.isprintable()
    assert found["text"].startswith("SANDBOX: ")
