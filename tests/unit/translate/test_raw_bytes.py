"""A Buffer that arrives as numbers is called what it is, under the client's own name."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.request_body import Value
from runway_videos.translate.field_names import ClientField
from runway_videos.translate.raw_bytes import refuse_raw_bytes


@pytest.mark.parametrize(
    "value",
    [
        ["137", "80", "78"],
        [137, 80, 78],
        {"type": "Buffer", "data": [137, 80, 78]},
        {"0": 137, "1": 80, "2": 78},
        {"0": "137", "1": "80", "2": "255"},
    ],
)
def test_numbers_are_a_files_bytes(value: Value) -> None:
    with pytest.raises(ApiError) as caught:
        refuse_raw_bytes(ClientField("input_reference", value))
    assert (caught.value.status, caught.value.param) == (400, "input_reference")
    assert caught.value.message.startswith(
        "`input_reference` holds 3 numbers, a file's bytes one by one. Send it as a file"
    )


@pytest.mark.parametrize(
    "value",
    [
        "137",
        137,
        [],
        {},
        {"0": {"uri": "https://example.com/a.png"}},
        ["https://example.com/a.png"],
        [137, "https://example.com/a.png"],
        [True, False],
        [256],
        ["1370"],
        ["²"],
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ],
)
def test_anything_else_is_left_to_the_field(value: Value) -> None:
    refuse_raw_bytes(ClientField("input_reference", value))
