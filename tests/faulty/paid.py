"""The four paid calls as the real client makes them: create, remix, edit, extend."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

import openai

from faulty.clients import Got, create, got_of
from faulty.gateway import PICTURE

_CLIP = b"\0\0\0\x18ftypisom" + bytes(600)
# Too large for a data URI, so that it has to be uploaded.
_LARGE_CLIP = _CLIP + bytes(5 << 20)
_PICTURE_URI = "data:image/png;base64," + base64.b64encode(PICTURE).decode()


class Paid(Enum):
    """Which call. A remix and an extension are of a video made earlier, an edit is of a file."""

    CREATE = "create"
    REMIX = "remix"
    EDIT = "edit"
    EXTEND = "extend"

    @property
    def by_id(self) -> bool:
        """Whether it is of a video made earlier, so that one key alone can make it."""
        return self in (Paid.REMIX, Paid.EXTEND)


def ask(
    user: openai.OpenAI,
    paid: Paid,
    model: str,
    prompt: str,
    source: str = "",
    upload: bool = False,
    headers: Mapping[str, str] = {},
) -> Got:
    """One call for one video of `model`. `source`: the id of the video that it is of.

    `upload`: it carries a file that has to be uploaded. `headers` are sent along.
    """
    if paid is Paid.CREATE:
        file: dict[str, Any] = {"input_reference": ("picture.png", PICTURE)} if upload else {}
        return create(user, model=model, prompt=prompt, **file)
    videos = user.videos.with_raw_response
    more: dict[str, Any] = {"model": model}
    if upload and paid.by_id:
        more["references"] = [{"uri": _PICTURE_URI}]
    match paid:
        case Paid.REMIX:
            return got_of(lambda: videos.remix(source, prompt=prompt, extra_body=more, extra_headers=headers))
        case Paid.EDIT:
            clip = ("clip.mp4", _LARGE_CLIP if upload else _CLIP)
            return got_of(
                lambda: videos.edit(prompt=prompt, video=clip, extra_body=more, extra_headers=headers)
            )
        case _:
            none = cast(Any, openai.omit)
            by_id = {**more, "video": {"id": source}}
            return got_of(
                lambda: videos.extend(
                    prompt=prompt, seconds="4", video=none, extra_body=by_id, extra_headers=headers
                )
            )
