"""What a process writes about its creates into the groups that it shares with others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from runway_videos.errors import ApiError
from runway_videos.idempotency import refusals, shared_group
from runway_videos.idempotency.group_keys import is_keyed
from runway_videos.idempotency.in_flight_create import CreateIdentity, Kept, WaiterState
from runway_videos.idempotency.outcomes import OutcomeCodec
from runway_videos.idempotency.refused_attempts import is_sent_again
from runway_videos.idempotency.shared_attempt import Attempt
from runway_videos.idempotency.shared_group import (
    Group,
    Match,
    Phase,
    Refused,
    SharedCreate,
    SharedWaiter,
    Unknown,
)


class GroupEntries[T]:
    """Changes to a group, for one process (`owner`). None does I/O; each may be made several times over.

    `refusal` says why this process begins no create now. `attempts` are those of its clients, by number.
    """

    def __init__(
        self,
        owner: str,
        codec: OutcomeCodec[T],
        may_have_made: Callable[[T | Exception], bool],
        kept: Kept,
        now: Callable[[], float],
    ) -> None:
        self._owner = owner
        self._codec = codec
        self._may_have_made = may_have_made
        self._kept = kept
        self._now = now
        self.attempts: dict[int, Attempt[T]] = {}  # those that are not both answered and ended

    def unsettled(self) -> bool:
        """Whether a create of this process is being claimed or made."""
        return any(not each.has_ended and not each.is_retry for each in self.attempts.values())

    def enter(
        self, group: Group, attempt: Attempt[T], identity: CreateIdentity, refusal: ApiError | None
    ) -> ApiError | None:
        """The attempt joins the create that it asks for, or claims a new one. Gives its refusal, if any."""
        attempt.create, attempt.is_retry = "", False
        self._note_gone(group)
        found = self._find(group, identity)
        match found:
            case ApiError():
                return found
            case Unknown(create=create):
                error = self._codec.decode(create.outcome or b"")
                assert isinstance(error, Exception)
                return refusals.repeated_unknown(error)
            case Refused(note=note):
                group.refused.remove(note)
            case Match(create=create):
                shared_group.join(found, self._waiter(attempt))
                attempt.create, attempt.is_retry = create.number, True
                return None
        if attempt.is_gone:
            # Its retry may have come first, to another process: made as well, this one would be paid twice.
            self._note_unmade(group, attempt)
            return refusals.client_left()
        if refusal is not None:
            if not identity.idempotency_key:
                group.refused.append((self._now() + self._kept.refused, attempt.count))
            return refusal
        attempt.create = f"{self._owner}.{attempt.number}"
        group.creates.append(self._new_create(attempt, identity))
        return None

    def drop(self, group: Group, attempt: Attempt[T]) -> None:
        """The attempt's claim, or its wait, may have been written, and nothing came of it.

        It may still come: bytes on the way arrive minutes later. Then the group is another one.
        """
        self._note_gone(group)
        number = f"{self._owner}.{attempt.number}"
        create = group.find(number)
        if create is not None and create.phase is Phase.CLAIMED:
            group.creates.remove(create)
        group.dropped.append((self._now() + shared_group.DROPPED_SECONDS, number))
        self._note_unmade(group, attempt)

    def set_sent(self, group: Group, attempt: Attempt[T]) -> bool:
        """The attempt's create is sent in the next moment. False: its claim is gone."""
        create = group.find(attempt.create)
        if create is not None:
            create.phase = Phase.SENT
        return create is not None

    def restore(self, group: Group, attempt: Attempt[T], making: Mapping[Attempt[T], CreateIdentity]) -> None:
        """The store has lost what it held: the attempt's create too, if that is sent and runs."""
        identity = making.get(attempt)
        if identity is not None and attempt.is_sent and group.find(attempt.create) is None:
            create = self._new_create(attempt, identity)
            create.phase = Phase.SENT
            group.creates.append(create)

    def settle(
        self, group: Group, attempt: Attempt[T], identity: CreateIdentity, outcome: T | Exception
    ) -> None:
        """The attempt's create has come to its end."""
        self._note_gone(group)
        now = self._now()
        create = group.find(attempt.create)
        made_nothing = not self._may_have_made(outcome)
        if create is None and made_nothing:
            return  # it is written already, and nobody waits for it
        if create is None:  # the store has lost it
            create = self._new_create(attempt, identity)
            group.creates.append(create)
        encoded = self._codec.encode(outcome)
        if made_nothing:
            shared_group.refuse(group, create, encoded, is_sent_again(outcome), now, self._kept)
        else:
            shared_group.end(create, encoded, is_unknown=isinstance(outcome, Exception), now=now)
            shared_group.deliver(create, self._owner, now)
            if not attempt.is_gone:
                self._readmit(create, attempt)

    def tell(self, group: Group, attempt: Attempt[T]) -> None:
        """The attempt's client has its answer, or has left."""
        for waiter in self._waiters(group):
            if waiter.number == attempt.number:
                waiter.state, waiter.since = attempt.state, self._now()
        create = group.find(attempt.create)
        if create is not None and attempt.state is WaiterState.GOT:
            self._readmit(create, attempt)

    def _readmit(self, create: SharedCreate, attempt: Attempt[T]) -> None:
        """Its client was there for the answer: a retry that took its place was another's."""
        waiter = self._waiter(attempt)
        if all((each.owner, each.number) != (waiter.owner, waiter.number) for each in create.waiters):
            waiter.state, waiter.since = WaiterState.GOT, self._now()
            create.waiters.append(waiter)

    def _find(self, group: Group, identity: CreateIdentity) -> Match | Refused | Unknown | ApiError | None:
        if not identity.idempotency_key:
            return shared_group.find_equal(group, identity.retry_count, self._kept, self._now())
        match = shared_group.find_keyed(group)
        if match is not None and match.create.fingerprint != identity.fingerprint:
            return refusals.key_reuse()
        return match

    def _note_unmade(self, group: Group, attempt: Attempt[T]) -> None:
        """Nothing was made for the attempt: its retry makes a create of its own.

        Not where it would have found one, or where its retry may have come already: in doubt two get one.
        """
        if is_keyed(attempt.key) or shared_group.has_waiter(group, attempt.count + 1):
            return
        found = shared_group.find_equal(group, attempt.count, self._kept, self._now())
        if not isinstance(found, Match):
            group.refused.append((self._now() + self._kept.refused, attempt.count))

    def _new_create(self, attempt: Attempt[T], identity: CreateIdentity) -> SharedCreate:
        waiters = [self._waiter(attempt)]
        return SharedCreate(
            attempt.create, self._owner, identity.fingerprint, identity.about, waiters=waiters
        )

    def _waiter(self, attempt: Attempt[T]) -> SharedWaiter:
        return SharedWaiter(self._owner, attempt.number, attempt.count)

    def _note_gone(self, group: Group) -> None:
        for waiter in self._waiters(group):
            attempt = self.attempts.get(waiter.number)
            if attempt is not None and attempt.is_gone and waiter.state is WaiterState.WAITING:
                waiter.state, waiter.since = WaiterState.LEFT, self._now()

    def _waiters(self, group: Group) -> Iterator[SharedWaiter]:
        for create in group.creates:
            yield from (waiter for waiter in create.waiters if waiter.owner == self._owner)
