"""Method and path to operation, one line each. A path outside of `/v1/videos` has no route."""

from __future__ import annotations

from enum import Enum
from posixpath import normpath
from urllib.parse import unquote

import msgspec

from runway_videos.store.video_ids import ID_PREFIX

# The last one is AzureOpenAI's, which adds `?api-version=`.
_PREFIXES = ("/v1/videos", "/openai/v1/videos", "/openai/videos")
_MODELS_PREFIXES = ("/v1/models", "/openai/v1/models", "/openai/models")


class Operation(Enum):
    """The operation that a call asks for."""

    CREATE = "create"
    REMIX = "remix"
    EDIT = "edit"
    EXTEND = "extend"
    STATUS = "status"
    CONTENT = "content"
    DELETE = "delete"
    LIST = "list"
    MODELS = "models"
    USAGE = "usage"
    PROVIDERS = "providers"
    HEALTH = "healthz"
    READY = "readyz"
    METRICS = "metrics"
    UNSUPPORTED = "unsupported"
    WRONG_METHOD = "wrong method"
    NOT_OURS = "other video call"
    OTHER = "call"


#: The operations that make a video, and cost.
PAID = frozenset({Operation.CREATE, Operation.REMIX, Operation.EDIT, Operation.EXTEND})


class Route(msgspec.Struct, frozen=True):
    """A call under `/v1/videos`, for the models, or of the proxy's own. `name` is for messages;
    `allow`: the methods of its path.

    `model` is the one of `/v1/models/{model}`, "" for all.
    """

    operation: Operation
    video_id: str = ""
    name: str = ""
    allow: tuple[str, ...] = ()
    model: str = ""


# Method, path below /v1/videos, operation, name. A path with `{id}` is ours if the id is.
_ROUTES = (
    ("POST", "", Operation.CREATE, "create"),
    ("GET", "", Operation.LIST, "list"),
    ("POST", "edits", Operation.EDIT, "edits"),
    ("POST", "extensions", Operation.EXTEND, "extensions"),
    ("POST", "characters", Operation.UNSUPPORTED, "characters"),
    ("GET", "characters/*", Operation.UNSUPPORTED, "characters"),
    ("GET", "{id}", Operation.STATUS, "status"),
    ("DELETE", "{id}", Operation.DELETE, "delete"),
    ("GET", "{id}/content", Operation.CONTENT, "content"),
    ("HEAD", "{id}/content", Operation.CONTENT, "content"),
    ("POST", "{id}/remix", Operation.REMIX, "remix"),
)


def _by_path() -> dict[str, dict[str, Route]]:
    table: dict[str, dict[str, Route]] = {}
    for method, path, operation, name in _ROUTES:
        table.setdefault(path, {})[method] = Route(operation, name=name)
    return table


_TABLE = _by_path()
# Paths of the proxy's own, that no gateway has: they are served in every mode.
_OWN_PATHS = {
    "/runway/usage": {"GET": Operation.USAGE},
    "/runway/healthz": {"GET": Operation.HEALTH, "HEAD": Operation.HEALTH},
    "/runway/readyz": {"GET": Operation.READY, "HEAD": Operation.READY},
    "/runway/metrics": {"GET": Operation.METRICS},
}
# The operator's, on the proxy's own address alone: a gateway behind it may have them too.
_ADMIN_PATHS = ("/api/providers", "/api/providers/runway")
_ADMIN_METHODS = ("GET", "POST", "PUT", "DELETE")
#: For anyone: balancers and orchestrators have no token, and nothing is said that a stranger may not know.
PROBES = (Operation.HEALTH, Operation.READY)
#: For who may read all numbers, and for callers, who get their own.
NUMBERS = (Operation.METRICS, Operation.USAGE)
# First parts of a path that are not ids.
_FIXED_PARTS = frozenset(path.partition("/")[0] for path in _TABLE if path[:1] not in ("", "{"))


def find(method: str, path: str) -> Route | None:
    """The route of a call, None for a path that is not under `/v1/videos`.

    `path` may carry a query. Most other traffic is told apart by one substring search.
    """
    if "/videos" not in path and "%" not in path:
        return None
    below = _below(path, _PREFIXES)
    if below is None:
        return None
    parts = [part for part in below.split("/") if part]
    if not parts:
        # OpenAI has no operation for other methods of the collection: not ours.
        return _TABLE[""].get(method, Route(Operation.NOT_OURS, allow=tuple(_TABLE[""])))
    first = parts[0]
    if first in _FIXED_PARTS:
        pattern, video_id = "/".join([first, *("*" for _ in parts[1:])]), ""
    elif first.startswith(ID_PREFIX):
        pattern, video_id = "/".join(["{id}", *parts[1:]]), first
    else:
        return Route(Operation.NOT_OURS, below.strip("/") if _has_slash_in_id(path) else first)
    methods = _TABLE.get(pattern, {})
    if not methods and _has_slash_in_id(path):  # an id that was made up: it is no other operation
        return Route(Operation.STATUS, below.strip("/"), "status")
    found = methods.get(method)
    if found is None:
        return Route(Operation.WRONG_METHOD, video_id, allow=tuple(methods))
    return Route(found.operation, video_id, found.name)


def find_own(method: str, path: str) -> Route | None:
    """The route of a path of the proxy's own; None for all else."""
    plain = path.partition("?")[0]
    methods = _OWN_PATHS.get(plain)
    if methods is None:
        return None
    return Route(methods.get(method, Operation.WRONG_METHOD), name=plain, allow=tuple(methods))


def find_admin(path: str) -> Route | None:
    """The route of a call that changes keys; None for all else."""
    plain = path.partition("?")[0]
    if plain.removesuffix("/") not in _ADMIN_PATHS:
        return None
    return Route(Operation.PROVIDERS, name=plain, allow=_ADMIN_METHODS)


def find_models(method: str, path: str) -> Route | None:
    """The route of a `GET /v1/models` or `/v1/models/{model}`; None for all else."""
    if method != "GET" or ("/models" not in path and "%" not in path):
        return None
    below = _below(path, _MODELS_PREFIXES)
    return None if below is None else Route(Operation.MODELS, name="models", model=below.strip("/"))


def _has_slash_in_id(path: str) -> bool:
    return "%2f" in path.partition("?")[0].lower()


def _below(path: str, prefixes: tuple[str, ...]) -> str | None:
    """The path below one of the prefixes, or None; escapes, dots and double slashes are resolved first."""
    plain = path.partition("?")[0]
    if "%" in plain:
        plain = unquote(plain)
    if "//" in plain or "/." in plain:
        # normpath keeps two leading slashes (POSIX).
        plain = normpath("/" + plain.lstrip("/"))
    for prefix in prefixes:
        if plain == prefix or plain.startswith(prefix + "/"):
            return plain[len(prefix) :]
    return None
