"""In the course of which request something happens."""

from __future__ import annotations

import asyncio

from runway_videos.events import Event, Events, FieldsIgnored
from runway_videos.request_context import InRequest, current_request
from unit.loopback import in_a_loop


def test_a_request_is_there_within_its_block_alone() -> None:
    assert current_request() == ""
    with InRequest("req_1"):
        assert current_request() == "req_1"
    assert current_request() == ""


@in_a_loop
async def test_a_task_that_begins_in_a_request_is_of_it_to_its_end() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return current_request()

    with InRequest("req_1"):
        task = asyncio.create_task(work())
    with InRequest("req_2"):
        assert await task == "req_1"


def test_events_have_the_id_of_their_request() -> None:
    seen: list[Event] = []
    events = Events([seen.append])
    with InRequest("req_1"):
        events.emit(FieldsIgnored(("n",)))
        events.emit(FieldsIgnored(("n",), request_id="req_0"))
    events.emit(FieldsIgnored(("n",)))
    assert [event.request_id for event in seen] == ["req_1", "req_0", ""]
