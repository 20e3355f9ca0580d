"""What somebody is refused with who may not use the proxy."""

from __future__ import annotations

from runway_videos.errors import ApiError


def unknown_caller(came: str) -> ApiError:
    """For who is none of `runway_callers`; `came` says of the token what was wrong."""
    return ApiError(
        401,
        f"This proxy serves known callers only, and {came}. Send yours as 'Authorization: Bearer <token>' "
        "(the OpenAI clients' api_key).",
        type="invalid_request_error",
        code="invalid_api_key",
    )


def no_local_forwarding(why: str) -> ApiError:
    return ApiError(
        403,
        f"Without runway_callers this proxy serves only the local user, and {why}. The operator must set "
        "runway_callers in mitm.conf, and runway_forward: true for traffic that is no video call.",
        code="forwarding_disabled",
    )
