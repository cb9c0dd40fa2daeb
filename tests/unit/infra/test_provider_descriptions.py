"""How the models of a management library become the description that bodies are checked against."""

from pathlib import Path

import pytest

from lab.bicep.providers.describing import Describing, require
from lab.bicep.providers.models import Models
from lab.bicep.shapes import Fields, Literal, Shape

MODELS = '''
class Safe(Model):
    """A safe.

    :ivar color: Known values are: "red" and "blue".
    :vartype color: str or
     ~some.models.Color
    :vartype doors: list[str or ~some.models.Color]
    """
    _validation = {
        "id": {"readonly": True},
        "color": {"required": True},
        "days": {"maximum": 90, "minimum": 7},
    }
    _attribute_map = {
        "id": {"key": "id", "type": "str"},
        "color": {"key": "properties.color", "type": "str"},
        "days": {"key": "properties.days", "type": "int"},
        "doors": {"key": "properties.doors", "type": "[str]"},
        "lock": {"key": "properties.lock", "type": "Lock"},
    }

class Lock(Model):
    _attribute_map = {
        "code": {"key": "code", "type": "str"},
        "extra": {"key": "", "type": "{object}"},
    }
'''

ENUMS = """
class Color(str, Enum):
    RED = "red"
    BLUE = "blue"
"""


@pytest.fixture
def describing(tmp_path: Path) -> Describing:
    (tmp_path / "_models_py3.py").write_text(MODELS, encoding="utf-8")
    (tmp_path / "_some_client_enums.py").write_text(ENUMS, encoding="utf-8")
    return Describing(Models(tmp_path))


def fields(**given: Shape) -> Fields:
    return Fields(("main.bicep", 1), {name: (one,) for name, one in given.items()}, whole=True)


def test_a_flat_model_is_nested_as_it_is_sent(describing: Describing) -> None:
    assert describing.written("Safe", []) == {
        "type": "object",
        "properties": {
            "id": {"type": "string", "readOnly": True},
            "properties": {
                "type": "object",
                "required": True,
                "properties": {
                    "color": {"type": "string", "enum": ["red", "blue"], "required": True},
                    "days": {"type": "int", "minimum": 7, "maximum": 90},
                    "doors": {"type": "array", "items": {"type": "string", "enum": ["red", "blue"]}},
                    "lock": "object",
                },
            },
        },
    }


def test_an_object_that_is_written_out_is_described_too(describing: Describing) -> None:
    code = Literal(("main.bicep", 3), "1234")
    opened = describing.written("Safe", [fields(properties=fields(lock=fields(code=code)))])
    assert opened["properties"]["properties"]["properties"]["lock"] == {
        "type": "object",
        "open": True,
        "properties": {"code": "string"},
    }


def test_what_the_library_forgets_can_be_marked_as_required(describing: Describing) -> None:
    spec = describing.written("Safe", [])
    require(spec, "properties.lock")
    assert spec["properties"]["properties"]["properties"]["lock"] == {"type": "object", "required": True}


@pytest.mark.parametrize(
    ("path", "answered"),
    [("properties.color", True), ("properties.lock.code", True), ("properties.lock.key", False), ("color", False)],
)
def test_an_answer_is_followed_through_models(describing: Describing, path: str, answered: bool) -> None:
    assert describing.read("Safe", path.split(".")) is answered
