"""File types, told from the first bytes: labels and file names are wrong too often."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_HEAD = 4_096  # bytes that are looked at

# What Runway takes (docs.dev.runwayml.com/assets/inputs), with the extension that says so.
ACCEPTED: Mapping[str, Mapping[str, str]] = {
    "image": {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"},
    "video": {
        "video/mp4": "mp4",
        "video/quicktime": "mov",
        "video/webm": "webm",
        "video/ogg": "ogv",
    },
    "audio": {
        "audio/mpeg": "mp3",
        "audio/wav": "wav",
        "audio/flac": "flac",
        "audio/ogg": "ogg",
        "audio/mp4": "m4a",
        "audio/aac": "aac",
    },
}

# (offset, bytes), all of which must be there -> type. Types that Runway refuses are here so that
# the refusal can name them.
_MAGIC: tuple[tuple[tuple[tuple[int, bytes], ...], str], ...] = (
    (((0, b"\xff\xd8\xff"),), "image/jpeg"),
    (((0, b"\x89PNG\r\n\x1a\n"),), "image/png"),
    (((0, b"RIFF"), (8, b"WEBP")), "image/webp"),
    (((0, b"GIF8"),), "image/gif"),
    (((0, b"BM"), (6, b"\0\0\0\0")), "image/bmp"),
    (((0, b"II*\0"),), "image/tiff"),
    (((0, b"MM\0*"),), "image/tiff"),
    (((0, b"\xff\x0a"),), "image/jxl"),
    (((0, b"\0\0\0\x0cJXL \r\n"),), "image/jxl"),
    (((0, b"\0\0\0\x0cjP  \r\n"),), "image/jp2"),
    (((0, b"8BPS"),), "image/vnd.adobe.photoshop"),
    (((0, b"RIFF"), (8, b"WAVE")), "audio/wav"),
    (((0, b"RF64"), (8, b"WAVE")), "audio/wav"),
    (((0, b"FORM"), (8, b"AIF")), "audio/aiff"),
    (((0, b"fLaC"),), "audio/flac"),
    (((0, b"ID3"),), "audio/mpeg"),
    (((0, b"ADIF"),), "audio/aac"),
    (((0, b"#!AMR"),), "audio/amr"),
    (((0, b"RIFF"), (8, b"AVI ")), "video/x-msvideo"),
    (((0, b"FLV\x01"),), "video/x-flv"),
    (((0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),), "video/x-ms-asf"),
    (((0, b"\0\0\x01\xba"),), "video/mpeg"),
    (((0, b"\x47"), (188, b"\x47"), (376, b"\x47")), "video/mp2t"),
    (((0, b"%PDF-"),), "application/pdf"),
    (((0, b"PK\x03\x04"),), "application/zip"),
    (((0, b"\x1f\x8b\x08"),), "application/gzip"),
)

_BRANDS = {
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"M4P ": "audio/mp4",
    b"F4A ": "audio/mp4",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"crx ": "image/x-canon-cr3",
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
}
# QuickTime files from before `ftyp` begin with one of their other atoms.
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_MARKUP = ((b"<svg", "image/svg+xml"), (b"<?xml", "text/xml"), (b"<", "text/html"))


def sniff(data: bytes | memoryview, kind: str) -> str | None:
    """The MIME type of a file by its first bytes, or None.

    `kind` ("image", "video", "audio") is what the file is meant to be: it decides for containers
    that may be either.
    """
    head = bytes(data[:_HEAD])
    for parts, mime in _MAGIC:
        if all(head.startswith(magic, at) for at, magic in parts):
            return mime
    return next(filter(None, (detect(head, kind) for detect in _DETECTORS)), None)


def _iso_media(head: bytes, kind: str) -> str | None:
    if head[4:8] in _OLD_QUICKTIME:
        return "video/quicktime"
    if head[4:8] != b"ftyp":
        return None
    brand = head[8:12]
    if brand[:2] == b"3g":
        return "video/3gpp"
    found = _BRANDS.get(brand, "video/mp4")  # an unknown brand is an MP4 dialect
    # Sound alone is often in a file that calls itself an ordinary MP4.
    return "audio/mp4" if (kind, found) == ("audio", "video/mp4") else found


def _matroska(head: bytes, kind: str) -> str | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    return "video/webm" if b"webm" in head[:128] else "video/x-matroska"


def _ogg(head: bytes, kind: str) -> str | None:
    if not head.startswith(b"OggS"):
        return None
    if b"\x80theora" in head:
        return "video/ogg"
    sound = any(magic in head for magic in (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   "))
    return "audio/ogg" if sound or kind == "audio" else "video/ogg"


def _mpeg_audio(head: bytes, kind: str) -> str | None:
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:  # ADTS: sync, layer 0
        return "audio/aac"
    sync, version, layer = head[1] & 0xE0 == 0xE0, head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    frame = sync and version != 1 and layer == 1 and bitrate != 15 and rate != 3
    return "audio/mpeg" if frame else None


def _markup(head: bytes, kind: str) -> str | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((mime for magic, mime in _MARKUP if text.startswith(magic)), None)


_DETECTORS: tuple[Callable[[bytes, str], str | None], ...] = (
    _iso_media,
    _matroska,
    _ogg,
    _mpeg_audio,
    _markup,
)
