"""Files that are uploaded before a create: nothing is paid yet, so what fails is tried again."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from unit.upstream.submit_harness import Box, refusal

CREDITS = refusal(400, "You do not have enough credits to run this task.")
UPLOADED = ["slot", "store", "create"]


def steps(box: Box) -> list[str]:
    return [name for name, _ in box.client.asked]


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
    box = Box(2).plan("create", Reply(503), CREDITS)
    assert box.submit(picture=True).key == "a"
    first, again, last = box.client.asked[:3], box.client.asked[3:6], box.client.asked[6:]
    assert first == [("slot", "a"), ("store", "https://store/x"), ("create", "a")]
    # Another organisation has nothing of it; the first still has.
    assert again == [("slot", "b"), ("store", "https://store/x"), ("create", "b")]
    assert last == [("create", "a")]
    places = [body["promptImage"] for body in box.client.bodies]
    assert places == ["runway://of-a", "runway://of-b", "runway://of-a"]
    assert box.waits == [1.0]


def test_the_time_of_an_upload_is_not_counted_as_overload(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box().plan("create", *[Reply(503)] * 99)
    put_file = box.client.put_file

    async def slowly(url: str, fields: object, filename: str, mime: str, data: object) -> Reply:
        box.now += 60
        return await put_file(url, fields, filename, mime, data)

    monkeypatch.setattr(box.client, "put_file", slowly)
    assert refused(box).code == "runway_overloaded"
    assert box.waits == [1.0, 2.0, 4.0, 8.0]


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
