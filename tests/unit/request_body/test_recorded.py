"""What the real clients put on the wire, read back."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest

from runway_videos.errors import ApiError
from runway_videos.request_body import read_fields
from unit.request_body.forms import FIXTURES, plain, recorded

pytestmark = pytest.mark.dependencies

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PROMPT = 'A "quoted" café, 100% rain;\r\nneon + 夜 🌃'
REFERENCES = [
    {"uri": "https://example.com/a.png", "tag": "ada"},
    {"uri": "https://example.com/b.png", "tag": "bo"},
]
EXTRA_JSON: dict[str, object] = {
    "seed": 42,
    "audio": True,
    "content_moderation": {"public_figure_threshold": "low"},
    "references": REFERENCES,
    "reference_images": ["https://example.com/1.png", "https://example.com/2.png"],
}
EXTRA = {**EXTRA_JSON, "prompt": "go", "seed": "42", "audio": "true"}
FULL: dict[str, object] = {"prompt": PROMPT, "model": "sora-2", "seconds": "8", "size": "1280x720"}
URL = {"image_url": "https://example.com/a.png"}
PICTURE = (PNG, "a.png", "image/png")
ODD_NAME = (PNG, 'né "1".png', "image/png")
RAW = "application/octet-stream"

FORMS: dict[str, Mapping[str, object]] = {
    "python-prompt": FULL,
    "python-file": {
        "prompt": "go",
        "model": "gen4_turbo",
        "input_reference": (PNG, "upload", RAW),
    },
    "python-path": {"prompt": "go", "input_reference": ODD_NAME},
    "python-image-url": {"prompt": "go", "input_reference": URL},
    "python-extra": EXTRA,
    "python-extra-file": {**EXTRA, "input_reference": PICTURE},
    "python-edit-file": {
        "prompt": "go",
        "video": (b"\0\0\0\x18ftypmp42" + bytes(12), "upload", RAW),
    },
    "node-prompt": FULL,
    "node-file": {"prompt": "go", "model": "gen4_turbo", "input_reference": ODD_NAME},
    "node-stream": {"prompt": "go", "input_reference": (PNG, "a.png", RAW)},
    "node-blob": {"prompt": "go", "input_reference": (PNG, "blob", RAW)},
    "node-image-url": {"prompt": "go", "input_reference": URL},
    "node-extra": EXTRA,
    "node-extra-file": {**EXTRA, "input_reference": PICTURE},
    "node-edit-id": {"prompt": "go", "video": {"id": "video_x"}},
    "curl-form": {"model": "sora-2", "prompt": "go & see", "input_reference": PICTURE},
    "curl-form-typed": {"model": "sora-2", "prompt": "go", "input_reference": URL},
    "curl-urlencoded": {
        "prompt": "go & sée",
        "model": "sora-2",
        "content_moderation": {"public_figure_threshold": "low"},
    },
}
JSON: dict[str, Mapping[str, object]] = {
    "python-remix": {"prompt": "go"},
    "python-2.26-prompt": FULL,
    "python-2.26-extra": {**EXTRA_JSON, "prompt": "go", "seconds": 5},
    "curl-json": {"model": "sora-2", "prompt": "go & see", "seconds": "4"},
}
RAGGED = {"python-ragged", "node-ragged"}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_reads_as_its_client_meant_it(name: str) -> None:
    fields = read_fields(*recorded(name))
    assert fields.form
    assert plain(fields.values) == FORMS[name]


@pytest.mark.parametrize("name", JSON)
def test_json_reads_as_its_client_meant_it(name: str) -> None:
    fields = read_fields(*recorded(name))
    assert not fields.form
    assert fields.values == JSON[name]


@pytest.mark.parametrize("name", sorted(RAGGED))
def test_ragged_arrays_are_refused_with_a_way_out(name: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_fields(*recorded(name))
    assert (caught.value.status, caught.value.param) == (400, "references")
    assert "2 x 'references[][uri]', 1 x 'references[][tag]'" in caught.value.message
    assert "json.dumps" in caught.value.message


def test_every_recording_is_used() -> None:
    assert {path.stem for path in FIXTURES.glob("*.http")} == {*FORMS, *JSON, *RAGGED}


@pytest.mark.parametrize("name", [name for name in FORMS if name != "curl-urlencoded"])
def test_a_body_cut_anywhere_is_refused(name: str) -> None:
    content_type, body = recorded(name)
    assert body.endswith(b"--\r\n")
    for length in range(len(body) - 3):
        with pytest.raises(ApiError) as caught:
            read_fields(content_type, body[:length])
        assert caught.value.status == 400


@pytest.mark.parametrize("name", JSON)
def test_json_cut_anywhere_is_refused(name: str) -> None:
    content_type, body = recorded(name)
    for length in range(len(body)):
        with pytest.raises(ApiError) as caught:
            read_fields(content_type, body[:length])
        assert caught.value.status == 400
