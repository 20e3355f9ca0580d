"""A client with the habits of the stock ones: it retries, marks its retries, polls and downloads."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle

from chaos import stock
from chaos.answers import task_of
from chaos.bodies import body_of, path_of
from chaos.plan import CALLERS, Wish
from chaos.records import Attempt, Sight, Story, Trace
from chaos.wire import STAYS, Answer, Hang, How, LostError, ask

#: The stock clients wait 0.5 to 8 s between their tries; here it is as much quicker as all the rest.
RETRY_AFTER_SCALE, LONGEST_BACK_OFF = 0.05, 0.5
#: Waits of a client that finds nobody listening: a process that restarts takes as long as ever.
REFUSED_SECONDS = 0.7
_RETRIES = 2
_SETTLE_TRIES = 25


def token(caller: str) -> str:
    """What a caller sends as its key."""
    return f"the-token-of-{caller}"


class Client:
    """One wish's. `port`: where to; `replicas`: where a roaming client's questions go, in turn.

    `moment`: tells when Runway answers a group's create.
    """

    def __init__(
        self,
        wish: Wish,
        port: int,
        replicas: Sequence[int],
        moment: Callable[[str], asyncio.Future[None]],
        trace: Trace,
    ) -> None:
        roams = wish.roams and len(replicas) > 1
        self.story = Story(
            wish.name, wish.group, wish.caller, has_key=bool(wish.idempotency_key), roams=roams
        )
        self._wish = wish
        self._port = port
        self._asked = cycle(replicas if roams else [port])
        self._moment = moment
        self._trace = trace

    async def run(self) -> None:
        """The create with its retries, then some questions."""
        wish, story = self._wish, self.story
        if wish.stock:
            await stock.create(wish, story, self._port, token(wish.caller))
            self._say(f"{len(story.attempts)} tries: {story.told}")
        else:
            await self._create()
        if wish.to_the_end and story.video:
            await self._until_its_end(wish.back_offs[0])
            await self._download()
        for _ in range(wish.polls if story.video else 0):
            await self._look()
            await asyncio.sleep(wish.back_offs[0])
        if (
            wish.once_more
            and not wish.stock
            and wish.idempotency_key
            and (story.video or "outcome_unknown" in story.told)
        ):
            await self._try(0, STAYS)

    async def settle(self) -> None:
        """When all is calm: sees the video's end, and of which task its bytes are."""
        video = self.story.video
        if not video:
            return
        await self._until_its_end(0.2)
        for _ in range(_SETTLE_TRIES):
            if await self._download():
                break
            await asyncio.sleep(0.2)
        self._say(f"holds task {self.story.task or '(no bytes)'}")
        if self._wish.snoops:
            other = next(name for name in CALLERS if name != self._wish.caller)
            answer = await self._get(f"/v1/videos/{video}", other)
            if answer is not None and answer.status != 404:
                self.story.shown_to = other

    @property
    def ended(self) -> bool:
        """Whether it saw its video's end."""
        return any(sight.status == "completed" for sight in self.story.sights)

    async def _download(self) -> bool:
        """Whether the video's bytes came."""
        answer = await self._get(f"/v1/videos/{self.story.video}/content", self._wish.caller)
        if answer is not None and answer.status == 200:
            task, last = task_of(answer.body), self.story.task
            if last and task != last:
                self.story.others.append(last)
            self.story.task = task
            return True
        self._say(f"its bytes: {answer.status if answer else 'no answer'}")
        if answer is not None and answer.status == 404 and self.ended:
            self.story.sights.append(Sight(time.monotonic(), ""))
        return False

    async def _until_its_end(self, pause: float) -> None:
        for _ in range(_SETTLE_TRIES):
            await self._look()
            if self.story.sights and self.story.sights[-1].status in ("completed", "failed"):
                break
            await asyncio.sleep(pause)

    async def _create(self) -> None:
        wish = self._wish
        for count in range(_RETRIES + 1):
            pause = await self._try(count, wish.hangs[count])
            if pause is None:
                return
            if count >= wish.gives_up:
                self.story.told = "gave up"
                self._say("gives up")
                return
            await asyncio.sleep(max(pause, wish.back_offs[count]))

    async def _try(self, count: int, hang: Hang) -> float | None:
        """One create: how long to wait before the next, None for none."""
        story = self.story
        attempt = Attempt(count, time.monotonic(), 0.0, "")
        story.attempts.append(attempt)
        try:
            answer = await self._send(count, hang)
        except LostError as error:
            attempt.result, attempt.reached = str(error), error.reached
            story.told = "no answer"
            pause: float | None = 0.0
        else:
            attempt.result = _words(answer)
            story.told = attempt.result
            # A page of HTML is the balancer's own.
            attempt.reached = "json" in answer.headers.get("content-type", "")
            if answer.status == 200:
                story.video = story.video or str(json.loads(answer.body)["id"])
            pause = _retry_after(answer) if _again(answer, self._wish.marks) else None
        if pause is not None and not attempt.reached:
            pause = REFUSED_SECONDS * (1 + count)
        attempt.ended = time.monotonic()
        self._say(f"try {count}: {attempt.result}")
        return pause

    async def _send(self, count: int, hang: Hang) -> Answer:
        wish = self._wish
        content_type, body = body_of(wish)
        headers = {"authorization": f"Bearer {token(wish.caller)}", "content-type": content_type}
        if wish.marks:
            headers["x-stainless-retry-count"] = str(count)
        if wish.idempotency_key:
            headers["idempotency-key"] = wish.idempotency_key
        moment = self._moment(wish.group) if hang.how is How.MOMENT else None
        return await ask(self._port, "POST", path_of(wish), headers, body, hang=hang, moment=moment)

    async def _look(self) -> None:
        """Asks for the status, once, and notes what is said of it."""
        answer = await self._get(f"/v1/videos/{self.story.video}", self._wish.caller)
        now = time.monotonic()
        if answer is not None and answer.status == 404:
            self.story.sights.append(Sight(now, ""))
        elif answer is not None and answer.status == 200:
            video = json.loads(answer.body)
            self.story.sights.append(Sight(now, str(video["status"]), int(video["progress"])))
        else:
            return
        last = self.story.sights[-1]
        self._say(f"sees {last.status or 404} {last.progress}")

    async def _get(self, path: str, caller: str) -> Answer | None:
        headers = {"authorization": f"Bearer {token(caller)}"}
        try:
            return await ask(next(self._asked), "GET", path, headers)
        except LostError:
            return None

    def _say(self, text: str) -> None:
        self._trace.say(
            time.monotonic(), self._wish.group, f"{self._wish.name} ({self._wish.caller}): {text}"
        )


def _again(answer: Answer, marks: bool) -> bool:
    """As `openai` decides; a plain client knows no `x-should-retry`."""
    told = answer.headers.get("x-should-retry", "") if marks else ""
    if told in ("true", "false"):
        return told == "true"
    return answer.status in (408, 409, 429) or answer.status >= 500


def _retry_after(answer: Answer) -> float:
    text = answer.headers.get("retry-after", "0")
    seconds = float(text) if text.replace(".", "", 1).isdigit() else 0.0
    return min(seconds * RETRY_AFTER_SCALE, LONGEST_BACK_OFF)


def _words(answer: Answer) -> str:
    if answer.status == 200:
        return "the video"
    try:
        error: Mapping[str, object] = json.loads(answer.body)["error"]
        return f"{answer.status} {error['code']}"
    except (ValueError, KeyError, TypeError):
        return str(answer.status)
