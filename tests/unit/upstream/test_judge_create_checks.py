"""What `GET /v1/organization` says of a key after a create was refused."""

from __future__ import annotations

import pytest

from runway_videos.keys.pool import KeyReport
from runway_videos.upstream.judge_create import check_confirms
from unit.upstream.replies import error, reply

LIMIT = {"models": {"gen4.5": {"maxDailyGenerations": 5}}}


def today(made: int, model: str = "gen4.5") -> dict[str, object]:
    return {"tier": LIMIT, "usage": {"models": {model: {"dailyGenerations": made}}}}


@pytest.mark.parametrize(
    ("report", "status", "body", "confirms"),
    [
        (KeyReport.UNAUTHORIZED, 401, error("Incorrect API key provided."), True),
        (KeyReport.UNAUTHORIZED, 401, b"<html>", False),
        (KeyReport.UNAUTHORIZED, 403, error("No."), False),
        (KeyReport.UNAUTHORIZED, 200, {"creditBalance": 0}, False),
        (KeyReport.UNAUTHORIZED, 503, error("Busy"), False),
        (KeyReport.NO_CREDITS, 200, {"creditBalance": 0}, True),
        (KeyReport.NO_CREDITS, 200, {"creditBalance": -1.5}, True),
        (KeyReport.NO_CREDITS, 200, {"creditBalance": 1}, False),
        (KeyReport.NO_CREDITS, 200, {"creditBalance": False}, False),
        (KeyReport.NO_CREDITS, 200, {}, False),
        (KeyReport.NO_CREDITS, 200, b"[]", False),
        (KeyReport.NO_CREDITS, 500, {"creditBalance": 0}, False),
        (KeyReport.DAILY_LIMIT, 200, today(5), True),
        (KeyReport.DAILY_LIMIT, 200, today(4), False),
        (KeyReport.DAILY_LIMIT, 200, today(9, "other"), False),
        (KeyReport.DAILY_LIMIT, 200, {"tier": None, "usage": 5}, False),
        (KeyReport.MODEL_UNAVAILABLE, 200, {"creditBalance": 0, "tier": LIMIT}, False),
    ],
)
def test_a_check_confirms_what_it_says_itself(
    report: KeyReport, status: int, body: object, confirms: bool
) -> None:
    assert check_confirms(report, "gen4.5", reply(status, body)) is confirms
