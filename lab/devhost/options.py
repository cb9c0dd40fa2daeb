"""What the caller may choose about a host process; everything else comes from `host.json` and the app settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.devhost.errors import StartError


@dataclass(frozen=True, slots=True)
class HostOptions:
    """Options of one host process. Durations are seconds.

    `function_key` is never shown in `repr`; `None` means that keys are not enforced.
    `completions_per_episode` caps how many messages one episode merges (Azure merges up to 32; 1 is the worst case
    for replay). `replay_twice` replays every episode a second time and fails the instance when the actions differ.
    `duplicate_activities` is the share of activities (0 to 1) that run twice, as at-least-once delivery allows.
    """

    host: str = "127.0.0.1"
    port: int = 0
    function_key: str | None = field(default=None, repr=False)
    queue_lease_seconds: float = 30.0
    owner_lease_seconds: float = 15.0
    grace_seconds: float = 10.0
    completions_per_episode: int = 32
    replay_twice: bool = False
    duplicate_activities: float = 0.0

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> HostOptions:
        """Read the options that are set by environment variables; raises `StartError` for a malformed number."""
        env = os.environ if environment is None else environment
        return cls(
            host=host,
            port=port,
            function_key=env.get("PORTAGE_FUNCTION_KEY") or None,
            queue_lease_seconds=_number(env, "PORTAGE_QUEUE_LEASE_SECONDS", 30),
            owner_lease_seconds=_number(env, "PORTAGE_DEVHOST_LEASE_SECONDS", 15),
            grace_seconds=_number(env, "PORTAGE_DEVHOST_GRACE_SECONDS", 10),
            completions_per_episode=int(_number(env, "PORTAGE_DEVHOST_COMPLETIONS_PER_EPISODE", 32)),
            duplicate_activities=_number(env, "PORTAGE_DEVHOST_DUPLICATE_ACTIVITIES", 0),
            replay_twice=env.get("PORTAGE_DEVHOST_REPLAY_TWICE", "") in {"1", "true"},
        )


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "").strip()
    try:
        number = float(text or default)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise StartError(f"the app setting {name!r} must be a number, 0 or more")
    return number
