"""An indexed function: its callable, its bindings as the host sees them, and what the worker checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

RETURN = "$return"


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding. `converter` is the SDK's converter class; `properties` are the camelCase raw members."""

    name: str
    kind: str
    is_output: bool
    converter: Any
    properties: Mapping[str, Any]
    python_type: type | None = None


@dataclass(frozen=True, slots=True)
class IndexedFunction:
    """A function that passed validation.

    `inputs` are bound parameters (the trigger first), `outputs` bound `func.Out` parameters, `returned` the binding
    behind the return value (explicit `$return` or a trigger's implicit one), or `None`.
    """

    name: str
    call: Callable[..., Any]
    is_async: bool
    trigger: Binding
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    returned: Binding | None
    wants_context: bool
    directory: str

    @property
    def durable_name(self) -> str:
        """The name orchestrators and clients use: the decorator's, else the function's."""
        key = {"activityTrigger": "activity", "orchestrationTrigger": "orchestration"}.get(self.trigger.kind, "")
        return str(self.trigger.properties.get(key) or self.name)
