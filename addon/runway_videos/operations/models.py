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
    """All models that the caller may use, or one. ApiError 404 for a name that is not served to it."""
    return answer_of(runtime, call.caller, call.route.model)


def answer_of(runtime: Runtime, caller: str, name: str) -> Answer:
    """The answer to a caller about the model of this name, about all where it is ""."""
    if not name:
        return Answer(200, runtime.json_headers, encode(ModelList(data=_models(runtime, caller))))
    models = _models(runtime, caller)
    found = any(name in (model.id, "runway/" + model.id) for model in models)
    if not found and f"runway/{name}" not in {model.id for model in models}:
        raise ApiError(
            404,
            f"The model {name[:80]!r} is not served here; GET /v1/models lists those that are.",
            code="model_not_found",
            param="model",
        )
    return Answer(200, runtime.json_headers, encode(Model(id=name)))


def extended(runtime: Runtime, caller: str, body: bytes) -> bytes:
    """Another service's list of models with ours behind its own."""
    return extend(body, _models(runtime, caller))


def _models(runtime: Runtime, caller: str) -> list[Model]:
    """Those that the caller may use: its limit is for the name and for what it becomes, as in a create."""
    models, aliases = catalog.load(), runtime.settings.aliases
    limits = runtime.settings.limits_of(caller)

    def allowed(name: str) -> bool:
        try:
            behind = resolve_model(name, models, aliases)
        except ApiError:  # an alias that is too long to be asked for
            return False
        return behind is not None and any(limits.allows(name, model) for model in behind.models)

    names = [name for name in _SORA_NAMES if (found := resolve_model(name, models, aliases)) and found.alias]
    names += [pattern for pattern, _ in aliases if _WHOLE_NAME.fullmatch(pattern)]
    names += [f"runway/{name}" for name in models.models()]
    return [Model(id=name) for name in dict.fromkeys(names) if allowed(name)]
