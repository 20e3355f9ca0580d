"""What must be nowhere, in every form that it can take."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

#: Parts of every signed link.
LINKS = {"a link's signature": "Signature=", "a link's key": "Key-Pair-Id"}


def forms(secret: str) -> dict[str, bytes]:
    """As it is; encoded for a URL, in JSON, in hexadecimal; and in Base64, wherever in a text it begins."""
    raw = secret.encode()
    found = {
        "raw": raw,
        "in JSON": json.dumps(secret)[1:-1].encode(),
        "in hexadecimal": raw.hex().encode(),
        "in a URL": quote(secret, safe="").encode(),
        "in a query": quote_plus(secret).encode(),
    }
    for before in range(3):
        # Without the first and last letters, in which neighbours have a part.
        whole = base64.b64encode(bytes(before) + raw).rstrip(b"=")
        inner = whole[4 if before else 0 : -2]
        found[f"in Base64 behind {before}"] = inner
        found[f"in Base64 for URLs behind {before}"] = inner.translate(bytes.maketrans(b"+/", b"-_"))
    return found


class Wanted:
    """Secrets by their names."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        assert all(len(secret) >= 9 for secret in secrets.values())
        self._forms = {name: set(forms(secret).items()) for name, secret in secrets.items()}

    def found_in(self, data: bytes | str) -> list[str]:
        """Those that are in there, each with what is around it."""
        return list(self._found(data.encode("utf-8", "replace") if isinstance(data, str) else data))

    def _found(self, data: bytes) -> Iterator[str]:
        for name, shapes in self._forms.items():
            for shape, text in shapes:
                at = data.find(text)
                if at >= 0:
                    around = data[max(0, at - 200) : at + 200].decode("utf-8", "replace")
                    yield f"{name} {shape}: …{around}…"
                    break
