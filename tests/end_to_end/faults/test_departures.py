"""Clients that leave before they have their answer, and come back: one video, paid once."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import openai
import pytest

from faulty import Fault, departures, faults
from faulty.accounts import Operation
from faulty.clients import Client, create
from faulty.departing import Scene
from faulty.gateway import PICTURE, lines_with, wait_alone
from faulty.table import Row
from runway_videos.idempotency.creates import Kept

pytestmark = pytest.mark.slow


def test_hanging_up_within_the_request_makes_nothing(scene: Scene) -> None:
    body = json.dumps({"model": scene.model, "prompt": "it"}).encode()
    head = f"POST /v1/videos HTTP/1.1\r\nHost: {scene.proxy.url[7:]}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", scene.proxy.port)) as sock:
        sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    wait_alone(scene.proxy)
    assert scene.account.tasks == []
    got = scene.ask(retry=1)
    assert scene.row(departures.HALF_A_BODY, got.video) == departures.HALF_A_BODY


@pytest.mark.parametrize(
    ("row", "times"), [(departures.TIMED_OUT, 1), (departures.TIMED_OUT_TWICE, 2)], ids=["once", "twice"]
)
def test_the_stock_clients_own_time_out_and_retries(scene: Scene, row: Row, times: int) -> None:
    scene.account.plan(Operation.CREATE, faults.HELD)
    given_up: list[object] = []

    class Impatient(Client):
        """Runway answers only when the client has given up so many times."""

        def _calculate_retry_timeout(self, *args: object, **kwargs: object) -> float:
            given_up.append(args)
            if len(given_up) == times:
                scene.account.release()
                self.timeout = 60
            return 0.0

    with Impatient(scene.proxy.base_url, timeout=openai.Timeout(60, read=0.5)) as user:
        got = create(user, model=scene.model, prompt="it")
    assert scene.row(row, got.video, sees=got.words) == row


def test_repeats_join_the_create_that_still_runs(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, faults.HELD)
    scene.leave()
    scene.leave(retry=1)
    assert scene.account.seen[Operation.CREATE] == 1
    scene.answered("created:")
    got = scene.ask(retry=2)
    assert scene.row(departures.JOINED, got.video, sees=got.words) == departures.JOINED


def test_a_repeat_takes_the_one_that_was_kept_and_a_later_one_is_new(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, faults.HELD)
    scene.leave()
    scene.answered("created:")
    got = scene.ask(retry=1)
    assert scene.row(departures.KEPT, got.video, sees=got.words) == departures.KEPT
    time.sleep(Kept().delivered)  # until what was delivered is forgotten
    third = scene.ask(retry=2)
    assert scene.row(departures.THIRD, got.video, third.video) == departures.THIRD


def test_the_kept_one_is_the_task_that_the_log_names(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, faults.HELD)
    scene.leave()
    scene.answered("created:")
    (task,) = scene.account.tasks
    assert lines_with(scene.proxy.log, "created:", scene.model, f"task {task.id}")
    got = scene.ask(retry=1)
    with Client(scene.proxy.base_url) as user:
        assert user.videos.retrieve(got.video).status == "in_progress"
    assert task.asked == 1


def test_an_equal_create_without_a_mark_is_a_new_one(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, faults.HELD)
    scene.leave()
    scene.answered("created:")
    got = scene.ask(retry=0)
    assert scene.row(departures.UNMARKED, got.video) == departures.UNMARKED


def test_hanging_up_while_a_file_is_uploaded(scene: Scene) -> None:
    scene.account.plan(Operation.STORE, Fault(holds=True))
    picture = ("picture.png", PICTURE)
    scene.leave(Operation.STORE, input_reference=picture)
    scene.answered("created:")
    got = scene.ask(retry=1, input_reference=picture)
    assert scene.row(departures.UPLOADING, got.video, sees=got.words) == departures.UPLOADING
    assert scene.account.seen[Operation.STORE] == 1


def test_a_repeat_of_a_lost_answer_gets_the_same_word(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, Fault(faults.End.RESET, holds=True))
    scene.leave()
    scene.answered("OUTCOME UNKNOWN")
    got = scene.ask(retry=1)
    assert scene.row(departures.LOST, got.video, sees=got.words) == departures.LOST


def test_a_refusal_does_not_block_its_retry(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, msgspec.structs.replace(faults.VALIDATION, holds=True))
    scene.leave()
    scene.answered("create refused, 400")
    got = scene.ask(retry=1)
    assert scene.row(departures.REFUSED, got.video, sees=got.words) == departures.REFUSED


def test_an_idempotency_key_is_one_video(scene: Scene) -> None:
    scene.account.plan(Operation.CREATE, faults.HELD)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(scene.ask, key="mine")
        scene.runway.wait_seen(scene.account, Operation.CREATE)
        second = pool.submit(scene.ask, key="mine")
        scene.account.release()
        videos = [first.result().video, second.result().video, scene.ask(key="mine").video]
    assert all(videos)
    assert scene.row(departures.SAME_KEY, *videos) == departures.SAME_KEY
    other = scene.ask(key="mine", prompt="something else")
    assert scene.row(departures.OTHER_BODY, *videos, sees=other.words) == departures.OTHER_BODY
