"""What all canonical models have in common (import contract §5)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.model.json import Json

_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DECIMAL = r"^-?[0-9]+(\.[0-9]+)?$"

Text = Annotated[str, StringConstraints(min_length=1, max_length=1_000_000)]
"""Text; none is null, never empty. The longest that a target takes is its own (``max_text`` of its capabilities)."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=1_000_000)]
"""Text that is not empty."""
Instant = Annotated[str, StringConstraints(pattern=_INSTANT)]
"""UTC, ISO 8601 with ``Z``."""
Date = Annotated[str, StringConstraints(pattern=_DATE)]
"""``YYYY-MM-DD``, of no time zone."""
Money = Annotated[str, StringConstraints(pattern=_DECIMAL)]
"""A decimal number as text."""
TargetId = Annotated[str, StringConstraints(min_length=1)]
"""Id of a record in the target."""
Custom = dict[str, Json]
"""White-listed custom fields under their target codes."""


class Canonical(BaseModel):
    """A canonical record, or an object inside one. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
