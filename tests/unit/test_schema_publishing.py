"""The published schemas are those of the models, and those of the gateway."""

import json
from pathlib import Path

import pytest

from gateway.records import FIELDS
from plans.loading import load_plan
from shared.schema.publishing import documents
from shared.schema.registry import SCHEMAS

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


def test_the_published_schemas_are_the_ones_that_the_models_make() -> None:
    kept = {path.stem: path.read_text("utf-8") for path in PUBLISHED.glob("*.json")}
    assert kept == dict(documents()), "run: python -m shared.schema"


def test_every_entity_of_the_contract_has_a_schema_and_so_have_files() -> None:
    assert SCHEMAS.keys() == FIELDS.keys()
    assert dict(documents()).keys() == FIELDS.keys() | {"media_file"}


@pytest.mark.parametrize("entity", sorted(SCHEMAS))
def test_a_schema_has_the_fields_that_the_gateway_takes_and_requires_no_fewer(entity: str) -> None:
    schema = json.loads(dict(documents())[entity])
    assert schema["properties"].keys() == FIELDS[entity].keys()
    assert set(schema.get("required", ())) >= {name for name, field in FIELDS[entity].items() if field.required}


@pytest.mark.parametrize("entity", sorted(load_plan("bitrix24_onprem").mappings.keys() & SCHEMAS.keys()))
def test_the_mapping_fills_every_field_of_the_schema_but_custom_ones(entity: str) -> None:
    mapped = {rule.name for rule in load_plan("bitrix24_onprem").mappings[entity].rules}
    assert mapped | {"custom"} == SCHEMAS[entity].model_fields.keys() | {"custom"}
