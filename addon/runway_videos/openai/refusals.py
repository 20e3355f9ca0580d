"""Refusals of calls that no operation serves, or that go nowhere from here; each says what would be right."""

from __future__ import annotations

from difflib import get_close_matches

from runway_videos.errors import ApiError
from runway_videos.logs import escaped

# Characters of a client's word for a model that are shown.
_LONGEST_MODEL = 60


def unsupported() -> ApiError:
    """The 400 for characters, the one operation of OpenAI's API that Runway has nothing like."""
    return ApiError(
        400,
        "Runway has no characters to keep. To have the same person or thing in several videos, give "
        'pictures of it with each create, in `reference_images` ([{"uri": "https://…"}]).',
        code="unsupported_operation",
    )


def wrong_method(allow: tuple[str, ...] = (), path: str = "") -> ApiError:
    """The 405 for a method that no operation has; `allow`: the methods of the path.

    `path`: it is one of the proxy's own, and not a video's.
    """
    return ApiError(
        405,
        f"{path} takes {', '.join(allow)} alone."
        if path
        else "There is no such operation on a video: POST /v1/videos, GET or DELETE /v1/videos/{id}, "
        "GET /v1/videos/{id}/content, POST /v1/videos/{id}/remix, /v1/videos/edits, /v1/videos/extensions.",
        code="method_not_allowed",
        headers={"allow": ", ".join(allow)},
    )


def fallback_failed(fallback: str, problem: str) -> ApiError:
    """For a call that went on to the fallback and came to nothing there."""
    return ApiError(
        502,
        f"This is no video call, so it went on to {fallback}, which did not answer: {escaped(problem)}. The "
        "operator sets where such calls go with runway_fallback.",
        code="fallback_unavailable",
    )


def no_fallback(method: str, path: str) -> ApiError:
    """For other calls that are addressed to the proxy where none go on."""
    return ApiError(
        404,
        f"There is no {escaped(method, 20)} {escaped(path.partition('?')[0])} here: this proxy serves "
        "/v1/videos. "
        "The operator can name a service for other calls with runway_fallback.",
        code="unknown_url",
    )


def too_large(largest: int, size: int) -> ApiError:
    """For a body over `runway_max_body`."""
    return ApiError(
        413,
        f"The request is {size} bytes long, at most {largest} are read. Send a smaller file or a "
        "URL; the operator can raise runway_max_body.",
        code="request_too_large",
    )


def no_body() -> ApiError:
    """For a probe with a body: anyone may send one."""
    return ApiError(400, "A probe of the proxy's health has no body; send none.", code="invalid_value")


def unknown_model(model: str, models: str) -> ApiError:
    """For a create of a model that is none of ours, addressed to the proxy; `models`: those that are."""
    names = [name.rstrip("*") for name in models.split(", ")]
    close = get_close_matches(model, dict.fromkeys(names), n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else "."
    return ApiError(
        404,
        f"This proxy does not serve the model '{escaped(model, _LONGEST_MODEL)}'{hint} It serves {models}, "
        "and runway/<any model>.",
        param="model",
        code="model_not_found",
    )


def replay_refused() -> ApiError:
    """For a paid call that somebody sends once more from a recording."""
    return ApiError(
        409,
        "This is a recorded create, sent once more: it would be another video, and paid for. The operator "
        "can allow that with runway_replay: true.",
        code="replay_refused",
        retry=False,
    )
