"""The rules that Runway has for URLs, checked before anything is called.

Source: docs.dev.runwayml.com/assets/inputs and the OpenAPI (13 to 2,048 characters for https, to 5,000
for runway). The proxy itself never fetches a URL that a client gave.
"""

from __future__ import annotations

import re
import unicodedata

from runway_videos.errors import ApiError, bad_request

HTTPS_LENGTH = 2_048
RUNWAY_LENGTH = 5_000
_SHORTEST = 13

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff\\]")
_AUTHORITY = re.compile(r"https://([^/?#]*)", re.IGNORECASE)
_PORT = re.compile(r":([0-9]{0,5})$")
_LABEL = re.compile(r"[\w-]{1,63}")
# The last label of what the URL standard reads as an IPv4 address: 127.1, 2130706433, 0x7f000001.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL = ("localhost", "local", "internal")


def check_https(url: str, param: str) -> str:
    """An https URL as Runway takes it (scheme in lower case), or ApiError 400 naming `param`."""
    if not _SHORTEST <= len(url) <= HTTPS_LENGTH:
        raise _refused(f"has {len(url)} characters; Runway takes {_SHORTEST} to {HTTPS_LENGTH:,}", param)
    if _FORBIDDEN.search(url):
        raise _refused("holds a space, a backslash or a control character; escape it as %XX", param)
    match = _AUTHORITY.match(url)
    authority = match[1] if match else ""
    if "@" in authority:
        raise _refused("holds a user name; Runway cannot log in, use a signed URL", param)
    _check_host(authority, param)
    return "https" + url[len("https") :]


def check_runway(uri: str, param: str) -> str:
    """A runway:// URI of an earlier upload, or ApiError 400."""
    if not _SHORTEST <= len(uri) <= RUNWAY_LENGTH:
        raise _refused(
            f"has {len(uri)} characters; a runway:// URI has {_SHORTEST} to {RUNWAY_LENGTH:,}", param
        )
    if _FORBIDDEN.search(uri):
        raise _refused("holds a space, a backslash or a control character", param)
    return "runway" + uri[len("runway") :]


def _check_host(authority: str, param: str) -> None:
    if authority.startswith("["):
        raise _ip_address(param)
    host = authority
    if port := _PORT.search(authority):
        if int(port[1] or 443) > 65_535:
            raise _refused("has a port beyond 65535", param)
        host = authority[: port.start()]
    # Full-width digits and dots are read as plain ones.
    host = unicodedata.normalize("NFKC", host).replace("。", ".").lower().removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        raise _ip_address(param)
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise _refused("has no domain name that can be read", param)
    if labels[-1] in _LOCAL or len(labels) == 1:
        raise _refused(
            "names a host that only your network knows; Runway fetches it from the internet: "
            "upload the file instead",
            param,
        )


def _ip_address(param: str) -> ApiError:
    return _refused("names an IP address; Runway takes domain names only", param)


def _refused(problem: str, param: str) -> ApiError:
    return bad_request(f"The URL in {param!r} {problem}.", param)
