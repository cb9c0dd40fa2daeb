"""The canonical records of the 14 entities (contract §5): every field comes back, every reference is checked."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.gateway.gateway_process import METHODS, NOW, Json, RunningGateway, item, running, user


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway with the contract's defaults."""
    with running(tmp_path_factory.mktemp("records")) as process:
        yield process


@pytest.fixture(scope="module")
def ids(gateway: RunningGateway) -> dict[str, str]:
    """A target id of every entity that others refer to, and of a file."""
    known = {"department": gateway.create("department", "d", name="D"), "user": gateway.create("user", "u", **user(1))}
    known["group"] = gateway.create("group", "g", name="G", owner_id=known["user"])
    known["chat"] = gateway.create("chat", "c")
    known["chat_message"] = gateway.create("chat_message", "m", chat_id=known["chat"], sent_at=NOW)
    known["feed_post"] = gateway.create("feed_post", "p", author_id=known["user"], published_at=NOW)
    known["task"] = gateway.create("task", "t", title="T", responsible_id=known["user"])
    known["company"] = gateway.create("company", "co", title="C")
    known["contact"] = gateway.create("contact", "ct", name="N")
    known["deal"] = gateway.create("deal", "de", title="D", stage_id="NEW")
    known["smart_process_item"] = gateway.create("smart_process_item", "128:1", entity_type_id="128", title="I")
    known["media"] = _upload(gateway)
    return known


def _upload(gateway: RunningGateway) -> str:
    digest = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"  # of "aaa"
    headers = {"X-Media-Key": "k", "X-Checksum-Sha256": digest, "X-Run-Id": "r1", "Content-Type": "text/plain"}
    answer = gateway.post("import.media.put", content=b"aaa", headers=headers)
    return str(answer.json()["media_id"])


def _full(ids: dict[str, str]) -> dict[str, Json]:
    """A record of every entity with every field of the contract."""
    people, moment, media = [ids["user"]], "2026-01-01T10:00:00.123456Z", [ids["media"]]
    reached = {name: [{"value": "x", "type": "WORK"}, {"value": "y"}] for name in ("phones", "emails", "sites")}
    kept = {
        "assigned_by_id": ids["user"],
        "created_by_id": ids["user"],
        "created_at": moment,
        "updated_at": None,
        "custom": {"UF_CRM_1": ["a", {"b": 1}], "UF_CRM_2": None},
    }
    comment = {"author_id": None, "created_at": moment, "body_html": "<p>Привет 🙂</p>", "media_ids": media}
    return {
        "department": {"name": "D", "parent_id": ids["department"], "head_user_id": ids["user"], "sort": 10},
        "user": {
            **user(900, name="A", last_name="B", second_name="C", position="P", user_type="placeholder"),
            "department_ids": [ids["department"]],
            "work_phone": "1",
            "mobile_phone": "2",
            "birthday": "1980-02-29",
            "registered_at": moment,
            "photo_media_id": ids["media"],
            "custom": {},
        },
        "group": {
            "name": "G",
            "description_html": "<b>x</b>",
            "owner_id": ids["user"],
            "is_project": True,
            "visible": False,
            "opened": True,
            "closed": False,
            "created_at": moment,
            "updated_at": moment,
            "image_media_id": ids["media"],
            "members": [{"user_id": ids["user"], "role": role} for role in ("owner", "moderator", "member")],
        },
        "chat": {
            "type": "crm",
            "title": "C",
            "owner_id": ids["user"],
            "member_ids": people,
            "created_at": moment,
            "bound_to": {"entity": "deal", "id": ids["deal"]},
        },
        "chat_message": {
            "chat_id": ids["chat"],
            "author_id": ids["user"],
            "sent_at": moment,
            "body_html": "x",
            "reply_to_id": ids["chat_message"],
            "media_ids": media,
        },
        "feed_post": {
            "author_id": ids["user"],
            "title": "T",
            "body_html": "x",
            "published_at": moment,
            "tags": ["a", "б"],
            "media_ids": media,
            "comments_enabled": True,
            "audience": {
                "everyone": False,
                "user_ids": people,
                "group_ids": [ids["group"]],
                "department_ids": [ids["department"]],
            },
        },
        "feed_comment": {"post_id": ids["feed_post"], **comment},
        "task": {
            "title": "T",
            "description_html": "x",
            "status": "awaiting_review",
            "priority": "high",
            "creator_id": ids["user"],
            "responsible_id": ids["user"],
            "accomplice_ids": people,
            "auditor_ids": people,
            "group_id": ids["group"],
            "parent_id": ids["task"],
            **dict.fromkeys(("deadline", "start_plan", "end_plan", "created_at", "changed_at", "closed_at"), moment),
            "tags": [],
            "checklists": [{"title": "L", "items": [{"title": "I", "done": True}]}],
            "crm_links": [{"entity": entity, "id": ids[entity]} for entity in ("company", "contact", "deal")],
            "media_ids": media,
            "custom": {"UF_AUTO_1": "x"},
        },
        "task_comment": {"task_id": ids["task"], **comment},
        "company": {"title": "C", "company_type": "CLIENT", "industry": "IT", "comments_html": "x", **reached, **kept},
        "contact": {
            "name": "A",
            "last_name": "B",
            "second_name": "C",
            "position": "P",
            "type_code": "CLIENT",
            "company_id": ids["company"],
            "birthday": "1980-01-01",
            "comments_html": "x",
            **reached,
            **kept,
        },
        "deal": {
            "title": "D",
            "category_id": "0",
            "stage_id": "NEW",
            "type_code": "SALE",
            "amount": "-1234567890.12",
            "currency": "RUB",
            "probability": 50,
            "company_id": ids["company"],
            "contact_ids": [ids["contact"]],
            "begin_date": "2026-01-01",
            "close_date": None,
            "closed": False,
            "source_code": "WEB",
            "comments_html": "x",
            **kept,
        },
        "smart_process_item": {
            "entity_type_id": "128",
            "title": "I",
            "category_id": "1",
            "stage_id": "DT128_1:NEW",
            "amount": "5",
            "currency": "EUR",
            "company_id": ids["company"],
            "contact_ids": [ids["contact"]],
            "parents": [
                {"entity_type_id": "2", "id": ids["deal"]},
                {"entity_type_id": "128", "id": ids["smart_process_item"]},
            ],
            **kept,
        },
        "workflow_template": {
            "name": "W",
            "module_id": "crm",
            "entity": "CCrmDocumentDeal",
            "document_type": ["crm", "CCrmDocumentDeal", "DEAL"],
            "auto_execute": 1,
            "template": [{"Type": "SequentialWorkflowActivity", "Properties": {"Title": ""}, "Children": []}],
            "parameters": [],
            "variables": {"V": {"Type": "string"}},
            "constants": None,
            "modified_at": moment,
            "author_id": ids["user"],
        },
    }


