"""Ids of the first release open with today's sealer, and it still makes the same ones."""

from __future__ import annotations

import pytest

from runway_videos.store.video_ids import IdSealer, VideoReference, owner_hash

KEYS = {"default": "key_" + "a" * 128, "team.b": "key_" + "b" * 128}
# (id as version 0.1.0 made it with KEYS, RUNWAY_ID_SECRET, what it carries)
FIRST_RELEASE_IDS: list[tuple[str, list[str], VideoReference]] = [
    (
        "video_rwU_u4yiRzJUZHNlJg_PsUWtYfe1GVhqJZUHoUiJsj6ODMzaf6LbnFaAGYDAghhSuHrwKxgplmiU-WQBMT19ARqCXWBak",
        [],
        VideoReference(
            key="default",
            task="3f2b8a10-1c2d-4e5f-8a9b-0123456789ab",
            owner=owner_hash("team-a"),
            model="runway/gen4.5",
            seconds="8",
            size="1280x720",
            created=1_790_000_000,
        ),
    ),
    (
        "video_rwkecB6CiLZ2LxXOG-M1715uyTUgGE_X058V-mH_2mPLpu-X7VEfmKyl9D6adZrHcpcqkXr1iYNZOSiVpOu_qgJMJfxRXcXPacycw3",
        [],
        VideoReference(
            key="team.b",
            task="task_that-is-no-uuid",
            owner=bytes(8),
            model="sora-2",
            seconds="2.5",
            size="auto_720p",
            created=1_790_000_000,
        ),
    ),
    (
        "video_rwU_u4yvyZ3htpkiTAdkVLAQIAlfRpzhKJru36rcWaYzRrPJIKwHQwawdXbfUdljVuoJj52ayl6cAX_ZrOAQ",
        ["the first secret"],
        VideoReference(
            key="default",
            task="3f2b8a10-1c2d-4e5f-8a9b-0123456789ab",
            owner=owner_hash("team-a"),
            model="veo3.1",
            seconds="auto",
            size="1280x720",
            created=1_790_000_000,
        ),
    ),
]


@pytest.mark.parametrize(("video_id", "secrets", "reference"), FIRST_RELEASE_IDS)
def test_id_of_the_first_release_opens_and_is_still_made_the_same(
    video_id: str, secrets: list[str], reference: VideoReference
) -> None:
    sealer = IdSealer(KEYS, secrets)
    assert sealer.open(video_id) == reference
    assert sealer.seal(reference) == video_id
