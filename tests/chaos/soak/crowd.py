"""The clients: places in which one video after the other is made, and many who ask about each."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from random import Random

from chaos.client import token
from chaos.soak.plan import CALLERS, CUT_DOWNLOADS, FAULTS, HANG_UPS, Plan
from chaos.wire import STAYS, Answer, Hang, How, LostError, ask

#: A video that nobody saw end after so many of its lives is stuck.
_STUCK_LIVES = 4.0
_BUSY_STATUSES = (502, 503)
_ENDS = ("completed", "failed")
#: After its end a video is deleted, or its caller asks for its list.
_DELETED, _LISTED = 0.8, 0.02


class Place:
    """Where one video after the other is made, for one caller. `video`: the one that is asked about."""

    def __init__(self, number: int) -> None:
        self.caller = CALLERS[number % len(CALLERS)]
        self.headers = {"authorization": f"Bearer {token(self.caller)}"}
        self.video = ""
        self.status = ""
        self.ended = asyncio.Event()


class Crowd:
    """`run` until the time is over. `counts`: what was answered, by call and status; `wrongs`: what should
    not have been, as sentences."""

    def __init__(self, port: int, plan: Plan) -> None:
        self.counts: Counter[str] = Counter()
        self.wrongs: Counter[str] = Counter()
        self._port = port
        self._plan = plan
        self._random = Random(plan.seed)
        self._places = [Place(number) for number in range(plan.videos)]
        self._over = False

    @property
    def made(self) -> int:
        """Videos whose create was answered with one."""
        return self.counts["create 200"]

    async def run(self) -> None:
        """All of them, until the plan's time is over and each has its last answer."""
        makers = [asyncio.create_task(self._make(place)) for place in self._places]
        askers = [
            asyncio.create_task(self._ask(self._places[number % len(self._places)]))
            for number in range(self._plan.clients)
        ]
        await asyncio.sleep(self._plan.seconds)
        self._over = True
        for task in (*makers, *askers):  # their sleeps; what is under way goes on to its answer
            task.cancel()
        await asyncio.gather(*makers, *askers, return_exceptions=True)

    async def _make(self, place: Place) -> None:
        plan, random = self._plan, self._random
        await asyncio.sleep(random.random() * plan.life)
        while not self._over:
            if not await self._create(place):
                await asyncio.sleep(1 + random.random())
                continue
            try:
                await asyncio.wait_for(place.ended.wait(), plan.life * _STUCK_LIVES)
            except TimeoutError:
                self.wrongs[f"a video that did not end, {place.status}"] += 1
            await self._use(place)

    async def _create(self, place: Place) -> bool:
        fault = self._fault()
        body = {"prompt": f"A boat {self._random.random()} {fault}", "model": "sora-2", "seconds": "4"}
        answer = await self._call(place, "create", "POST", "/v1/videos", body)
        if answer is None:
            return False
        if answer.status != 200:
            expected = ("[lost]", "[shed]")
            if not (fault in expected and answer.status in _BUSY_STATUSES):
                self._wrong("create", answer)
            return False
        place.status, place.video = "", json.loads(answer.body)["id"]
        place.ended.clear()
        return True

    async def _use(self, place: Place) -> None:
        """What is done with a video that has ended."""
        path, video = f"/v1/videos/{place.video}", place.video
        if place.status == "completed":
            cut = self._random.random() < CUT_DOWNLOADS
            hang = Hang(How.PART) if cut else STAYS
            answer = await self._call(place, "download", "GET", f"{path}/content", hang=hang)
            if answer is not None and (answer.status != 200 or answer.body[4:8] != b"ftyp"):
                self._wrong("download", answer)
        if self._random.random() < _DELETED:
            place.video = ""
            answer = await self._call(place, "delete", "DELETE", f"/v1/videos/{video}")
            if answer is not None and answer.status != 200:
                self._wrong("delete", answer)
        if self._random.random() < _LISTED:
            answer = await self._call(place, "list", "GET", "/v1/videos?limit=100")
            if answer is not None and answer.status != 200:
                self._wrong("list", answer)

    async def _ask(self, place: Place) -> None:
        random, interval = self._random, self._plan.interval
        await asyncio.sleep(random.random() * interval)
        while not self._over:
            if place.video:
                await self._poll(place, place.video)
            await asyncio.sleep(interval * (0.9 + 0.2 * random.random()))

    async def _poll(self, place: Place, video: str) -> None:
        hang = Hang(How.UNREAD) if self._random.random() < HANG_UPS else STAYS
        answer = await self._call(place, "poll", "GET", f"/v1/videos/{video}", hang=hang)
        if answer is None or (answer.status == 404 and place.video != video):
            return
        if answer.status != 200:
            self._wrong("poll", answer)
        elif place.video == video:
            status = json.loads(answer.body)["status"]
            if place.status in _ENDS and status != place.status:
                self.wrongs[f"{place.status} and then {status}"] += 1
            place.status = status
            if status in _ENDS:
                place.ended.set()

    def _fault(self) -> str:
        drawn = self._random.random()
        for word, part in FAULTS.items():
            drawn -= part
            if drawn < 0:
                return word
        return ""

    async def _call(
        self, place: Place, name: str, method: str, path: str, body: object = None, hang: Hang = STAYS
    ) -> Answer | None:
        """One call over a connection of its own, to its end also when the time is over meanwhile."""
        sent = b"" if body is None else json.dumps(body).encode()
        asked = asyncio.ensure_future(ask(self._port, method, path, place.headers, sent, hang=hang))
        try:
            answer = await asyncio.shield(asked)
        except LostError as error:
            self.counts[f"{name} {'hung up' if hang.leaves else 'lost'}"] += 1
            if not hang.leaves:
                self.wrongs[f"{name}: {error}"] += 1
            return None
        except asyncio.CancelledError:
            with contextlib.suppress(LostError):
                self.counts[f"{name} {(await asked).status}"] += 1
            raise
        self.counts[f"{name} {answer.status}"] += 1
        return answer

    def _wrong(self, name: str, answer: Answer) -> None:
        self.wrongs[f"{name}: {answer.status} {answer.body[:200].decode(errors='replace')}"] += 1
