"""`GET /v1/models`: the names by which videos can be asked for here."""

from __future__ import annotations

import re

from runway_videos import catalog
from runway_videos.errors import ApiError
from runway_videos.openai.messages import Answer, Call
from runway_videos.openai.models import Model, ModelList, extend
from runway_videos.openai.video import encode
from runway_videos.runtime import Runtime
from runway_videos.translate import resolve_model

# What OpenAI called them: an alias is a pattern, which is no name to choose.
_SORA_NAMES = ("sora-2", "sora-2-pro", "sora-2-2025-10-06", "sora-2-pro-2025-10-06", "sora-2-2025-12-08")
_WHOLE_NAME = re.compile(r"[^*?\[\]]+")


async def models(runtime: Runtime, call: Call) -> Answer:
    """All models, or one. ApiError 404 for a name that is not served."""
    return answer_of(runtime, call.route.model)


def answer_of(runtime: Runtime, name: str) -> Answer:
    """The answer about the model of this name, about all where it is ""."""
    if not name:
        return Answer(200, runtime.json_headers, encode(ModelList(data=_models(runtime))))
    found = next((model for model in _models(runtime) if name in (model.id, "runway/" + model.id)), None)
    if found is None and not catalog.load().modes_of(name):
        raise ApiError(
            404,
            f"The model {name[:80]!r} is not served here; GET /v1/models lists those that are.",
            code="model_not_found",
            param="model",
        )
    return Answer(200, runtime.json_headers, encode(Model(id=name)))


def extended(runtime: Runtime, body: bytes) -> bytes:
    """Another service's list of models with ours behind its own."""
    return extend(body, _models(runtime))


def _models(runtime: Runtime) -> list[Model]:
    models, aliases = catalog.load(), runtime.settings.aliases
    names = [name for name in _SORA_NAMES if (found := resolve_model(name, models, aliases)) and found.alias]
    names += [pattern for pattern, _ in aliases if _WHOLE_NAME.fullmatch(pattern)]
    names += [f"runway/{name}" for name in models.models()]
    return [Model(id=name) for name in dict.fromkeys(names)]
