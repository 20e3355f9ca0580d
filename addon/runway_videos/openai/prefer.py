"""The Prefer header (RFC 7240), of which `wait` is read: how long a client wants its answer held."""

from __future__ import annotations

from urllib.request import parse_http_list

#: A longer wait is cut to this, in seconds.
LONGEST_WAIT = 60
# More digits than these are no number of seconds; Python limits the digits of a number.
_MAX_DIGITS = 9


def wait_seconds(header: str | None) -> int | None:
    """The seconds that `Prefer: wait=N` asks for, at most LONGEST_WAIT; None where it does not.

    Of several the first counts, as the RFC says.
    """
    if not header:
        return None
    # parse_http_list knows of quotes: a comma in another preference's value ends nothing.
    for preference in parse_http_list(header):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "wait":
            digits = value.strip().strip('"')
            if not (digits.isascii() and digits.isdecimal()):
                return None
            return min(int(digits), LONGEST_WAIT) if len(digits) <= _MAX_DIGITS else LONGEST_WAIT
    return None
