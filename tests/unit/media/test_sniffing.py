from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.media.sniffing import ACCEPTED, sniff


def ftyp(brand: str, *compatible: str) -> bytes:
    brands = brand.encode() + b"\0\0\2\0" + "".join(compatible).encode()
    return (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands + b"\0\0\0\x08free"


def ogg(packet: bytes) -> bytes:
    return b"OggS\0\2" + bytes(20) + b"\x01\x1e" + packet + bytes(30)


EBML = b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x86\x81\x01\x42\x82"
RIFF = b"RIFF\x24\x08\0\0"

SAMPLES: list[tuple[bytes, str | None]] = [
    (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image/jpeg"),
    (b"\xff\xd8\xff\xe1\0\x10Exif\0", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    (RIFF + b"WEBPVP8 ", "image/webp"),
    (b"GIF89a\1\0", "image/gif"),
    (b"GIF87a\1\0", "image/gif"),
    (b"BM\x46\0\0\0\0\0\0\0\x36", "image/bmp"),
    (b"II*\0\x08\0\0\0", "image/tiff"),
    (b"MM\0*\0\0\0\x08", "image/tiff"),
    (ftyp("avif", "mif1"), "image/avif"),
    (ftyp("heic", "mif1"), "image/heic"),
    (ftyp("mif1", "heic"), "image/heif"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    (b"\xef\xbb\xbf\n<?xml version='1.0'?>", "text/xml"),
    (b"\r\n<!DOCTYPE html><html>", "text/html"),
    (b"%PDF-1.7", "application/pdf"),
    (b"PK\x03\x04\x14\0", "application/zip"),
    (ftyp("isom", "iso2", "avc1", "mp41"), "video/mp4"),
    (ftyp("mp42", "isom"), "video/mp4"),
    (ftyp("M4V ", "mp42"), "video/mp4"),
    (ftyp("XAVC"), "video/mp4"),
    (ftyp("qt  "), "video/quicktime"),
    (b"\0\0\0\x08wide\0\0\x10\0mdat", "video/quicktime"),
    (b"\0\0\x10\0moov\0\0\0\x6cmvhd", "video/quicktime"),
    (ftyp("3gp5"), "video/3gpp"),
    (EBML + b"\x84webm\x42\x87\x81\x04", "video/webm"),
    (EBML + b"\x88matroska\x42\x87\x81\x04", "video/x-matroska"),
    (ogg(b"\x80theora\3\2\1"), "video/ogg"),
    (RIFF + b"AVI LIST", "video/x-msvideo"),
    (b"FLV\x01\x05", "video/x-flv"),
    (b"\0\0\x01\xba\x44", "video/mpeg"),
    ((b"G" + bytes(187)) * 3, "video/mp2t"),
    (ftyp("M4A ", "mp42", "isom"), "audio/mp4"),
    (ogg(b"\x01vorbis\0"), "audio/ogg"),
    (ogg(b"OpusHead\1"), "audio/ogg"),
    (ogg(b"\x7fFLAC\1"), "audio/ogg"),
    (RIFF + b"WAVEfmt ", "audio/wav"),
    (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav"),
    (b"fLaC\0\0\0\x22", "audio/flac"),
    (b"ID3\x04\0\0", "audio/mpeg"),
    (b"\xff\xfb\x90\x64", "audio/mpeg"),
    (b"\xff\xf3\x40\xc4", "audio/mpeg"),
    (b"\xff\xf1\x50\x80", "audio/aac"),
    (b"\xff\xf9\x50\x80", "audio/aac"),
    (b"FORM\0\0\0\x24AIFFCOMM", "audio/aiff"),
    (b"\xff\xff\xff\xff", None),
    (b"\xff\xfe\x41\0", None),
    (b"hello, world", None),
    (b"\x89PNG", None),
    (b"RIFF", None),
    (b"\0\0\0\x18fty", None),
    (b"", None),
    (bytes(500), None),
]


@pytest.mark.parametrize(("data", "mime"), SAMPLES)
def test_types_are_told_from_bytes(data: bytes, mime: str | None) -> None:
    kind = (mime or "image/").partition("/")[0]
    assert sniff(data, kind) == mime
    assert sniff(memoryview(data + bytes(10_000))[: len(data)], kind) == mime


def test_containers_of_either_kind_go_by_what_is_asked_for() -> None:
    assert sniff(ftyp("isom"), "audio") == "audio/mp4"
    assert sniff(ogg(b"fishead\0"), "audio") == "audio/ogg"
    assert sniff(ogg(b"fishead\0"), "video") == "video/ogg"
    assert sniff(ogg(b"\x01vorbis\0"), "video") == "audio/ogg"
    assert sniff(ftyp("M4A "), "video") == "audio/mp4"


def test_every_accepted_type_has_a_sample() -> None:
    accepted = {mime for types in ACCEPTED.values() for mime in types}
    assert accepted <= {mime for _, mime in SAMPLES}


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"", b"\xff", b"OggS", b"\x1a\x45\xdf\xa3", b"\0\0\0\x18ftyp", b"RIFF", b" <"]),
    st.binary(max_size=60),
    st.sampled_from(sorted(ACCEPTED)),
)
def test_any_bytes_have_a_type_or_none(start: bytes, rest: bytes, kind: str) -> None:
    mime = sniff(start + rest, kind)
    assert mime is None or mime.count("/") == 1
