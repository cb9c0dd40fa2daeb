"""The portal itself: its records, who may read them, what that costs, and what was counted."""

import asyncio
import hmac
from collections import Counter
from typing import Any

import orjson

from lab.simulators.bitrix24.calls import Called, Caller
from lab.simulators.bitrix24.clock import Clock
from lab.simulators.bitrix24.errors import PortalError, overloaded, too_many_requests, wrong_authorization
from lab.simulators.bitrix24.limits import LeakyBucket, Operating, Spent
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.mutation import Mutation
from lab.simulators.bitrix24.options import Options
from lab.simulators.bitrix24.parameters import Tree
from lab.simulators.bitrix24.world import World


class Portal:
    """One portal. ``clock``, ``faults``, ``mutation`` and what is below them may be switched while it runs."""

    def __init__(self, options: Options) -> None:
        self.clock = Clock()
        self.world = World.create(options.size, self.clock)
        self.world.people.settled = frozenset(one.user for one in options.webhooks)
        self.world.disk.signer.ttl = options.url_ttl
        self.mutation = Mutation(self.world, options.mutate, options.size.seed)
        self.faults = options.faults
        self.timeout = options.timeout or None
        self.throttle_status = options.throttle_status
        self.overloaded = False
        self.revoked: frozenset[str] = frozenset()
        self._box = options.box
        self._webhooks = options.webhooks
        self._pictures = options.pictures
        self._rate, self._burst = options.rate, options.burst
        self._page_seconds, self._booked_seconds = options.page_ms / 1000, options.operating_ms / 1000
        self._buckets: dict[str, LeakyBucket] = {}
        self._operating = Operating(options.operating_limit, options.operating_window)
        self._calls: Counter[str] = Counter()
        self._requests = self._refused = self._blocked = self._writes = 0

    def settle(self, address: str) -> None:
        """Say where the portal can be reached: answers with addresses in them need it."""
        self.world.disk.address = address
        self.world.pictures.root = address if self._pictures else None

    def encode(self, document: Any) -> bytes:
        """An answer in JSON."""
        return self.world.pictures.served(orjson.dumps(document))

    def admit(self, address: str) -> None:
        """Count a request. Raises PortalError for one too many from that address, and for each one when overloaded."""
        self._requests += 1
        bucket = self._buckets.setdefault(address, LeakyBucket(self._rate, self._burst))
        if not bucket.admit():
            self._refused += 1
            raise too_many_requests(self.throttle_status)
        if self.overloaded:
            raise overloaded()

    def caller(self, user: str | None, secret: str) -> Caller:
        """Who knows this secret; with a user, only if it is his. Raises PortalError."""
        for caller in self._webhooks:
            same = hmac.compare_digest(caller.secret.encode(), secret.encode())
            if same and secret not in self.revoked and user in (None, str(caller.user)):
                return caller
        raise wrong_authorization()

    async def call(self, caller: Caller, name: str, parameters: Tree) -> Called:
        """Run a method, and take the time that it takes. Raises PortalError."""
        begun = self.clock()
        method = find(name)
        self._calls[name] += 1
        if method.scope and method.scope not in caller.scopes:
            message = "The request requires higher privileges than provided by the webhook token"
            raise PortalError("insufficient_scope", message, 403)
        try:
            self._operating.check(caller.secret, name)
        except PortalError:
            self._blocked += 1
            raise
        self._writes += not method.reads
        reply = method.handle(self.world, caller, parameters)
        self._operating.add(caller.secret, name, reply.pages * self._booked_seconds)
        await asyncio.sleep(reply.pages * self._page_seconds)
        return Called(reply, self.spent(caller, name), begun, self.clock())

    def spent(self, caller: Caller, name: str) -> Spent | None:
        """What a method took of a webhook's allowance; None on a self-hosted portal, which keeps no account."""
        return None if self._box else self._operating.spent(caller.secret, name)

    def count(self, what: str) -> None:
        """Count something that is no method."""
        self._calls[what] += 1

    def stats(self) -> dict[str, Any]:
        """What was counted since the start."""
        return {
            "requests": self._requests,
            "refused": self._refused,
            "blocked": self._blocked,
            "writes": self._writes,
            "highest_level": max((bucket.highest for bucket in self._buckets.values()), default=0.0),
            "calls": dict(self._calls),
            "faults": dict(self.faults.counted),
        }
