"""Lists of which there is one for each record of another entity."""

from dataclasses import replace

from connectors.bitrix24.families.people import GROUPS
from connectors.bitrix24.readers.parts import Parts, PartsReader
from shared.model.json import JsonObject
from tests.unit.bitrix24_stand_in import NothingYet, introduced


def _without_members(body: JsonObject) -> JsonObject:
    """Two groups, whose members are refused."""
    answers = {key: command.startswith("sonet_group.get") for key, command in body["cmd"].items()}
    denied = {"error": "ACCESS_DENIED", "error_description": "Access denied"}
    results = {key: [{"ID": "1"}, {"ID": "2"}] for key, listed in answers.items() if listed}
    errors = {key: denied for key, listed in answers.items() if not listed}
    return {"result": {"result": results, "result_error": errors}}


async def test_a_page_of_a_part_tells_what_could_not_be_seen() -> None:
    parts = Parts("kind", "KIND", lambda number: replace(GROUPS, fixed={"KIND": number}))
    reader = PartsReader(parts, introduced(_without_members))
    page = await reader.read({"part": 7, "after": 0, "upto": None, "pages": 1}, NothingYet())
    assert [record.id for record in page.records] == ["7:1", "7:2"]
    assert page.coverage["members_unread"] == 2
