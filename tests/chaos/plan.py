"""What is wished in one history, and what is to happen to it: all drawn from the seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import msgspec

from chaos import fates
from chaos.fates import Blow, Fate, Poll
from chaos.kinds import AFTER_POLLS, KINDS, LATER_POLLS, Kind
from chaos.limits import COST, Limits
from chaos.standin import Script
from chaos.wire import STAYS, Hang, How

CALLERS = ("app-1", "app-2", "app-3")
#: Groups that share their Runway keys: a key that rests hurts no others.
LANE = 4
#: Behind one balancer.
MOST_REPLICAS = 3
_FORMS = ("json", "json", "multipart", "multipart", "picture", "edit", "extend")


class Wish(msgspec.Struct, frozen=True):
    """One video that a client wants. `starts` in parts of the history, `gives_up` after that try."""

    name: str
    group: str
    caller: str
    prompt: str
    form: str
    idempotency_key: str
    marks: bool
    stock: bool
    starts: float
    back_offs: tuple[float, ...]
    hangs: tuple[Hang, ...]
    gives_up: int
    #: With an Idempotency-Key: the same create once more, after all.
    once_more: bool
    #: Questions about its video; after its end too, where `to_the_end`.
    polls: int
    to_the_end: bool
    waits_for_proxy: bool
    #: A client that asks for another's video, to be refused.
    snoops: bool
    #: Where replicas share a store: its questions go to each replica in turn, past the balancer.
    roams: bool = False


class TimedBlow(msgspec.Struct, frozen=True):
    """A blow to the replica of this number, `at` in parts of the history."""

    at: float
    process: int
    blow: Blow


class Plan(msgspec.Struct, frozen=True):
    """A history before it happens. `reload_seconds`: between reloads, 0 for none."""

    kind: str
    number: int
    wishes: tuple[Wish, ...]
    scripts: dict[str, Script]
    lanes: tuple[str, ...]
    poll_seconds: int
    lean: bool
    reload_seconds: float = 0.0
    upsets: tuple[TimedBlow, ...] = ()
    limits: dict[str, Limits] = {}
    #: Callers have webhooks, which do not take this part of the events at first. None: they have none.
    hooks: float | None = None


def draw(seed: int, number: int, name: str, wishes: int) -> Plan:
    """The plan of a history."""
    random = Random(f"{seed}/{number}/{name}")
    kind = KINDS[name]
    made: list[Wish] = []
    scripts: dict[str, Script] = {}
    lanes: list[str] = []
    while len(made) < wishes:
        if len(scripts) % LANE == 0:
            lanes.append(f"lane{len(lanes):03}")
        group = f"{lanes[-1]}-g{len(scripts):03}"
        scripts[group] = _script(random, kind)
        made += _group(random, kind, group, len(made), f"seed {seed}, history {number}, {group}")
    return Plan(
        name,
        number,
        tuple(sorted(made, key=lambda wish: wish.starts)),
        scripts,
        tuple(lanes),
        poll_seconds=random.choice((0, 1)),
        lean=random.random() < 0.5,
        reload_seconds=1.1 if kind.reloads else 0.0,
        upsets=tuple(
            TimedBlow(random.random(), random.randrange(MOST_REPLICAS), random.choice(kind.blows))
            for _ in range(kind.upsets * wishes // 100)
        ),
        limits=_limits(Random(f"{seed}/{number}/{name}/limits"), kind, made),
        hooks=Random(f"{seed}/{number}/{name}/hooks").choice((None, 0.0, 0.3)),
    )


def _limits(random: Random, kind: Kind, wishes: Sequence[Wish]) -> dict[str, Limits]:
    """Each caller with one has less than it wishes for."""
    found = {}
    kinds = random.sample(("videos", "credits", "concurrency"), len(CALLERS))
    for caller, what in zip(CALLERS, kinds, strict=True):
        wished = sum(wish.caller == caller for wish in wishes)
        most = max(1, round(wished * random.uniform(0.3, 0.8)))
        at_once = random.randint(1, 4)
        has_one = random.random() < kind.budgets
        if has_one and what == "videos":
            found[caller] = Limits(videos_per_day=most)
        elif has_one and what == "credits":
            found[caller] = Limits(credits_per_day=COST * most)
        elif has_one:
            found[caller] = Limits(concurrency=at_once)
    return found


def _script(random: Random, kind: Kind) -> Script:
    creates: list[Fate] = []
    while kind.creates and len(creates) < 4 and random.random() < kind.trouble:
        creates.append(random.choice(kind.creates))
        if random.random() < 0.4:  # the same again and again, as troubles are
            creates += [creates[-1]] * random.randint(1, 3)
    if kind.blows and random.random() < kind.blown:
        creates.insert(0, fates.blown(random.choice(kind.blows)))
    polls: list[Poll] = []
    if random.random() < kind.polls:
        polls = [Poll.NOT_FOUND] * random.randint(0, 2)
        polls += [random.choice(LATER_POLLS) for _ in range(random.randint(0, 3))]
    after = [random.choice(AFTER_POLLS) for _ in range(3) if random.random() < kind.polls / 2]
    return Script(tuple(creates), tuple(polls), tuple(after), delay=random.uniform(0.01, 0.06))


def _group(random: Random, kind: Kind, group: str, number: int, prompt: str) -> list[Wish]:
    """One wish, or several of equal content: of one caller on purpose, or of several callers."""
    drawn = random.random()
    callers = random.sample(CALLERS, 2)
    if drawn < kind.pairs and kind.marks:
        callers = callers[:1] * 2
    elif drawn < 0.9 or not kind.marks:
        callers = callers[:1]
    form = "stock" if kind.stock else random.choice(_FORMS)
    starts = random.random()
    # A stopped process answers late: its client hangs up meanwhile.
    halted = kind.blows == (Blow.HALT,)
    return [
        Wish(
            name=f"wish-{number + index:03}",
            group=group,
            caller=caller,
            prompt=prompt,
            form=form,
            # Equal creates with one key are one wish: each has its own, or none.
            idempotency_key=f"key-{number + index:03}" if random.random() < 0.25 else "",
            marks=kind.marks,
            stock=kind.stock,
            starts=starts + random.uniform(0, 0.005),
            back_offs=tuple(random.uniform(0.02, 0.12) for _ in range(3)),
            hangs=tuple(_hang(random, kind, halted) for _ in range(3)),
            gives_up=random.choice((0, 1)) if random.random() < 0.12 else 99,
            once_more=random.random() < 0.5,
            polls=random.randint(1, 6),
            to_the_end=random.random() < kind.polls,
            waits_for_proxy=random.random() < 0.8,
            snoops=random.random() < 0.2,
            roams=index == 0 and number % 3 == 0,
        )
        for index, caller in enumerate(callers)
    ]


def _hang(random: Random, kind: Kind, halted: bool) -> Hang:
    how = random.choice((How.BODY, How.TIME, How.TIME, How.MOMENT, How.MOMENT, How.UNREAD, How.PART))
    after = {How.TIME: random.uniform(0.01, 0.4), How.MOMENT: random.uniform(0, 0.008)}.get(how, 0.01)
    reset, hangs = random.random() < 0.3, random.random() < kind.hangs
    if halted and random.random() < 0.5:
        return Hang(How.MOMENT, 0.12, reset)
    return Hang(how, after, reset) if hangs else STAYS
