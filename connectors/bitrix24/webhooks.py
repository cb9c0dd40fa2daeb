"""The webhooks of one portal: whose they are, what they may read, and which of them reads what.

Each webhook sees what its user sees (API facts §1.2). Records that everybody sees alike are read by the first one that
has the scope, an administrator's if there is one; chats and posts are read by all of them and merged.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.signed_addresses import register_portal
from connectors.bitrix24.transport import Transport
from shared.model.errors import EntityStopped, PortageError
from shared.model.json import as_list, as_map

_YES = (True, "Y", "1", "true")
"""How portals write a yes (API facts §9.1); 1 equals True."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One way into the portal. ``admin`` and ``scopes`` are None when the portal does not tell."""

    user: str
    name: str
    admin: bool | None
    scopes: frozenset[str] | None
    transport: Transport

    def may(self, *scopes: str) -> bool:
        """Whether one of ``scopes`` was ticked, as far as is known."""
        return self.scopes is None or not self.scopes.isdisjoint(scopes)


@dataclass(slots=True)
class Webhooks:
    """All ways into one portal; who they are is asked once."""

    transports: Sequence[Transport]
    _known: tuple[Webhook, ...] = ()
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """What is archived from now on tells no secrets of the portal's addresses."""
        for transport in self.transports:
            register_portal(transport.access.portal)

    async def known(self) -> tuple[Webhook, ...]:
        """All of them, administrators first."""
        async with self._asking:
            if not self._known:
                asked = await asyncio.gather(*(_introduce(transport) for transport in self.transports))
                self._known = tuple(sorted(asked, key=lambda webhook: not webhook.admin))
        return self._known

    async def with_scope(self, *scopes: str) -> tuple[Webhook, ...]:
        """One for each user that may read one of ``scopes``, administrators first.

        Raises EntityStopped when there is none.
        """
        chosen: dict[str, Webhook] = {}
        for webhook in await self.known():
            if webhook.may(*scopes):
                chosen.setdefault(webhook.user, webhook)
        if not chosen:
            raise EntityStopped("source.denied", f"no webhook has the scope {scopes[0]!r}")
        return tuple(chosen.values())

    async def first(self, *scopes: str) -> Webhook:
        """The one that reads what everybody sees alike."""
        return (await self.with_scope(*scopes))[0]

    async def of_user(self, user: str, *scopes: str) -> Webhook | None:
        """The webhook of one user that may read one of ``scopes``, if there is one."""
        return next((one for one in await self.known() if one.user == user and one.may(*scopes)), None)


async def _introduce(transport: Transport) -> Webhook:
    answer = await transport.batch({"profile": ("profile", {}), "scope": ("scope", {})})
    profile = as_map(answer.results.get("profile"))
    scopes = frozenset(map(str, as_list(answer.results.get("scope"))))
    for error in answer.errors.values():
        _raise_unless_final(error)
    user = str(profile.get("ID") or transport.access.user or "")
    name = f"{profile.get('NAME') or ''} {profile.get('LAST_NAME') or ''}".strip()
    admin = profile["ADMIN"] in _YES if "ADMIN" in profile else None
    return Webhook(user, name, admin, scopes or None, transport)


def _raise_unless_final(error: PortageError) -> None:
    """A portal that does not know these methods is read all the same."""
    if not isinstance(error, EntityStopped):
        raise error
