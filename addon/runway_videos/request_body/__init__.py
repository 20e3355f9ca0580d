"""A request body as any client sends it -> `Fields`. Sync, no I/O; files stay slices of it."""

from __future__ import annotations

from runway_videos.errors import ApiError, bad_request
from runway_videos.request_body.bracketed_names import rebuild
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.content_type import media_type
from runway_videos.request_body.fields import Fields, Upload, Value, quoted
from runway_videos.request_body.form_body import read_multipart, read_urlencoded
from runway_videos.request_body.json_body import read_json

__all__ = ["Fields", "Upload", "Value", "read_fields"]

_BOM = b"\xef\xbb\xbf"


def read_fields(content_type: str, body: bytes | memoryview) -> Fields:
    """The fields of a request body, whichever way the client wrote them.

    `content_type` is the header's value, "" when there is none: then the body is read as JSON.
    Raises ApiError: 415 for a type that is neither JSON nor a form, 400 for everything else.
    Multipart files are not copied; a `body` that is a view of a part of some bytes is, once.
    """
    data = _whole(body)
    if not data or data.isspace():
        raise bad_request(
            "The request body is empty: send JSON or multipart/form-data with at least a prompt."
        )
    kind, parameters = media_type(content_type)
    charset = parameters.get("charset", "")
    budget = Budget()
    like_json = data[:1024].removeprefix(_BOM).lstrip()[:1] in (b"{", b"[")
    if kind == "multipart/form-data":
        return Fields(rebuild(read_multipart(data, parameters, budget), budget), form=True)
    # `fetch` labels a text body as plain text; `curl -d '{…}'` labels its JSON as a form.
    if kind == "text/plain" and like_json:
        kind = "application/json"
    if kind == "application/x-www-form-urlencoded" and not like_json:
        return Fields(rebuild(read_urlencoded(data, budget, charset), budget), form=True)
    if kind in ("", "application/json", "application/x-www-form-urlencoded") or kind.endswith("+json"):
        return Fields(read_json(data, budget, charset), form=False)
    raise ApiError(
        415,
        f"The Content-Type {quoted(kind)} is not supported: send application/json or multipart/form-data.",
        code="unsupported_media_type",
    )


def _whole(body: bytes | memoryview) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body.obj, bytes) and len(body.obj) == body.nbytes:
        return body.obj
    return bytes(body)
