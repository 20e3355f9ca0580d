"""`runway_aliases`: `pattern=model|model`, the Runway models that a client's name stands for."""

from __future__ import annotations

from runway_videos.config.option_reader import VISIBLE, OptionReader

#: The aliases that keep unchanged Sora code running.
DEFAULT_ALIASES = (
    "sora-2-pro*=seedance2_5",
    "sora-2*=seedance2_mini|seedance2_5",
    "gen4_aleph=aleph2",
)


def read_aliases(reader: OptionReader, values: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Pairs of a pattern and its models in their order, each once. Raises ConfigError."""
    aliases = []
    for value in values if isinstance(values, (list, tuple)) else [values]:
        pattern, _, right = str(value).partition("=")
        pattern = pattern.strip()
        models = [model.strip().removeprefix("runway/") for model in right.split("|")]
        if not VISIBLE.fullmatch(pattern) or not all(map(VISIBLE.fullmatch, models)):
            raise reader.fail(
                "runway_aliases",
                f"{value!r} must be pattern=model or pattern=model|model, like {DEFAULT_ALIASES[1]}",
            )
        aliases.append((pattern, tuple(dict.fromkeys(models))))
    return tuple(aliases)
