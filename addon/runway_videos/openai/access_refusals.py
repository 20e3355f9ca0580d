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
    """For other traffic of who is not the local user; `why` says what tells."""
    return ApiError(
        403,
        f"Without runway_callers this proxy serves only the local user, and {why}. The operator must set "
        "runway_callers in mitm.conf, and runway_forward: true for traffic that is no video call.",
        code="forwarding_disabled",
    )


def no_forwarding() -> ApiError:
    """For other traffic where only video calls are served: this is no open proxy."""
    return ApiError(
        403,
        "This proxy serves only /v1/videos. The operator can open it for other traffic of known "
        "callers with runway_forward: true.",
        code="forwarding_disabled",
    )


def no_proxy_token(tunnel: bool) -> ApiError:
    """For other traffic of who has no token."""
    # Within a tunnel the client takes an answer for its server's: a 407 would mean nothing there.
    return ApiError(
        403 if tunnel else 407,
        "Traffic through this proxy needs a caller's token in Proxy-Authorization, as Bearer or as the "
        "password of Basic (HTTPS_PROXY=http://name:TOKEN@host:port)"
        + ("; this tunnel was opened without one, for video calls alone." if tunnel else "."),
        type="invalid_request_error",
        code="proxy_authorization_required",
    )
