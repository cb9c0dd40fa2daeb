"""The gateway's description of itself (contract §1)."""

from connectors.import_gateway.methods import COUNT, LIST, MEDIA, MEDIA_GET, MEDIA_LIST, READ, WRITE_METHODS
from connectors.import_gateway.receipts import unexpected
from shared.model.errors import RunStopped
from shared.model.json import Json, JsonObject
from shared.model.records import Capabilities, MethodLimit

_MAJOR = "1"

_UNNAMED = dict.fromkeys((MEDIA.method, READ, LIST, COUNT, MEDIA_LIST, MEDIA_GET), 6000)
"""Calls per minute of what the contract names no rate for: a gateway that has one refuses and says when."""


def read_capabilities(answer: Json) -> Capabilities:
    """``limits`` holds the entities whose write method is enabled, and files, which any gateway takes one by one.

    Raises RetryLater for an answer that is no description, RunStopped for a contract this client does not speak.
    """
    if not isinstance(answer, dict):
        raise unexpected("the capabilities are not an object")
    contract = _text(answer, "contract")
    if contract.partition(".")[0] != _MAJOR:
        raise RunStopped("target.refused", f"The gateway speaks contract {contract}, this client {_MAJOR}.x")
    methods = answer.get("methods")
    if not isinstance(methods, dict):
        raise unexpected("the capabilities name no methods")
    return Capabilities(
        contract=contract,
        store_id=_text(answer, "store_id"),
        product_version=_text(answer, "product_version"),
        max_bytes=_positive(answer, "max_bytes"),
        limits={
            entity: MethodLimit(
                _positive(methods[one.method], "max_items"), _positive(methods[one.method], "per_minute")
            )
            for entity, one in WRITE_METHODS.items()
            if one.method in methods
        }
        | {MEDIA.entity: MethodLimit(1, rates(answer)[MEDIA.method])},
        max_media_bytes=_positive(answer, "max_media_bytes"),
        code_expires_at=_instant(answer.get("code_expires_at")),
    )


def rates(answer: JsonObject) -> dict[str, int]:
    """Calls per minute of every method that the gateway names a rate for, and of files and reading back."""
    named = {name: limit.get("per_minute") for name, limit in answer["methods"].items() if isinstance(limit, dict)}
    told = {name: rate for name, rate in named.items() if isinstance(rate, int) and rate > 0}
    return _UNNAMED | told


def _instant(value: Json) -> float | None:
    """Contract 1.1 does not ask for it: a gateway that tells it warns in time, another one does no harm."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(answer: JsonObject, name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise unexpected(f"the capabilities lack {name!r}")
    return value


def _positive(answer: Json, name: str) -> int:
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise unexpected(f"the capabilities lack {name!r}")
    return value
