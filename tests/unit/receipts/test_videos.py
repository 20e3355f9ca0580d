"""An account's lines, put together into videos."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runway_videos.receipts.videos import UNFINISHED, files_of, lines_of, read


def line(event: str, task: str = "t1", **more: object) -> bytes:
    facts = {"time": "2026-11-25T10:00:00.000Z", "event": event, "key": "a", "task": task, "caller": "app"}
    return json.dumps(facts | {"model": "sora-2", "runway_model": "seedance2"} | more).encode() + b"\n"


MADE = line("created", credits_estimated=64, outcome="made")
ENDED = line("ended", credits=70, outcome="completed", time="2026-11-26T00:00:01.000Z")


def test_a_video_is_of_the_day_of_its_create_and_costs_what_its_end_says() -> None:
    for lines in ([line("sending", task=""), MADE, ENDED], [ENDED, MADE], [MADE, ENDED, ENDED]):
        (video,) = read(lines).videos.values()
        assert (video.day, video.credits, video.final) == ("2026-11-25", 70, True)
        assert (video.caller, video.key, video.model, video.outcome) == ("app", "a", "seedance2", "completed")


def test_without_an_end_it_costs_what_was_estimated() -> None:
    (video,) = read([MADE]).videos.values()
    assert (video.credits, video.final, video.outcome) == (64, False, UNFINISHED)
    (deleted,) = read([MADE, line("ended", outcome="deleted")]).videos.values()
    assert (deleted.credits, deleted.final, deleted.outcome) == (64, False, "deleted")


def test_two_keys_may_have_the_same_task() -> None:
    assert len(read([MADE, line("created", key="b")]).videos) == 2


def test_what_was_made_elsewhere_is_another_accounts() -> None:
    assert read([line("ended", made_elsewhere=True, credits=70)]).videos == {}


def test_lines_that_do_not_count_are_counted() -> None:
    odd = [b'{"cut', b"\n", b"\xff\n", line("created", "t2", sandbox=True), line("unknown", "")]
    account = read([MADE, *odd])
    assert (len(account.videos), account.unreadable, account.sandbox) == (1, 2, 1)
    assert [each.key for each in account.unknown] == ["a"]


def test_a_create_that_was_sent_and_of_which_nothing_more_is_said_is_unknown() -> None:
    def of(request_id: str, *names: str) -> list[bytes]:
        return [line(name, request_id if name == "created" else "", request_id=request_id) for name in names]

    clear = [
        *of("r1", "sending", "created"),
        *of("r2", "sending", "refused", "sending", "created"),
        *of("r3", "sending", "unknown"),
        *of("r4", "sending", "refused"),
    ]
    assert [each.request_id for each in read(clear).unknown] == ["r3"]
    cut = [*of("r5", "sending"), *of("r6", "sending", "refused", "sending")]
    assert [each.request_id for each in read(clear + cut).unknown] == ["r3", "r5", "r6"]


@pytest.mark.parametrize("name", ["audit.jsonl", "audit[1].jsonl", "a*?.jsonl"])
def test_rotated_files_come_first(tmp_path: Path, name: str) -> None:
    files = [f"{name}.20261125T100000-7", f"{name}.20261124T100000-9", name, "other.jsonl", "audit1.jsonl.2"]
    for file in files:
        (tmp_path / file).write_text(f"{file}\n")
    found = [each.decode().strip() for each in lines_of(files_of(tmp_path / name))]
    assert found == [f"{name}.20261124T100000-9", f"{name}.20261125T100000-7", name]
