"""The canonical schemas as JSON Schema (2020-12), for whoever builds another gateway."""

import json
from collections.abc import Iterator

from pydantic.json_schema import GenerateJsonSchema

from shared.schema.registry import MODELS


class _Generator(GenerateJsonSchema):
    """Without titles that only repeat the names of fields."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def documents() -> Iterator[tuple[str, str]]:
    """(entity, JSON text) for every entity of the contract, and for files."""
    for entity, model in MODELS.items():
        schema = model.model_json_schema(schema_generator=_Generator)
        named = {"$schema": GenerateJsonSchema.schema_dialect, **schema, "title": entity}
        yield entity, json.dumps(named, ensure_ascii=False, indent=2) + "\n"
