"""Which of the models behind a name makes a video: the first that can take the create.

A model that would make a smaller frame than was asked for comes after those that would not. One
that no key may use is passed over, unless no other can take the create: then the refusal is about
the keys. The choice hangs on the create and the configuration alone, never on
cooldowns, so that a retry finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from runway_videos.catalog import Catalog
from runway_videos.errors import ApiError, bad_request
from runway_videos.request_body import Fields
from runway_videos.translate.create import plan_for_model
from runway_videos.translate.model_names import Resolved
from runway_videos.translate.refusals import MISSING_PROMPT
from runway_videos.translate.source import Source
from runway_videos.translate.task_call import Plan


def plan_create(
    fields: Fields,
    catalog: Catalog,
    resolved: Resolved,
    serves: Callable[[str], bool] = lambda model: True,
    source: Source | None = None,
) -> Plan:
    """The task call of the first model that can take these fields, and that `serves` (some key may
    use it). ApiError where no model can. `source` as `plan_for_model` takes it.
    """
    able: list[Plan] = []
    refusals: dict[str, ApiError] = {}
    for model in resolved.models:
        try:
            alone = msgspec.structs.replace(resolved, models=(model,))
            plan = plan_for_model(fields, catalog, alone, source)
        except ApiError as error:
            refusals[model] = error.with_traceback(None)  # its frames hold what was decoded
            continue
        able.append(plan)
        if serves(model) and not plan.smaller:
            break
    if not able:
        raise _none_can(resolved, refusals)
    # The order of the models is kept otherwise.
    return first_served(sorted(able, key=lambda plan: plan.smaller), serves)


def first_served(plans: Sequence[Plan], serves: Callable[[str], bool]) -> Plan:
    """The first plan whose model some key may use, else the first. It knows the first as `preferred`."""
    preferred = plans[0]
    chosen = next((plan for plan in plans if serves(plan.call.model)), preferred)
    return chosen if chosen is preferred else msgspec.structs.replace(chosen, preferred=preferred)


def _none_can(resolved: Resolved, refusals: dict[str, ApiError]) -> ApiError:
    """Each model's reason in a few words; a reason that all have in common, whole."""
    errors = list(refusals.values())
    first = errors[0]
    if resolved.alias and any((error.param, error.code) == MISSING_PROMPT for error in errors):
        return bad_request(
            f"`prompt` is required, a text that is not blank: `{resolved.asked}` cannot make this video "
            "without it.",
            *MISSING_PROMPT,
        )
    if len({error.message for error in errors}) == 1 or any(error.status != 400 for error in errors):
        return next((error for error in errors if error.status != 400), first)
    reasons = "; ".join(f"{model}: {_first_sentence(error)}" for model, error in refusals.items())
    params = {error.param for error in errors}
    codes = {error.code for error in errors}
    return bad_request(
        f"No model behind `{resolved.asked}` can take this: {reasons}.",
        first.param if len(params) == 1 else errors[-1].param,
        first.code if len(codes) == 1 else None,
    )


def _first_sentence(error: ApiError) -> str:
    return error.message.partition(". ")[0].removesuffix(".")
