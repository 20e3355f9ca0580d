"""What is counted of which event, and what `/runway/metrics` makes of it."""

from __future__ import annotations

import asyncio

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from runway_videos import events
from runway_videos.errors import ApiError
from runway_videos.events import VideoFacts
from runway_videos.keys.cooldowns import KeyReport
from runway_videos.observe.counts import MAX_SERIES, Counts, DownloadCounts, Histogram
from runway_videos.observe.exposition import FAMILIES
from runway_videos.openai import routes
from runway_videos.openai.messages import Answer, Call
from runway_videos.openai.routes import Operation, Route
from runway_videos.translate.task_status import TaskState
from unit.fake_runway import ServiceHarness

FACTS = VideoFacts("sora-2", "4", "720x1280", "app", "seedance2", "text_to_video")
TEAM = [{"name": "app", "value": "env.A"}, {"name": "web", "value": "env.B"}]
MADE = events.VideoSubmitted(FACTS, "a", "t1", 25.0, 1.5)


def ended(**more: object) -> events.VideoEnded:
    event = events.VideoEnded(FACTS, "a", "t1", TaskState("completed", 100, credits=24.0), 40)
    return msgspec.structs.replace(event, **more)


class Scraped:
    """One answer of `/runway/metrics`, by sample."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float | None:
        return self.samples.get((name, tuple(sorted(labels.items()))))

    def names(self) -> set[str]:
        return {family.name for family in text_string_to_metric_families(self.text)}


async def scrape(harness: ServiceHarness, caller: str = "") -> Scraped:
    route = routes.find_own("GET", "/runway/metrics")
    assert route is not None
    answer = await harness.service.handle(Call(route, {}, {}, b"", caller, lambda: False))
    assert isinstance(answer, Answer)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return Scraped(answer.body.decode())


def told(*happened: events.Event, caller: str = "") -> Scraped:
    """What is scraped after these events."""
    harness = ServiceHarness(callers=TEAM)

    async def run() -> Scraped:
        for event in happened:
            harness.service.runtime.events.emit(event)
        return await scrape(harness, caller)

    return asyncio.run(run())


def test_a_video_is_counted_from_its_create_to_its_end() -> None:
    whose = {"caller": "app", "key": "a", "model": "seedance2"}
    found = told(MADE)
    assert found("runway_creates_total", **whose, outcome="made") == 1
    assert found("runway_credits_total", **whose, kind="estimated") == 25
    assert found("runway_unfinished_videos", caller="app") == 1
    found = told(MADE, ended())
    assert found("runway_unfinished_videos", caller="app") is None
    assert found("runway_videos_ended_total", **whose, status="completed") == 1
    assert found("runway_credits_total", **whose, kind="final") == 24
    assert found("runway_completion_seconds_sum", model="seedance2") == 40
    assert found("runway_completion_seconds_bucket", model="seedance2", le="60.0") == 1
    assert found("runway_completion_seconds_bucket", model="seedance2", le="30.0") == 0


def test_an_end_counts_where_its_video_was_made() -> None:
    found = told(ended(made_here=False))
    assert found.samples.keys().isdisjoint({("runway_videos_ended_total", ())})
    assert "seedance2" not in found.text
    failed = ended(state=TaskState("failed"), deleted=True)
    whose = {"caller": "app", "key": "a", "model": "seedance2"}
    assert told(MADE, failed)("runway_videos_ended_total", **whose, status="deleted") == 1


def test_an_unknown_outcome_is_not_a_refusal() -> None:
    lost = ApiError(504, "lost", code="outcome_unknown", may_have_made=True)
    create = Route(Operation.CREATE, name="create")
    found = told(events.OutcomeUnknown(FACTS, "a", "no answer"), events.CallRefused(lost, create, "app"))
    assert found("runway_outcomes_unknown_total", caller="app", key="a") == 1
    whose = {"caller": "app", "key": "a", "model": "seedance2"}
    assert found("runway_creates_total", **whose, outcome="unknown") == 1
    assert 'outcome="refused"' not in found.text
    refused = {"caller": "app", "operation": "create", "reason": "outcome_unknown"}
    assert found("runway_refused_requests_total", **refused) == 1


def test_unknown_outcomes_of_each_caller_and_key_begin_at_zero() -> None:
    found = told()
    assert [found("runway_outcomes_unknown_total", caller=who, key="a") for who in ("app", "web")] == [0, 0]
    own = told(events.OutcomeUnknown(FACTS, "a", "no answer"), caller="app")
    assert own("runway_outcomes_unknown_total", caller="app", key="a") == 1
    assert own("runway_outcomes_unknown_total", caller="web", key="a") is None


def test_refusals_are_counted_by_reason_and_a_clients_text_is_no_label() -> None:
    bad = ApiError(400, "your secret prompt", param="prompt", code="invalid_value")
    strange = msgspec.structs.replace(FACTS, model="the client's own", runway_model="the client's own")
    found = told(
        events.CallRefused(bad, Route(Operation.CREATE, "video_rwX", "create"), "app", "10.0.0.1"),
        events.ConnectionCut(ApiError(413, "large", code="request_too_large"), "POST", "/secret", "10.0.0.1"),
        events.OtherTrafficRefused(ApiError(403, "no", code="forwarding_disabled"), "a tunnel", "10.0.0.1"),
        events.VideoSubmitted(strange, "a", "t2", None, 1.0),
    )
    reason = {"caller": "app", "operation": "create", "reason": "invalid_value"}
    assert found("runway_refused_requests_total", **reason) == 1
    assert found("runway_creates_total", caller="app", key="", model="", outcome="refused") == 1
    assert found("runway_creates_total", caller="app", key="a", model="other", outcome="made") == 1
    for secret in ("secret", "client's", "10.0.0.1", "video_rw"):
        assert secret not in found.text


def test_calls_to_runway_are_timed_and_polls_that_were_saved_counted() -> None:
    harness = ServiceHarness(poll_seconds=5)

    async def run() -> Scraped:
        video = await harness.create()
        harness.set(status="RUNNING", progress=0.1)
        for _ in range(4):
            await harness.video("GET", f"/{video}")
        return await scrape(harness)

    found = asyncio.run(run())
    assert found("runway_upstream_seconds_count", call="create", status="2xx") == 1
    assert found("runway_upstream_seconds_count", call="get_task", status="2xx") == 1
    assert (found("runway_upstream_polls_total"), found("runway_saved_polls_total")) == (1, 3)


def test_a_call_without_an_answer_has_a_status_of_its_own() -> None:
    found = told(events.RunwayAnswered("create", 7.0, 0), events.RunwayAnswered("create", 0.2, 429))
    assert found("runway_upstream_seconds_sum", call="create", status="none") == 7
    assert found("runway_upstream_seconds_bucket", call="create", status="4xx", le="0.25") == 1


def test_a_retry_that_joins_is_counted() -> None:
    harness = ServiceHarness()
    headers = {"idempotency-key": "one"}

    async def run() -> Scraped:
        await asyncio.gather(*(harness.create(headers=headers, caller="") for _ in range(3)))
        return await scrape(harness)

    found = asyncio.run(run())
    assert harness.runway.times("create") == 1
    assert found("runway_retries_joined_total", caller="") == 2


def test_the_state_of_keys_is_told() -> None:
    harness = ServiceHarness(
        keys=[{"name": "a", "value": "env.A", "weight": 3}, {"name": "b", "value": "env.B"}]
    )
    pool = harness.service.runtime.pool
    pool.confirm("a", "seedance2", KeyReport.NO_CREDITS)
    pool.confirm("b", "seedance2", KeyReport.DAILY_LIMIT)
    picked = pool.pick("gen4.5")
    assert picked is not None
    found = asyncio.run(scrape(harness))
    assert (found("runway_key_weight", key="a"), found("runway_key_weight", key="b")) == (3, 1)
    assert found("runway_key_cooldown_seconds", key="a", model="all", reason="no credits") == 300
    assert found("runway_key_cooldown_seconds", key="b", model="seedance2", reason="daily limit") == 3600
    assert (found("runway_key_in_flight", key="a"), found("runway_key_in_flight", key="b")) == (0, 1)
    pool.end(picked, made=False)
    harness.now += 301
    found = asyncio.run(scrape(harness))
    assert found("runway_key_in_flight", key="b") == 0
    assert found("runway_key_cooldown_seconds", key="a", model="all", reason="no credits") is None


def test_a_caller_sees_its_own_numbers_alone() -> None:
    other = msgspec.structs.replace(FACTS, caller="web")
    happened = [MADE, events.VideoSubmitted(other, "a", "t2", 9.0, 1.0)]
    found = told(*happened, caller="app")
    assert 'caller="app"' in found.text
    assert "web" not in found.text
    assert all("caller" in dict(labels) for _, labels in found.samples)
    assert {name for name, family in FAMILIES.items() if "caller" in family.labels} == found.names()
    assert 'caller="web"' in told(*happened).text


def test_everybody_gets_every_family() -> None:
    found = told()
    assert set(FAMILIES) <= found.names()
    assert found("runway_ready") == 1


def test_however_many_labels_come_they_are_bounded() -> None:
    counts, histogram = Counts(), Histogram((1.0,))
    for number in range(MAX_SERIES + 50):
        counts.add("a", str(number))
        histogram.add(2.0, str(number))
    assert len(counts.items()) == MAX_SERIES + 1
    assert dict(counts.items())["other", "other"] == 50
    assert len(histogram.items()) == MAX_SERIES + 1
    assert histogram.items()[-1] == (("other",), [("1.0", 0.0), ("+Inf", 50.0)], 100.0)


def test_bytes_that_pass_are_counted() -> None:
    counts = DownloadCounts()
    assert counts.pass_on(b"abc") + counts.pass_on(b"") == b"abc"
    assert counts.size == 3
