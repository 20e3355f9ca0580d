"""Which video a remix, an edit or an extension is of."""

from __future__ import annotations

from runway_videos.errors import ApiError, bad_request
from runway_videos.openai.messages import Call, PassThrough
from runway_videos.openai.routes import Operation
from runway_videos.request_body import Fields, Value
from runway_videos.runtime import RequestedVideo, Runtime
from runway_videos.store.video_ids import ID_PREFIX
from runway_videos.translate.field_names import ClientField, sort_fields


def source_of(runtime: Runtime, call: Call, fields: Fields) -> RequestedVideo | PassThrough | None:
    """The caller's video that is named; None where the fields carry the video itself.

    An id without our mark is passed on: it is of another service. Raises ApiError, 404 for a video
    that is not the caller's.
    """
    given = sort_fields(fields.values)[0].get("video")
    if call.route.operation is Operation.REMIX:
        if given is not None:
            raise bad_request(
                f"`{given.name}` cannot be given: the video that is remixed is the one in the path.",
                given.name,
            )
        return runtime.video(call.route.video_id, call.caller)
    if given is None:
        raise bad_request(
            '`video` is required: a file, or {"id": "…"} with the id of a finished video.',
            "video",
            "missing_required_parameter",
        )
    video_id, param = _named(given)
    if video_id is None:
        return None
    if not video_id.startswith(ID_PREFIX):
        return PassThrough("", video_id, param)
    try:
        return runtime.video(video_id, call.caller)
    except ApiError as error:
        error.param = param
        raise


def names_ours(fields: Fields) -> bool:
    """Whether the fields name a video with our mark. Raises ApiError for a `video` that is none."""
    given = sort_fields(fields.values)[0].get("video")
    video_id = _named(given)[0] if given else None
    return video_id is not None and video_id.startswith(ID_PREFIX)


def _named(given: ClientField) -> tuple[str | None, str]:
    """The id in `{"id": …}`, or an id of ours alone; None for the video itself. And its parameter."""
    value: Value = given.value
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str) and value.startswith(ID_PREFIX):
        return value, given.name
    if not isinstance(value, dict) or "id" not in value:
        return None, given.name
    found, param = value["id"], f"{given.name}.id"
    if not isinstance(found, str) or not found:
        raise bad_request(f"`{param}` must be the id of a video, a text.", param)
    return found, param
