"""Which Runway model a client means, and which mode its input asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec

from runway_videos.catalog import Catalog
from runway_videos.errors import bad_request

_PREFIX = "runway/"
# What routers of the field put before a name; it says nothing here.
_PROVIDERS = ("openai/", "azure/")
_DEFAULT = "sora-2"  # what OpenAI took a create without a model for
LONGEST = 40  # the name is sealed into the video's id
_PRINTABLE = re.compile(r"[!-~]+")
_LITERAL = re.compile(r"[^*?\[\]]+")


#: (pattern, Runway models); the first pattern that matches wins.
type Aliases = Sequence[tuple[str, tuple[str, ...]]]


class Resolved(msgspec.Struct, frozen=True):
    """`asked` is the client's word and goes into answers; `models` are Runway's names, the first that
    can take the create is used. `sora`: asked by a Sora name, whose defaults are OpenAI's own.
    """

    asked: str
    models: tuple[str, ...]
    alias: bool

    @property
    def model(self) -> str:
        """The first, or the only one."""
        return self.models[0]

    @property
    def bare(self) -> str:
        """The client's word without a prefix."""
        return bare_name(self.asked)

    @property
    def sora(self) -> bool:
        return self.alias and self.bare.startswith("sora")


def bare_name(name: str) -> str:
    """A client's name of a model without `runway/`, `openai/` or `azure/` before it."""
    for prefix in (_PREFIX, *_PROVIDERS):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def resolve_model(name: object, catalog: Catalog, aliases: Aliases) -> Resolved | None:
    """The models behind a name; None: not ours. ApiError 400: ours, and cannot be used.

    `runway/<name>`, `openai/<name>`, `azure/<name>` and `<name>` mean the same, also to an alias. An
    alias written out in full goes before the catalog, a pattern after it, so that `*=gen4.5` leaves
    the real names alone.
    """
    if name is None or name == "":
        name = _DEFAULT
    if not isinstance(name, str):
        raise bad_request("`model` must be a text, such as `runway/gen4.5`.", "model")
    found = _find(name, catalog, aliases)
    if found is not None and (len(name) > LONGEST or not _PRINTABLE.fullmatch(name)):
        raise bad_request(
            f"`model` must be at most {LONGEST} characters of plain ASCII without spaces; "
            f"this name has {len(name)}.",
            "model",
        )
    return found


def _find(name: str, catalog: Catalog, aliases: Aliases) -> Resolved | None:
    bare = bare_name(name)
    literal = [pair for pair in aliases if _LITERAL.fullmatch(pair[0])]
    models = _target(name, literal)
    if models is None and catalog.modes_of(bare):
        return Resolved(name, (bare,), alias=False)
    models = models or _target(name, aliases)
    if models is not None:
        return Resolved(name, models, alias=True)
    if not name.startswith(_PREFIX):
        return None
    if not bare:
        raise bad_request("`model` is `runway/` without a model's name behind it.", "model")
    if gone := catalog.removed.get(bare):
        raise bad_request(
            f"Runway removed {bare} in {gone.when}; its successor is {gone.successor}: "
            f"ask for `runway/{gone.successor}`.",
            "model",
            "model_not_found",
        )
    return Resolved(name, (bare,), alias=False)


def _target(name: str, aliases: Aliases) -> tuple[str, ...] | None:
    names = (name, bare_name(name))
    for pattern, models in aliases:
        if any(fnmatchcase(one, pattern) for one in names):
            return models
    return None
