"""What of a portal may be switched while it runs."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lab.simulators.bitrix24.faults import read_kinds
from lab.simulators.bitrix24.portal import Portal

MOST_DEEDS = 10_000


class Work(BaseModel):
    """``/__sim/work``: how many things colleagues do at once."""

    model_config = ConfigDict(extra="forbid")

    deeds: int = Field(ge=1, le=MOST_DEEDS)


class Mode(BaseModel):
    """``/__sim/mode``: shares are 0 to 1, ``mutate`` is changes per second, ``revoked`` lists webhook secrets.

    ``ahead`` is in seconds, negative when the portal's clock is behind this machine's.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    down: bool
    overload: bool
    throttle_status: Literal[503, 429, 200]
    revoked: list[str] = Field(repr=False)
    faults: float = Field(ge=0, le=1)
    kinds: list[str]
    slow_ms: float = Field(ge=0)
    mutate: float = Field(ge=0)
    ahead: float = Field(allow_inf_nan=False)

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: list[str]) -> list[str]:
        return list(read_kinds(kinds))

    @staticmethod
    def of(portal: Portal) -> "Mode":
        """How everything is switched now."""
        return Mode.model_validate(
            {
                "down": portal.faults.down,
                "overload": portal.overloaded,
                "throttle_status": portal.throttle_status,
                "revoked": list(portal.revoked),
                "faults": portal.faults.share,
                "kinds": list(portal.faults.kinds),
                "slow_ms": portal.faults.slow_ms,
                "mutate": portal.mutation.rate,
                "ahead": portal.clock.ahead,
            }
        )

    def changed(self, given: object) -> "Mode":
        """This with what is given instead. Raises ValueError that says what is wrong, without the values."""
        try:
            return Mode.model_validate(self.model_dump() | given if isinstance(given, dict) else given)
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
            raise ValueError("; ".join(wrong)) from None

    def apply(self, portal: Portal) -> None:
        """Switch everything."""
        portal.faults.down, portal.overloaded = self.down, self.overload
        portal.throttle_status, portal.revoked = self.throttle_status, frozenset(self.revoked)
        portal.faults.share, portal.faults.kinds = self.faults, tuple(self.kinds)
        portal.faults.slow_ms, portal.mutation.rate = self.slow_ms, self.mutate
        portal.clock.ahead = self.ahead

    def shown(self) -> dict[str, Any]:
        """For an answer: secrets are counted, not named."""
        return self.model_dump() | {"revoked": len(self.revoked)}
