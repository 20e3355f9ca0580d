"""What every measurement uses: the proxies, the plan and the checks."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from bench import own_client, wrk
from bench.load import Ask, Load, Result
from bench.stand import KINDS, Proxy, Stand


class Plan(msgspec.Struct, frozen=True):
    """How much is done."""

    rounds: int = 5
    #: Seconds of a load, or, if set, its requests (the own client then, whatever there is).
    seconds: int = 2
    requests: int | None = None
    wrk: bool = True
    file_bytes: int = 50_000_000
    #: One after the other, for the speed of a download alone.
    files: int = 8
    polls_beside: int = 200
    upload_bytes: int = 100_000_000
    videos: int = 100_000
    #: Kinds that are not measured, but for start and memory.
    skipped_kinds: frozenset[str] = frozenset()


#: Enough to see that all works: for a test of the bench itself.
QUICK = Plan(
    rounds=1,
    requests=20,
    file_bytes=2_000_000,
    files=2,
    polls_beside=10,
    upload_bytes=6_000_000,
    videos=100,
    skipped_kinds=frozenset({"lean", "lean-O", "lean-ask", "ours-sqlite", "ours-redis"}),
)


class Bench:
    """The proxies, the plan, and the videos that were created."""

    def __init__(self, stand: Stand, plan: Plan) -> None:
        self.stand = stand
        self.plan = plan
        #: Processor time of an answer in the last load of a name, in milliseconds.
        self.processor: dict[str, float] = {}
        #: Resident memory of the last process of a kind that was started, in MiB.
        self.idle: dict[str, float | None] = {}
        self._made: dict[tuple[str, str], list[str]] = {}

    def videos(self, kind: str, prompt: str, count: int = 1) -> list[str]:
        """Ids of videos that this kind's proxy has made."""
        made = self._made.setdefault((kind, prompt), [])
        while len(made) < count:
            body = {"model": "sora-2", "prompt": f"{prompt} {len(made)}"}
            answer = self.stand.proxy(kind).get("/v1/videos", json.dumps(body).encode())
            made.append(json.loads(answer)["id"])
        return made

    def drive(self, proxy: Proxy, ask: Ask, connections: int, what: str) -> Result:
        """Asks and checks the answers."""
        load = Load(connections, self.plan.seconds, self.plan.requests)
        client = wrk.drive if self.plan.wrk and load.requests is None else own_client.drive
        before = proxy.processor()
        result = client(proxy.port, ask, load)
        after = proxy.processor()
        if before is not None and after is not None:
            self.processor[what] = (after - before) / max(result.good, 1) * 1000
        self.check(result.bad == 0 and result.good > 0, what, f"{result.bad} answers were wrong")
        return result

    def asked(self, before: Mapping[str, int], name: str, least: int, most: int, what: str) -> None:
        """Checks how often the origin was asked for something since `before`."""
        found = self.stand.counts().get(name, 0) - before.get(name, 0)
        self.check(least <= found <= most, what, f"{found} calls of {name} upstream, not {least} to {most}")

    def check(self, right: bool, what: str, problem: str) -> None:
        """Records wrong bytes or upstream calls."""
        if not right:
            self.stand.problems.append(f"{what}: {problem}")


def about(kind: str) -> str:
    """What a kind is, for messages."""
    return KINDS[kind].about


def is_ours(kind: str) -> bool:
    """Whether the addon is in a kind."""
    return KINDS[kind].ours
