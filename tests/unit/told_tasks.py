"""Tasks and their comments as portals tell them, recorded and simulated, and what the plan makes of them."""

import json
import tomllib
from pathlib import Path
from typing import Any

import orjson

from connectors.bitrix24.families.task_comments import TaskCommentReader
from connectors.bitrix24.families.tasks import custom_fields, listing_of, tasks_of
from connectors.bitrix24.raw import archived
from connectors.bitrix24.webhooks import Webhooks
from lab.simulators.bitrix24.calls import Caller
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World
from plans.bitrix24_onprem.makers import MAKERS, TABLES
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.transform.making import Surroundings
from shared.transform.mapping import Draft, Mapping
from shared.transform.mapping_documents import read_mapping

ROOT = Path(__file__).parents[2]
NOBODY = Webhooks([])
CRM = frozenset({"deal", "contact", "company", "smart_process_item"})
AROUND = Surroundings(
    frozenset({"portal.example"}),
    CRM | {"task", "user", "group", "media_file"},
    coming=frozenset({"media_file"}),
    task_files=True,
)
TASK: JsonObject = {"title": "Счёт", "status": "2", "responsibleId": "5", "details": {}, "checklist": []}
COMMENT: JsonObject = {"task_id": "8", "author_id": "5", "date": "2025-06-04T16:15:55+02:00", "text": "x", "files": []}


WHITE_LIST = """
[[field]]
entity = "task"
source = "details.ufAuto841972304304"
target = "UF_REQUEST_NO"
type = "string"
"""


def mapping_of(entity: str) -> Mapping:
    path = ROOT / "plans" / "bitrix24_onprem" / "mappings" / f"{entity}.toml"
    tables = {"custom_fields": TABLES["custom_fields"](tomllib.loads(WHITE_LIST))}
    return read_mapping(entity, tomllib.loads(path.read_text("utf-8")), MAKERS, tables)


MAPPINGS = {entity: mapping_of(entity) for entity in ("task", "task_comment")}


def draft(entity: str, source_id: str, data: JsonObject, around: Surroundings = AROUND) -> Draft:
    return MAPPINGS[entity].apply(SourceRecord(source_id, data), around)


def task(around: Surroundings = AROUND, **changed: Json) -> JsonObject:
    return draft("task", "8", {**TASK, **changed}, around).data


def comment(**changed: Json) -> JsonObject:
    return draft("task_comment", "f9", {**COMMENT, **changed}).data


def named(entity: str, source_id: str) -> str:
    """A target that has everything."""
    return f"{entity}/{source_id}"


def batch(results: JsonObject) -> bytes:
    return archived("1", orjson.dumps({"result": {"result": results, "result_error": []}}))


def recorded() -> dict[str, list[SourceRecord]]:
    """The documentation's own examples."""
    document = json.loads((ROOT / "tests" / "fixtures" / "bitrix24" / "doc-examples.json").read_text("utf-8"))

    def result(method: str) -> Any:
        bodies = (one["body"] for one in document[method] if not one["page"].endswith("rest-v3.md"))
        return next(body["result"] for body in bodies if "error" not in body)

    listed, details = result("tasks.task.list"), result("tasks.task.get")
    checklist = result("task.checklistitem.getlist")
    comments, chat = result("task.commentitem.getlist"), result("im.dialog.messages.get")
    return {
        "task": [*tasks_of(NOBODY).rows([batch({"p00": listed}), batch({"d0_8017": details, "d1_8017": checklist})])],
        "task_comment": [*TaskCommentReader(NOBODY).rows([batch({"f8": comments}), batch({"m8_00": chat})])],
    }


def simulated() -> dict[str, list[SourceRecord]]:
    """The simulated portal's, read with the very parameters of the reader."""
    world = World.create(Size(users=30, departments=4, groups=5, tasks=50, deals=20, companies=9, contacts=9))

    def ask(method: str, parameters: JsonObject) -> Any:
        return find(method.lower()).handle(world, Caller(1, "secret", frozenset()), parameters).result

    custom = custom_fields(ask("tasks.task.getFields", {}))
    reader, listing = tasks_of(NOBODY), listing_of(custom)
    listed = ask(listing.method, {**listing.fixed, **listing.ascending})
    ids = [row["id"] for row in listed["tasks"]]
    told = {
        f"d{place}_{number}": ask(one.method, one.parameters(number))
        for place, one in enumerate(listing.details)
        for number in ids
    }
    tasks = [*reader.rows([batch({"p00": listed}), batch(told)])]
    forum = {f"f{number}": ask("task.commentitem.getlist", {"TASKID": number}) for number in ids}
    chats = {
        record.id: f"chat{record.data['details']['chatId']}" for record in tasks if record.data["details"]["chatId"]
    }
    messages = {f"m{number}_00": ask("im.dialog.messages.get", {"DIALOG_ID": chat}) for number, chat in chats.items()}
    return {"task": tasks, "task_comment": [*TaskCommentReader(NOBODY).rows([batch(forum), batch(messages)])]}
