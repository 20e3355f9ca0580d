"""Files that are uploaded before a create: nothing is paid yet, so what fails is tried again."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.errors import ApiError
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from runway_videos.upstream.submit import SubmittedTask
from runway_videos.upstream.timeouts import Timeouts
from runway_videos.upstream.uploads import MAX_UPLOADS
from unit.upstream.submit_harness import Box, Scripted, refusal

CREDITS = refusal(400, "You do not have enough credits to run this task.")
BUSY = refusal(503, "Busy.")
UPLOADED = ["slot", "store", "create"]


def steps(box: Box) -> list[str]:
    return [name for name, _ in box.client.sent]


def refused(box: Box) -> ApiError:
    with pytest.raises(ApiError) as caught:
        box.submit(picture=True)
    return caught.value


def test_the_file_goes_first_and_the_create_names_its_place() -> None:
    box = Box()
    box.submit(picture=True)
    assert steps(box) == UPLOADED
    assert box.client.bodies == [{"model": "gen4.5", "promptText": "a cat", "promptImage": "runway://of-a"}]


def test_another_organisation_needs_an_upload_of_its_own() -> None:
    box = Box(2).plan("create", CREDITS)
    assert box.submit(picture=True).key == "b"
    assert [body["promptImage"] for body in box.client.bodies] == ["runway://of-a", "runway://of-b"]
    assert steps(box) == UPLOADED * 2


@pytest.mark.parametrize("status", [201, 202])
def test_a_place_is_a_place_with_any_status_of_success(status: int) -> None:
    place = b'{"uploadUrl": "https://store/y", "fields": {}, "runwayUri": "runway://other"}'
    box = Box().plan("slot", Reply(status, place))
    box.submit(picture=True)
    assert box.client.asked == [("slot", "a"), ("store", "https://store/y"), ("create", "a")]
    assert box.client.bodies[0]["promptImage"] == "runway://other"


def test_a_file_that_is_there_is_not_uploaded_again_for_the_same_key() -> None:
    box = Box(2).plan("create", BUSY, CREDITS)
    assert box.submit(picture=True).key == "b"
    # The same key still has it; another organisation has nothing of it.
    assert box.client.sent == [
        *[("slot", "a"), ("store", "https://store/x"), ("create", "a"), ("create", "a")],
        *[("slot", "b"), ("store", "https://store/x"), ("create", "b")],
    ]
    places = [body["promptImage"] for body in box.client.bodies]
    assert places == ["runway://of-a", "runway://of-a", "runway://of-b"]
    assert box.waits == [1.0]


def test_the_time_of_an_upload_is_not_taken_from_that_of_its_create() -> None:
    box = Box(timeouts=Timeouts(all_tries=10.0)).plan("create", BUSY, BUSY)

    def slowly() -> Reply:
        box.now += 60
        return Reply(204)

    box.client.answers["store"] = slowly
    assert box.submit(picture=True).task == "task-1"
    assert box.waits == [1.0, 2.0]


def test_a_key_that_is_refused_a_place_is_out() -> None:
    box = Box(2).plan("slot", refusal(401, "Incorrect API key provided."))
    assert box.submit(picture=True).key == "b"
    assert steps(box) == ["slot", *UPLOADED]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_place_that_is_not_given_now_is_asked_for_later(status: int) -> None:
    """Also where a create would be unknown: a place costs nothing."""
    box = Box().plan("slot", Reply(status))
    box.submit(picture=True)
    assert steps(box) == ["slot", *UPLOADED]
    assert box.waits == [1.0]


def test_a_file_that_runway_will_not_take_is_the_clients_to_know() -> None:
    box = Box(2).plan("slot", refusal(400, "Unsupported file extension"))
    error = refused(box)
    assert error.status == 400
    assert "Unsupported file extension" in error.message
    assert steps(box) == ["slot"]


@pytest.mark.parametrize("lost", [UnknownOutcomeError("ReadError"), Reply(200, b"{"), Reply(200, b"{}")])
def test_a_place_whose_answer_is_lost_is_asked_for_again(lost: Reply | Exception) -> None:
    box = Box().plan("slot", lost)
    box.submit(picture=True)
    assert steps(box) == ["slot", *UPLOADED]


@pytest.mark.parametrize("lost", [UnknownOutcomeError("WriteError"), Reply(403), Reply(500)])
def test_a_storage_that_refuses_gets_a_new_place(lost: Reply | Exception) -> None:
    box = Box().plan("store", lost)
    box.submit(picture=True)
    assert steps(box) == ["slot", "store", *UPLOADED]


def test_a_storage_that_refuses_twice_is_an_error_and_nothing_is_made() -> None:
    box = Box(2).plan("store", Reply(403), Reply(403))
    error = refused(box)
    assert (error.status, error.code, error.may_have_made, error.retry) == (502, "upload_failed", False, None)
    assert "nothing was made" in error.message
    assert box.client.times("create") == 0


def test_a_runway_that_cannot_be_reached_is_another_keys_matter() -> None:
    box = Box(2).plan("slot", NotSentError("ConnectError"))
    assert box.submit(picture=True).key == "b"


def test_a_page_in_place_of_a_place_made_nothing_and_blames_no_key() -> None:
    box = Box(2).plan("slot", Reply(403, b"<html>"))
    error = refused(box)
    assert (error.status, error.code, error.may_have_made) == (502, "runway_unexpected_answer", False)
    assert box.submit(picture=True).key == "a"


class Endless(Scripted):
    """A storage whose answer never ends."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = asyncio.Event()

    async def put_file(self, url: str, fields: object, filename: str, mime: str, data: object) -> Reply:
        self.asked.append(("store", url))
        await self.ends.wait()
        return Reply(204)


def test_uploads_that_never_end_are_ended_and_give_their_permits_back() -> None:
    """More than may run at once: each comes to an end, and the next one after them too."""
    storage = Endless()
    box = Box(client=storage, timeouts=Timeouts(upload=0.2, upload_rate=1e12))

    async def run() -> tuple[list[SubmittedTask | BaseException], SubmittedTask]:
        several = (box.submitting(picture=True) for _ in range(MAX_UPLOADS + 2))
        ended = await asyncio.gather(*several, return_exceptions=True)
        storage.ends.set()
        return ended, await box.submitting(picture=True)

    ended, last = asyncio.run(run())
    assert {(error.status, error.code) for error in ended if isinstance(error, ApiError)} == {
        (502, "upload_failed")
    }
    assert len(ended) == MAX_UPLOADS + 2
    assert last.task == "task-1"
    assert box.client.times("create") == 1
