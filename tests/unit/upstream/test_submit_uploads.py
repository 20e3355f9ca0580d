"""Files that are uploaded before a create: nothing is paid yet, so what fails is tried again."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.errors import ApiError
from runway_videos.events import UploadFailed
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from runway_videos.upstream.submit import SubmittedTask
from runway_videos.upstream.timeouts import Timeouts
from runway_videos.upstream.uploads import MAX_UPLOADS
from unit.upstream.submit_harness import Scripted, SubmitHarness, refusal

CREDITS = refusal(400, "You do not have enough credits to run this task.")
BUSY = refusal(503, "Busy.")
UPLOADED = ["slot", "store", "create"]


def steps(harness: SubmitHarness) -> list[str]:
    return [name for name, _ in harness.client.sent]


def refused(harness: SubmitHarness) -> ApiError:
    with pytest.raises(ApiError) as caught:
        harness.submit(picture=True)
    return caught.value


def test_the_file_goes_first_and_the_create_names_its_place() -> None:
    harness = SubmitHarness()
    harness.submit(picture=True)
    assert steps(harness) == UPLOADED
    assert harness.client.bodies == [
        {"model": "gen4.5", "promptText": "a cat", "promptImage": "runway://of-a"}
    ]


def test_another_organisation_needs_an_upload_of_its_own() -> None:
    harness = SubmitHarness(2).plan("create", CREDITS)
    assert harness.submit(picture=True).key == "b"
    assert [body["promptImage"] for body in harness.client.bodies] == ["runway://of-a", "runway://of-b"]
    assert steps(harness) == UPLOADED * 2


@pytest.mark.parametrize("status", [201, 202])
def test_a_place_is_a_place_with_any_status_of_success(status: int) -> None:
    place = b'{"uploadUrl": "https://store/y", "fields": {}, "runwayUri": "runway://other"}'
    harness = SubmitHarness().plan("slot", Reply(status, place))
    harness.submit(picture=True)
    assert harness.client.asked == [("slot", "a"), ("store", "https://store/y"), ("create", "a")]
    assert harness.client.bodies[0]["promptImage"] == "runway://other"


def test_a_file_that_is_there_is_not_uploaded_again_for_the_same_key() -> None:
    harness = SubmitHarness(2).plan("create", BUSY, CREDITS)
    assert harness.submit(picture=True).key == "b"
    # The same key still has it; another organisation has nothing of it.
    assert harness.client.sent == [
        *[("slot", "a"), ("store", "https://store/x"), ("create", "a"), ("create", "a")],
        *[("slot", "b"), ("store", "https://store/x"), ("create", "b")],
    ]
    places = [body["promptImage"] for body in harness.client.bodies]
    assert places == ["runway://of-a", "runway://of-a", "runway://of-b"]
    assert harness.waits == [1.0]


def test_the_time_of_an_upload_is_not_taken_from_that_of_its_create() -> None:
    harness = SubmitHarness(timeouts=Timeouts(all_tries=10.0)).plan("create", BUSY, BUSY)

    def slowly() -> Reply:
        harness.now += 60
        return Reply(204)

    harness.client.answers["store"] = slowly
    assert harness.submit(picture=True).task == "task-1"
    assert harness.waits == [1.0, 2.0]


def test_a_key_that_is_refused_a_place_is_out() -> None:
    harness = SubmitHarness(2).plan("slot", refusal(401, "Incorrect API key provided."))
    assert harness.submit(picture=True).key == "b"
    assert steps(harness) == ["slot", *UPLOADED]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_place_that_is_not_given_now_is_asked_for_later(status: int) -> None:
    """Also where a create would be unknown: a place costs nothing."""
    harness = SubmitHarness().plan("slot", Reply(status))
    harness.submit(picture=True)
    assert steps(harness) == ["slot", *UPLOADED]
    assert harness.waits == [1.0]


def test_a_file_that_runway_will_not_take_is_the_clients_to_know() -> None:
    harness = SubmitHarness(2).plan("slot", refusal(400, "Unsupported file extension"))
    error = refused(harness)
    assert error.status == 400
    assert "Unsupported file extension" in error.message
    assert steps(harness) == ["slot"]


@pytest.mark.parametrize("lost", [UnknownOutcomeError("ReadError"), Reply(200, b"{"), Reply(200, b"{}")])
def test_a_place_whose_answer_is_lost_is_asked_for_again(lost: Reply | Exception) -> None:
    harness = SubmitHarness().plan("slot", lost)
    harness.submit(picture=True)
    assert steps(harness) == ["slot", *UPLOADED]


@pytest.mark.parametrize("lost", [UnknownOutcomeError("WriteError"), Reply(403), Reply(500)])
def test_a_storage_that_refuses_gets_a_new_place(lost: Reply | Exception) -> None:
    harness = SubmitHarness().plan("store", lost)
    harness.submit(picture=True)
    assert steps(harness) == ["slot", "store", *UPLOADED]


def test_a_storage_that_refuses_twice_is_an_error_and_nothing_is_made() -> None:
    harness = SubmitHarness(2).plan("store", Reply(403), Reply(403))
    error = refused(harness)
    assert (error.status, error.code, error.may_have_made, error.retry) == (502, "upload_failed", False, None)
    assert harness.client.times("create") == 0


def test_a_runway_that_cannot_be_reached_is_another_keys_matter() -> None:
    harness = SubmitHarness(2).plan("slot", NotSentError("ConnectError"))
    assert harness.submit(picture=True).key == "b"


def test_a_page_in_place_of_a_place_made_nothing_and_blames_no_key() -> None:
    harness = SubmitHarness(2).plan("slot", Reply(403, b"<html>"))
    error = refused(harness)
    assert (error.status, error.code, error.may_have_made) == (502, "runway_unexpected_answer", False)
    assert harness.submit(picture=True).key == "a"


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
    harness = SubmitHarness(client=storage, timeouts=Timeouts(upload=0.2, upload_rate=1e12))

    async def run() -> tuple[list[SubmittedTask | BaseException], SubmittedTask]:
        several = (harness.submitting(picture=True) for _ in range(MAX_UPLOADS + 2))
        ended = await asyncio.gather(*several, return_exceptions=True)
        storage.ends.set()
        return ended, await harness.submitting(picture=True)

    ended, last = asyncio.run(run())
    assert {(error.status, error.code) for error in ended if isinstance(error, ApiError)} == {
        (502, "upload_failed")
    }
    assert len(ended) == MAX_UPLOADS + 2
    assert last.task == "task-1"
    assert harness.client.times("create") == 1


def test_who_waits_for_a_permit_waits_no_longer_than_an_upload_may_take() -> None:
    harness = SubmitHarness(client=Endless(), timeouts=Timeouts(upload=0.2, upload_rate=1e12))

    async def run() -> list[SubmittedTask | BaseException]:
        # Three turns of uploads that never end: the third does not wait for two others.
        several = (harness.submitting(picture=True) for _ in range(3 * MAX_UPLOADS))
        return await asyncio.gather(*several, return_exceptions=True)

    ended = asyncio.run(run())
    assert {error.code for error in ended if isinstance(error, ApiError)} == {"upload_failed"}
    reasons = {event.reason for event in harness.events if isinstance(event, UploadFailed)}
    assert reasons == {"not done in time", "had to wait too long for others"}
    assert harness.client.times("create") == 0
