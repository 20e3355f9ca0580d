"""The account of what was made: which line of which event, and that no line has what it must not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from runway_videos import events
from runway_videos.config.conf_file import ConfigError
from runway_videos.events import VideoFacts
from runway_videos.upstream.client import Reply, UnknownOutcomeError
from unit.config.option_values import settings_from
from unit.fake_runway import KEYS, ServiceHarness

FACTS = VideoFacts("sora-2", "4", "720x1280", "app", "seedance2_mini", "text_to_video")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def harness_of(path: Path, **options: Any) -> ServiceHarness:
    return ServiceHarness(audit=str(path), **options)


def test_a_video_has_a_line_before_its_create_one_after_it_and_one_at_its_end(path: Path) -> None:
    harness = harness_of(path)

    async def run() -> str:
        video = await harness.create(b'{"prompt": "a secret wish", "model": "sora-2"}')
        harness.now += 42
        harness.set(status="SUCCEEDED", output=["https://files/secret?sig=1"], cost={"credits": 70})
        await harness.video("GET", f"/{video}")
        return video

    video = asyncio.run(run())
    sending, created, ended = lines(path)
    about = {
        "key": "a",
        "model": "sora-2",
        "runway_model": "seedance2_mini",
        "mode": "text_to_video",
        "seconds": "4",
        "size": "720x1280",
        "time": "2026-09-21T14:30:00.000Z",
    }
    assert sending == about | {"event": "sending", "credits_estimated": 64}
    task = next(iter(harness.runway.tasks))
    assert created == about | {
        "event": "created",
        "outcome": "made",
        "task": task,
        "video_id": video,
        "credits_estimated": 64,
        "milliseconds": 0,
    }
    assert ended.pop("time") == "2026-09-21T14:30:42.000Z"
    assert {name: ended[name] for name in ("event", "outcome", "task", "credits", "seconds_to_end")} == {
        "event": "ended",
        "outcome": "completed",
        "task": task,
        "credits": 70,
        "seconds_to_end": 42,
    }
    for secret in ("secret", *KEYS.values()):
        assert secret not in path.read_text()


def test_prompts_are_there_if_they_are_asked_for(path: Path) -> None:
    harness = harness_of(path, audit_prompts=True)
    asyncio.run(harness.create(b'{"prompt": "a cat"}'))
    assert [line.get("prompt") for line in lines(path)] == [None, "a cat"]


def test_a_failure_has_its_code_and_a_deleted_video_its_line(path: Path) -> None:
    harness = harness_of(path)

    async def run() -> None:
        first, second = await harness.create(), await harness.create()
        harness.set(status="FAILED", failureCode="SAFETY.INPUT.TEXT", failure="no")
        await harness.video("GET", f"/{first}")
        await harness.ask("DELETE", f"/{second}")

    asyncio.run(run())
    ended = [line for line in lines(path) if line["event"] in ("ended", "deleted")]
    assert [(line["event"], line.get("outcome")) for line in ended] == [
        ("ended", "failed"),
        ("ended", "deleted"),
        ("deleted", None),
    ]
    assert ended[0]["failure_code"]


def test_a_create_that_runway_refuses_is_said_to_have_made_nothing(path: Path) -> None:
    harness = harness_of(path)
    harness.runway.next["create"].append(Reply(400, b'{"error": "No."}'))
    with pytest.raises(Exception, match="No"):
        asyncio.run(harness.create())
    assert [(line["event"], line.get("outcome")) for line in lines(path)] == [
        ("sending", None),
        ("refused", "refused"),
    ]


def test_an_unknown_outcome_says_with_which_key_and_why(path: Path) -> None:
    harness = harness_of(path)
    harness.runway.next["create"].append(UnknownOutcomeError("ReadTimeout"))
    with pytest.raises(Exception, match="answer to this create was lost"):
        asyncio.run(harness.create())
    found = lines(path)[-1]
    assert (found["event"], found["outcome"], found["key"]) == ("unknown", "unknown", "a")
    assert found["reason"] == "ReadTimeout"


def test_a_create_that_the_end_of_the_process_cut_is_unknown(path: Path) -> None:
    harness = harness_of(path)
    harness.service.runtime.events.emit(events.CreateGivenUp(FACTS, request_id="req_1"))
    (found,) = lines(path)
    assert (found["event"], found["request_id"], found["caller"]) == ("unknown", "req_1", "app")


def test_a_clients_raw_bytes_are_escaped(path: Path) -> None:
    harness = harness_of(path)
    facts = VideoFacts("runway/\udcff\n{", "4", "720x1280", "app", "runway/\udcff", "text_to_video")
    harness.service.runtime.events.emit(events.CreateSending(facts, "a", 1.0))
    assert lines(path)[0]["model"] == "runway/\\udcff\n{"


def test_a_file_that_cannot_be_written_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"runway_audit: cannot write .*/none/audit"):
        harness_of(tmp_path / "none" / "audit.jsonl")


def test_other_settings_change_the_file(path: Path, tmp_path: Path) -> None:
    harness = harness_of(path)
    other = tmp_path / "other.jsonl"
    keys = [{"name": "a", "value": "env.A"}]
    with pytest.raises(ConfigError):
        harness.service.reconfigure(settings_from(KEYS, keys=keys, audit=f"{path}/none"))
    asyncio.run(harness.create())
    harness.service.reconfigure(settings_from(KEYS, keys=keys, audit=str(other)))
    asyncio.run(harness.create())
    harness.service.reconfigure(settings_from(KEYS, keys=keys))
    asyncio.run(harness.create())
    assert (len(lines(path)), len(lines(other))) == (2, 2)


def test_without_the_option_there_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asyncio.run(ServiceHarness().create())
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_full_stops_no_create(caplog: pytest.LogCaptureFixture) -> None:
    harness = harness_of(Path("/dev/full"))
    asyncio.run(harness.create())
    assert harness.runway.times("create") == 1
    told = [line for line in caplog.messages if "runway_audit" in line]
    assert told == ["runway_audit: lines cannot be written and are lost: No space left on device"]
