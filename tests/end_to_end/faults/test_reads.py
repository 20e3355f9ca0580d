"""Behind a balancer all that is asked about one video goes to one process: its status never goes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asking import error_of, web
from faulty import balancer, nginx
from faulty.accounts import Operation
from faulty.pair import TOKEN, AnyBalancer, Pair, two_proxies

pytestmark = [pytest.mark.slow, pytest.mark.long]

BEARER = {"Authorization": f"Bearer {TOKEN}"}
VIDEOS = 20
# Which configuration, and the line of it that sends reads.
HAPROXY = pytest.param(
    Pair.balancer,
    "balance hash var(txn.video)",
    marks=pytest.mark.skipif(not balancer.installed, reason="haproxy is not installed"),
)
NGINX = pytest.param(
    Pair.nginx,
    "hash $video consistent;",
    marks=pytest.mark.skipif(not nginx.installed, reason="nginx is not installed"),
)
type Front = Callable[..., AnyBalancer]


@pytest.fixture
def lasting(folder: Callable[[], Path]) -> Iterator[Pair]:
    """Two proxies that give out for an hour what they saw of a video first."""
    with two_proxies(folder, runway_poll_seconds=3600) as pair:
        yield pair


def reads(front: AnyBalancer) -> list[list[tuple[str, str | None]]]:
    """Status and prompt of each of some videos, time after time, each time over a connection of its own.

    At Runway each video runs when it is asked about first, and is done from then on.
    """
    with web(front.base_url, headers=BEARER | {"Connection": "close"}) as user:
        made = [
            user.post("/videos", json={"model": "runway/any", "prompt": "x" * (1 + number)}).json()["id"]
            for number in range(VIDEOS)
        ]
        found = []
        for video in made:
            answers = [user.get(f"/videos/{video}").json(), user.get(f"/videos/{video}?again=1").json()]
            user.head(f"/videos/{video}/content")
            answers += [user.get(f"/videos/{video}").json() for _ in range(2)]
            found.append([(answer["status"], answer["prompt"]) for answer in answers])
        return found


@pytest.mark.parametrize(("front", "line"), [HAPROXY, NGINX])
def test_a_status_never_goes_back(lasting: Pair, front: Front, line: str) -> None:
    with front(lasting) as through:
        found = reads(through)
    assert [answers for answers in found if len(set(answers)) > 1] == []
    assert lasting.account.seen[Operation.STATUS] == VIDEOS
    # Both processes are used: of some videos the one that is asked did not make them.
    prompts = [prompt for (_, prompt), *_ in found]
    assert 0 < prompts.count(None) < VIDEOS


@pytest.mark.parametrize(("front", "line"), [HAPROXY, NGINX])
def test_in_turn_it_does(lasting: Pair, front: Front, line: str) -> None:
    with front(lasting, line) as through:
        found = reads(through)
    statuses = [[status for status, _ in answers] for answers in found]
    assert [each for each in statuses if "in_progress" in each[each.index("completed") :]] == statuses


@pytest.mark.parametrize(("front", "line"), [HAPROXY, NGINX])
def test_without_callers_nobody_behind_it_is_the_local_user(
    folder: Callable[[], Path], front: Front, line: str
) -> None:
    with two_proxies(folder, runway_callers=[]) as pair:
        with front(pair) as through, web(through.base_url) as user:
            error_of(user.post("/videos", json={"prompt": "x"}), 403)
            error_of(user.get("/videos/video_rwAny"), 403)
        with web(pair.proxies[0].base_url) as user:
            error_of(user.get("/videos/video_rwAny"), 404)
