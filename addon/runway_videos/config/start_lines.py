"""What a person needs to know at start, as log lines."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from runway_videos import catalog
from runway_videos.catalog import price_list
from runway_videos.config.caller_options import Caller
from runway_videos.config.settings import BASE_URL, ID_SECRET_VARIABLE, Settings
from runway_videos.config.webhook_options import Webhook
from runway_videos.keys.pool import Key
from runway_videos.logs import escaped, log

# OpenAI's default size is one, and so is the guide's.
USUAL_RESOLUTION = "720p"
NO_KEY = (
    "no Runway key: video creates answer 503; set RUNWAY_API_KEY or runway_keys, "
    "or try it with --set runway_sandbox=true"
)

NO_WEIGHT = "all runway_keys have weight 0: they serve the videos they made, video creates answer 503"


def log_start(settings: Settings, addresses: Sequence[str], option_warnings: Sequence[str] = ()) -> None:
    """Logs where the proxy listens and what it serves; secrets never."""
    where = ", ".join(f"http://{each}" for each in addresses)
    log.info("serving /v1/videos on %s", where or "no address: nothing listens")
    if settings.conf:
        log.info("configuration: %s", escaped(settings.conf))
    for line in facts(settings):
        log.info("%s", line)
    for line in (*warnings(settings), *option_warnings):
        log.warning("%s", line)


def log_news(before: Settings, settings: Settings) -> None:
    """Logs what is in force now and was not before, and what should be mended of that."""
    for level, lines in ((logging.INFO, facts), (logging.WARNING, warnings)):
        said = set(lines(before))
        for line in lines(settings):
            if line not in said:
                log.log(level, "%s", line)


def facts(settings: Settings) -> Iterator[str]:
    """What is in force, a line each."""
    if settings.base_url != BASE_URL and not settings.sandbox:
        yield f"Runway's API is taken to be at {escaped(settings.base_url)}"
    if settings.sandbox:
        yield "SANDBOX: videos are made up, nothing reaches Runway, nothing is paid"
    elif settings.keys:
        yield f"keys: {shown_keys(settings.keys)}"
        sealed = ID_SECRET_VARIABLE if settings.id_secrets else f"the keys ({ID_SECRET_VARIABLE} is not set)"
        yield f"ids of videos: sealed with {sealed}"
    aliases = "; ".join(_alias(pattern, models) for pattern, models in settings.aliases)
    yield f"aliases: {aliases or 'none'}"
    if settings.store.kind != "memory":
        yield f"store: {settings.store.kind}, {escaped(settings.store.shown)}"
    if settings.audit:
        yield f"account: {escaped(settings.audit)}{', with prompts' if settings.audit_prompts else ''}"
    models = catalog.load()
    yield (f"catalog of {models.generated}: {len(models.models())} models (runwayml {models.sdk})")
    if settings.webhooks:
        yield f"webhooks: {', '.join(_webhook(webhook) for webhook in settings.webhooks)}"
    if settings.alerts:
        told = (f"{escaped(each.host)} ({', '.join(each.kinds)})" for each in settings.alerts)
        yield f"alerts: {'; '.join(told)}"
    if settings.callers:
        yield f"callers: {', '.join(_caller(caller) for caller in settings.callers)}"
    else:
        yield "callers: the local user only (runway_callers is not set)"
    if settings.admin:
        yield "operator: has a token (runway_admin)"
    yield f"other calls to the proxy itself: {_others(settings)}"


def shown_keys(keys: Sequence[Key]) -> str:
    """`team-a (weight 3 = 75%), old (weight 0: no new videos)`: nothing of their values."""
    total = sum(key.weight for key in keys)
    return ", ".join(
        f"{key.name} (weight {key.weight:g}{_share(key.weight, total)}"
        f"{'' if '*' in key.models else ', models ' + ' '.join(key.models)})"
        for key in keys
    )


def _caller(caller: Caller) -> str:
    """`app-2 (models sora-2*; 500 credits a day)`."""
    limits = caller.limits
    parts = [f"models {' '.join(limits.models)}"] if limits.models is not None else []
    for most, what in (
        (limits.credits_per_day, "credit{} a day"),
        (limits.videos_per_day, "video{} a day"),
        (limits.concurrency, "video{} at once"),
    ):
        parts += [f"{most:g} {what.format('' if most == 1 else 's')}"] if most is not None else []
    return caller.name + (f" ({'; '.join(parts)})" if parts else "")


def _others(settings: Settings) -> str:
    """Where calls go that are no video calls and are addressed to the proxy."""
    if settings.callers and not settings.forward:
        return "refused (runway_forward is not set)"
    if settings.fallback is None:
        return "answered with 404 (no runway_fallback)"
    return f"go to {escaped(settings.fallback)} (runway_fallback)"


def warnings(settings: Settings) -> Iterator[str]:
    """What is legal and probably not meant."""
    yield from settings.warnings
    if not settings.keys:
        yield NO_KEY
    elif not any(key.weight > 0 for key in settings.keys):
        yield NO_WEIGHT
    known = catalog.load().models()
    for pattern, models in settings.aliases:
        for model in models:
            if model not in known:
                yield f"runway_aliases: {pattern}={model}: the catalog has no {model}; passed on as it is"


def _alias(pattern: str, models: Sequence[str]) -> str:
    """`sora-2* → seedance2_mini, about 16 credits a second, or seedance2_5, about …`."""
    return f"{pattern} → {', or '.join(model + _price(model) for model in models)}"


def _price(model: str) -> str:
    """What a second costs, at the usual resolution where it is not the same at all; empty if not known."""
    prices = price_list.load()
    if (anywhere := prices.credits_per_second(model, "")) is not None:
        return f", about {anywhere:g} credits a second"
    usual = prices.credits_per_second(model, USUAL_RESOLUTION)
    return "" if usual is None else f", about {usual:g} credits a second at {USUAL_RESOLUTION}"


def _webhook(webhook: Webhook) -> str:
    whose = f" ({', '.join(webhook.callers)})" if webhook.callers else ""
    return escaped(webhook.host) + whose


def _share(weight: float, total: float) -> str:
    return f" = {weight / total:.0%}" if weight else ": no new videos"
