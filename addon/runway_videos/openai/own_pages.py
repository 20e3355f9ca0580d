"""What is asked of the proxy's own address and is neither a video call nor for elsewhere."""

from __future__ import annotations

import html
import re

from runway_videos import VERSION
from runway_videos.errors import PRIVATE_HEADERS, ApiError
from runway_videos.logs import escaped
from runway_videos.openai.messages import Answer

#: For keys at run time; a call there carries a Runway key, so it goes nowhere else.
_ADMIN = "/api/providers"
# Base URLs that lack their `/v1` or have it twice, and the path in the singular.
_MISSPELT = re.compile(r"/(?:api/|v1/)?(?:v1/)?videos?(?=/|$)")
_LONGEST_PATH = 200


def refusal_of(path: str) -> ApiError | None:
    """The 404 for a path that is meant for this proxy and is not served; None for all others."""
    plain = re.sub("/{2,}", "/", path.partition("?")[0])
    if plain == _ADMIN or plain.startswith(_ADMIN + "/"):
        return ApiError(
            404,
            "Keys cannot be changed here: nothing was passed on. The operator sets keys in mitm.conf, as "
            "runway_keys, and with runway_admin also by /api/providers.",
            code="admin_not_configured",
        )
    if (found := _MISSPELT.match(plain)) is None:
        return None
    right = "/v1/videos" + plain[found.end() :]
    return ApiError(
        404,
        f"There is no {escaped(plain, _LONGEST_PATH)} here, it is {escaped(right, _LONGEST_PATH)}: the base "
        "URL of a client ends in /v1.",
        code="unknown_url",
    )


def front_page(address: str, fallback: str | None, accept: str) -> Answer:
    """What this is, in a few lines: HTML for a browser. `address` is the client's name for the proxy."""
    lines = [
        f"Runway videos for OpenAI code, version {VERSION}.",
        f"Base URL for OpenAI clients: {escaped(address)}/v1 (video calls are at /v1/videos).",
        f"Other calls go to {fallback} (runway_fallback)." if fallback else "Other calls are not passed on.",
    ]
    if "text/html" in accept.lower():
        title, rest = lines[0], "".join(f"<p>{html.escape(line)}</p>\n" for line in lines)
        head = f'<meta charset="utf-8"><title>{html.escape(title)}</title>'
        body = f"<!doctype html>\n<html>\n<head>{head}</head>\n<body>\n{rest}</body>\n</html>\n"
        return _page("text/html", body)
    return _page("text/plain", "\n".join(lines) + "\n")


def _page(content_type: str, text: str) -> Answer:
    headers = {
        "content-type": f"{content_type}; charset=utf-8",
        "content-security-policy": "default-src 'none'",
        "vary": "accept",
        **PRIVATE_HEADERS,
    }
    return Answer(200, headers, text.encode("utf-8", "backslashreplace"))
