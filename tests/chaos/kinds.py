"""The kinds of histories: what goes wrong in each, and how often."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chaos import fates
from chaos.fates import Blow, Fate, Poll


class Kind(msgspec.Struct, frozen=True):
    """Parts of 1. `trouble`: creates that meet one of `creates`; `hangs`: attempts that are left.

    `polls`: tasks with bad answers to questions; `blows`: of which `blown` of the groups meet one.
    `upsets`: how many of `blows` come at any time besides, in each hundred wishes.
    `reloads`: the script is touched all the time. `marks`: whether clients mark their retries.
    `pairs`: groups of two wishes of equal content by one caller.
    `stock`: the clients are the real `openai` ones. `budgets`: callers with a limit.
    """

    what: str
    creates: tuple[Fate, ...] = ()
    trouble: float = 0.0
    hangs: float = 0.0
    polls: float = 0.0
    blows: tuple[Blow, ...] = ()
    blown: float = 0.0
    upsets: int = 0
    reloads: bool = False
    marks: bool = True
    pairs: float = 0.2
    stock: bool = False
    budgets: float = 0.0


#: What is done to a store, and to the way to it.
STORE_BLOWS = (
    Blow.STORE_RESTART,
    Blow.STORE_PAUSE,
    Blow.STORE_CUT,
    Blow.STORE_DEAF,
    Blow.STORE_LATE,
)
_ALL = (*fates.REFUSALS, *fates.GATEWAYS, *fates.LOST, *fates.SLOW)

#: By name, as `--kinds` takes them.
KINDS: Mapping[str, Kind] = {
    "quiet": Kind("nothing but delays"),
    "refusals": Kind("Runway refuses in its own words", fates.REFUSALS, trouble=0.7),
    "gateway": Kind("a gateway's 502, 503, 504, redirects, 500", fates.GATEWAYS, trouble=0.7),
    "lost": Kind("Runway's answer is lost", (*fates.LOST, *fates.SLOW), trouble=0.6),
    "hangups": Kind("clients hang up and come back", fates.SLOW, trouble=0.2, hangs=0.6),
    "owed": Kind(
        "equal creates on purpose, refusals and slow answers",
        creates=(*fates.REFUSALS, *fates.SLOW * 4),
        trouble=0.8,
        pairs=0.85,
    ),
    "polls": Kind("bad answers to questions about tasks", polls=0.8),
    "mixed": Kind("all of these", creates=_ALL, trouble=0.4, hangs=0.2, polls=0.2),
    "reload": Kind(
        "all of these, while the script is reloaded",
        creates=_ALL,
        trouble=0.4,
        hangs=0.2,
        polls=0.2,
        reloads=True,
    ),
    "drain": Kind(
        "SIGTERM and restarts, and clients that hang up",
        creates=fates.SLOW,
        trouble=0.3,
        hangs=0.3,
        blows=(Blow.TERM,),
        blown=0.08,
    ),
    "hup": Kind("SIGHUP", hangs=0.1, blows=(Blow.HUP,), blown=0.05),
    "stop": Kind("SIGSTOP over an answer, and a client that hangs up", blows=(Blow.HALT,), blown=0.3),
    "kill": Kind(
        "kill -9 and restarts, and clients that hang up",
        hangs=0.2,
        blows=(Blow.KILL_BEFORE, Blow.KILL_AFTER),
        blown=0.08,
    ),
    "replicas": Kind(
        "replicas are killed, ended, stopped, taken out, reconfigured; clients hang up",
        creates=fates.SLOW,
        trouble=0.2,
        hangs=0.2,
        blows=(
            *(Blow.KILL_BEFORE, Blow.KILL_AFTER, Blow.TERM),
            *(Blow.HALT, Blow.HALT_LONG, Blow.OUT, Blow.CONF),
        ),
        blown=0.1,
        upsets=15,
    ),
    "store": Kind(
        "the store is killed, paused, cut off, deaf, late; clients hang up",
        creates=fates.SLOW,
        trouble=0.2,
        hangs=0.2,
        blows=STORE_BLOWS,
        blown=0.2,
        upsets=25,
    ),
    "all": Kind(
        "everything at once",
        creates=_ALL,
        trouble=0.3,
        hangs=0.25,
        polls=0.2,
        reloads=True,
        blows=(
            *(Blow.KILL_BEFORE, Blow.KILL_AFTER, Blow.TERM),
            *(Blow.HALT, Blow.HALT_LONG, Blow.OUT, Blow.CONF),
            *STORE_BLOWS,
        ),
        blown=0.15,
        upsets=20,
        budgets=0.3,
    ),
    "budgets": Kind(
        "callers have limits; processes are killed, ended, stopped, reconfigured, the store is broken",
        creates=(*fates.REFUSALS, *fates.SLOW * 6, *fates.LOST),
        trouble=0.4,
        hangs=0.2,
        polls=0.2,
        blows=(Blow.KILL_BEFORE, Blow.KILL_AFTER, Blow.TERM, Blow.HALT, Blow.CONF, *STORE_BLOWS),
        blown=0.05,
        upsets=8,
        budgets=1.0,
    ),
    "stock": Kind(
        "all that happens upstream, to the real openai client with short time-outs",
        creates=_ALL,
        trouble=0.4,
        hangs=0.3,
        stock=True,
    ),
    "plain": Kind(
        "all that happens upstream, to clients without marks that retry every 5xx", _ALL, 0.5, marks=False
    ),
}

#: The first poll right after a create is a 404; later ones are anything.
LATER_POLLS = (Poll.OTHER, Poll.ERROR, Poll.GATEWAY, Poll.BUSY, Poll.RESET, Poll.SLOW, Poll.LOWER)
#: When the task has ended.
AFTER_POLLS = (Poll.BACK, Poll.BACK, Poll.OTHER, Poll.OTHER, Poll.ERROR, Poll.RESET, Poll.SLOW)
