"""Outcomes as bytes: what a client is told is the same in every process."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runway_videos.errors import ApiError, render
from runway_videos.idempotency import refusals
from runway_videos.idempotency.outcomes import OutcomeCodec
from runway_videos.operations.creates import Created
from runway_videos.store.video_ids import VideoReference

CODEC = OutcomeCodec(Created, refusals.fault)


def test_a_video_is_given_back() -> None:
    reference = VideoReference("a", "task", b"\x00" * 8, "sora-2", "4", "720x1280", 1_700_000_000)
    created = Created("video_rw_x", reference, 12.5, "seedance2_mini", "720x1280")
    assert CODEC.decode(CODEC.encode(created)) == created


@given(
    st.builds(
        ApiError,
        st.integers(400, 599),
        st.text(),
        code=st.none() | st.text(),
        param=st.none() | st.text(),
        retry=st.none() | st.booleans(),
        retry_after=st.none() | st.integers(0, 60),
        may_have_made=st.booleans(),
        detail=st.text(),
    )
)
def test_an_error_tells_a_client_the_same(error: ApiError) -> None:
    found = CODEC.decode(CODEC.encode(error))
    assert isinstance(found, ApiError)
    assert render(found) == render(error)
    assert (found.may_have_made, found.detail) == (error.may_have_made, "")


def test_a_fault_of_ours_may_have_made_a_task() -> None:
    found = CODEC.decode(CODEC.encode(ValueError("a secret")))
    assert isinstance(found, ApiError)
    assert (found.status, found.code, found.may_have_made) == (502, "outcome_unknown", True)
    assert "secret" not in found.message
