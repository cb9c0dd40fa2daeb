"""What each method does, whatever way the call came."""

from collections.abc import Callable
from typing import Any

from gateway.deletion import Deleter
from gateway.entities import BY_METHOD, Entity
from gateway.errors import CallError
from gateway.media import Media
from gateway.reading import Reader
from gateway.rollback import Rollback
from gateway.settings import Limit, Settings, SettingsError
from gateway.store import Store
from gateway.validation import Checker
from gateway.writes import Writer

CONTRACT = "1.1"
CAPABILITIES = "import.capabilities"
_VERSION = "0.1.0"

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Calls:
    """The methods of one gateway, their limits, and what it tells of itself."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Raises SettingsError."""
        self._settings = settings
        self._store = store
        self._writer = Writer(store, Checker(settings.strict, settings.max_text))
        self.media = Media(store, settings.media, settings.max_media_bytes)
        self.media.prepare()
        reader = Reader(store)
        self._handlers: dict[str, Handler] = {
            CAPABILITIES: self._capabilities,
            "import.count": reader.count,
            "import.read": reader.read,
            "import.list": reader.list,
            "import.schema.check": reader.schema_check,
            "import.delete": Deleter(store).delete,
            "import.rollback": Rollback(store).page,
            "import.media.list": self.media.list,
        }
        self.methods = frozenset({*self._handlers, *BY_METHOD, "import.media.put", "import.media.get"})
        for method in sorted((settings.methods or frozenset()) - self.methods):
            raise SettingsError(f"GATEWAY_METHODS: there is no method {method}")
        for method in sorted(settings.limits.keys() - BY_METHOD.keys()):
            raise SettingsError(f"GATEWAY_LIMITS: {method} is no write method")

    def limit(self, method: str) -> Limit | None:
        """What this gateway allows for a write method; the others have no limit, because no client is told one."""
        entity = BY_METHOD.get(method)
        if entity is None:
            return None
        given = self._settings.limits.get(method, Limit(entity.max_items, entity.per_minute))
        return Limit(given.max_items, max(1, round(given.per_minute * self._settings.rate_factor)))

    def answer(self, method: str, body: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
        """The answer to a call whose body is JSON. Adds to ``facts`` what only the log shall say. Raises CallError."""
        entity = BY_METHOD.get(method)
        return self._handlers[method](body) if entity is None else self._write(entity, body, facts)

    def _write(self, entity: Entity, body: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
        items, limit = body.get("items"), self.limit(entity.method)
        if limit is not None and isinstance(items, list) and len(items) > limit.max_items:
            raise CallError("BATCH_TOO_LARGE", f"a call may have {limit.max_items} items")
        answer = self._writer.apply(entity, body)
        facts["ignored_fields"] = answer.ignored
        return answer.body()

    def _capabilities(self, _body: dict[str, Any]) -> dict[str, Any]:
        enabled = self._settings.methods
        return {
            "contract": CONTRACT,
            "store_id": self._store.store_id,
            "product_version": _VERSION,
            "max_bytes": self._settings.max_bytes,
            "max_media_bytes": self._settings.max_media_bytes,
            "max_text": self._settings.max_text,
            "methods": {
                method: {"max_items": limit.max_items, "per_minute": limit.per_minute}
                for method in BY_METHOD
                if (enabled is None or method in enabled) and (limit := self.limit(method))
            },
        }
