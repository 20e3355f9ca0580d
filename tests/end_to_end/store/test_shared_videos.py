"""Two proxies with one store answer about a video as one would, also after a restart."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai.types import Video

from asking import until
from end_to_end.store.conftest import MODEL, Pair
from faulty import faults
from faulty.accounts import Operation
from faulty.gateway import lines_with

pytestmark = pytest.mark.slow


def create(pair: Pair, number: int, prompt: str) -> Video:
    with pair.client(number) as user:
        return user.videos.create(model=MODEL, prompt=prompt)


def get(pair: Pair, number: int, video_id: str) -> dict[str, Any]:
    with pair.client(number) as user:
        return user.videos.retrieve(video_id).model_dump()


def ids(pair: Pair, number: int, **options: Any) -> list[str]:
    with pair.client(number) as user:
        return [video.id for video in user.videos.list(limit=3, **options)]


def test_both_answer_the_same_and_ask_runway_as_one(stores: Pair) -> None:
    pair = stores.begin(runway_poll_seconds=3600)
    video = create(pair, 0, "a boat")
    seen = pair.account.seen[Operation.STATUS]
    first = get(pair, 0, video.id)
    assert (first["prompt"], first["status"]) == ("a boat", "in_progress")
    for _ in range(2):
        assert get(pair, 1, video.id) == get(pair, 0, video.id) == first
    assert pair.account.seen[Operation.STATUS] == seen + 1


def test_an_end_is_said_once_and_stays_over_restarts(pair: Pair) -> None:
    video = create(pair, 0, "a boat")
    with pair.client(1) as user:
        done = user.videos.poll(video.id, poll_interval_ms=10).model_dump()
    assert (done["status"], done["prompt"]) == ("completed", "a boat")
    assert get(pair, 0, video.id) == done
    ends = [line for proxy in pair.proxies for line in lines_with(proxy.log, " completed: ", video.id)]
    assert len(ends) == 1
    assert "created by another process" in ends[0]
    pair.end()
    pair.proxies[:] = [pair.start(), pair.start()]
    pair.account.plan(Operation.STATUS, faults.bare(500))
    assert get(pair, 0, video.id) == get(pair, 1, video.id) == done


def test_a_caller_s_list_is_whole_at_either(pair: Pair) -> None:
    made = [create(pair, number % 2, f"video {number}").id for number in range(7)]
    for number in (0, 1):
        until(lambda number=number: len(ids(pair, number)) == 7 or None, "a whole list")  # type: ignore[misc]
        assert sorted(ids(pair, number)) == sorted(made)
        assert ids(pair, number, order="asc") == ids(pair, number)[::-1]
    with pair.client(1) as user:
        user.videos.delete(made[3])
    left = sorted({*made} - {made[3]})
    assert sorted(ids(pair, 0)) == sorted(ids(pair, 1)) == left
    pair.proxies[0].kill()
    pair.proxies[0] = pair.start()
    with pair.client(0) as user, pytest.raises(openai.NotFoundError):
        user.videos.retrieve(made[3])
    assert sorted(ids(pair, 0)) == left
    with pair.client(0) as user:
        assert {video.prompt for video in user.videos.list()} == {f"video {n}" for n in range(7) if n != 3}


def test_prompts_may_be_left_out(stores: Pair) -> None:
    pair = stores.begin(runway_store_prompts=False)
    video = create(pair, 0, "a secret boat")
    assert get(pair, 0, video.id)["prompt"] == "a secret boat"
    assert get(pair, 1, video.id)["prompt"] is None
