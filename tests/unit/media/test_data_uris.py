from __future__ import annotations

import base64
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.media.data_uris import decode, encode, encoded_length, is_data_uri

DATA = bytes(range(256)) * 3 + b"?>"  # its base64 has + and / and padding
TEXT = base64.b64encode(DATA).decode()


@pytest.mark.parametrize(
    "uri",
    [
        f"data:image/png;base64,{TEXT}",
        f"DATA:Image/PNG;BASE64,{TEXT}",
        f"data:;base64,{TEXT}",
        f"data:base64,{TEXT}",
        f"data:image/png;charset=utf-8;base64,{TEXT}",
        f"data:image/png;base64 ,{TEXT}",
        f"data:image/png;base64,{TEXT.rstrip('=')}",
        f"data:image/png;base64, {TEXT[:76]}\r\n{TEXT[76:]}\n",
        "data:image/png;base64," + TEXT.replace("+", "-").replace("/", "_"),
        "data:image/png;base64," + TEXT.replace("+", "%2B").replace("/", "%2f").replace("=", "%3D"),
        "data:image/png," + "".join(f"%{byte:02x}" for byte in DATA),
    ],
)
def test_every_spelling_of_a_data_uri(uri: str) -> None:
    assert is_data_uri(uri)
    assert decode(uri, "p") == DATA


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("data:", "no comma"),
        ("data:image/png;base64", "no comma"),
        ("data:" + "x" * 2_000 + ",", "no comma"),
        (f"data:;base64,{TEXT[:-3]}", "damaged"),
        (f"data:;base64,{TEXT}===", "damaged"),
        (f"data:;base64,AA=={TEXT}", "damaged"),
        (f"data:;base64,{TEXT}!", "damaged"),
        (f"data:;base64,{TEXT}é", "damaged"),
        (f"data:;base64,{TEXT}\ud800", "damaged"),
        ("data:;base64,A", "damaged"),
        ("data:,é", "neither base64 nor percent-encoded"),
    ],
)
def test_broken_data_uris(uri: str, says: str) -> None:
    with pytest.raises(ApiError, match=says) as caught:
        decode(uri, "input_reference")
    assert (caught.value.status, caught.value.param) == (400, "input_reference")


# Slices of 1 Mi characters: padding, and damage, on either side of their edges.
@pytest.mark.parametrize("size", [786_431, 786_432, 786_433, 1_572_864, 2_000_000])
def test_large_ones_across_slices(size: int) -> None:
    data = (DATA * (size // len(DATA) + 1))[:size]
    uri = encode("video/mp4", data)
    assert decode(uri, "p") == data
    assert decode(uri[:1_000] + "\n" + uri[1_000:], "p") == data
    early = base64.b64encode(data[:-1]).decode() if size % 3 == 0 else uri.partition(",")[2]
    with pytest.raises(ApiError, match="damaged"):
        decode(f"data:;base64,{early}AAAA", "p")


def test_the_decoded_bytes_are_the_only_copy() -> None:
    uri = encode("video/mp4", bytes(30_000_000))
    tracemalloc.start()
    try:
        assert len(decode(uri, "p")) == 30_000_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 34_000_000


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100))
def test_round_trip_and_length(data: bytes) -> None:
    uri = encode("image/png", memoryview(data))
    assert len(uri) == encoded_length("image/png", len(data))
    assert decode(uri, "p") == data