@pytest.mark.parametrize("entity", METHODS)
def test_a_record_with_every_field_comes_back_as_it_was_sent(
    gateway: RunningGateway, ids: dict[str, str], entity: str
) -> None:
    sent = item(entity, "full", _full(ids)[entity])
    (imported,) = gateway.write(entity, sent)["imported"]
    assert imported == {"source_id": "full", "target_id": imported["target_id"], "action": "created"}
    assert gateway.read(entity, "full")["full"] == {
        "source_id": "full",
        "target_id": imported["target_id"],
        "checksum": sent["checksum"],
        "data": sent["data"],
    }


REFERENCES: list[tuple[str, str, Any]] = [
    ("department", "parent_id", "777"),
    ("department", "head_user_id", "777"),
    ("user", "department_ids", ["777"]),
    ("user", "photo_media_id", "777"),
    ("group", "owner_id", "777"),
    ("group", "image_media_id", "m777"),
    ("group", "members", [{"user_id": "777", "role": "member"}]),
    ("chat", "owner_id", "777"),
    ("chat", "member_ids", ["777"]),
    ("chat", "bound_to", {"entity": "task", "id": "777"}),
    ("chat_message", "chat_id", "777"),
    ("chat_message", "author_id", "777"),
    ("chat_message", "reply_to_id", "777"),
    ("chat_message", "media_ids", ["777"]),
    ("feed_post", "author_id", "777"),
    ("feed_post", "media_ids", ["777"]),
    ("feed_post", "audience", {"user_ids": ["777"]}),
    ("feed_post", "audience", {"group_ids": ["777"]}),
    ("feed_post", "audience", {"department_ids": ["777"]}),
    ("feed_comment", "post_id", "777"),
    ("feed_comment", "author_id", "777"),
    ("feed_comment", "media_ids", ["777"]),
    ("task", "creator_id", "777"),
    ("task", "responsible_id", "777"),
    ("task", "accomplice_ids", ["777"]),
    ("task", "auditor_ids", ["777"]),
    ("task", "group_id", "777"),
    ("task", "parent_id", "777"),
    ("task", "crm_links", [{"entity": "deal", "id": "777"}]),
    ("task", "media_ids", ["777"]),
    ("task_comment", "task_id", "777"),
    ("task_comment", "author_id", "777"),
    ("task_comment", "media_ids", ["777"]),
    ("company", "assigned_by_id", "777"),
    ("company", "created_by_id", "777"),
    ("contact", "company_id", "777"),
    ("contact", "assigned_by_id", "777"),
    ("deal", "company_id", "777"),
    ("deal", "contact_ids", ["777"]),
    ("smart_process_item", "company_id", "777"),
    ("smart_process_item", "contact_ids", ["777"]),
    ("smart_process_item", "parents", [{"entity_type_id": "2", "id": "777"}]),
    ("workflow_template", "author_id", "777"),
]


@pytest.mark.parametrize(("entity", "field", "value"), REFERENCES)
def test_a_reference_to_nothing_fails(
    gateway: RunningGateway, ids: dict[str, str], entity: str, field: str, value: Any
) -> None:
    assert gateway.failure(entity, "ref", **{**_full(ids)[entity], field: value}) == ("REFERENCE", field)


@pytest.mark.parametrize("form", ["0{}", "+{}", " {}", "{}.0", "-{}", "9" * 30, "9" * 5000, "x", "٩٠٠٠٠١", "1" * 19])
def test_another_spelling_of_a_target_id_is_a_reference_to_nothing(
    gateway: RunningGateway, ids: dict[str, str], form: str
) -> None:
    assert gateway.failure("group", "ref", name="G", owner_id=form.format(ids["user"])) == ("REFERENCE", "owner_id")


def test_a_target_id_of_another_entity_is_a_reference_to_nothing(gateway: RunningGateway, ids: dict[str, str]) -> None:
    assert gateway.failure("group", "ref", name="G", owner_id=ids["department"]) == ("REFERENCE", "owner_id")
