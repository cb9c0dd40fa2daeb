"""Entities, their write methods and the keys of their records."""

import pytest

from connectors.import_gateway.methods import WRITE_METHODS, basis, idempotency_key

CONTRACT = {
    "department": ("import.departments.batch", "17", "source:department:17"),
    "user": ("import.users.batch", "17", "source:user:17"),
    "group": ("import.groups.batch", "17", "source:group:17"),
    "chat": ("import.chats.batch", "17", "source:chat:17"),
    "chat_message": ("import.chat.messages", "17", "source:chat:message:17"),
    "feed_post": ("import.feed.posts", "17", "source:feed:post:17"),
    "feed_comment": ("import.feed.comments", "17", "source:feed:comment:17"),
    "task": ("import.tasks.batch", "17", "source:task:17"),
    "task_comment": ("import.task.comments", "f17", "source:task:comment:f17"),
    "company": ("import.crm.companies", "17", "source:crm:company:17"),
    "contact": ("import.crm.contacts", "17", "source:crm:contact:17"),
    "deal": ("import.crm.deals", "17", "source:crm:deal:17"),
    "smart_process_item": ("import.crm.spitems", "128:17", "source:crm:sp:128:17"),
    "workflow_template": ("import.workflows.tpls", "17", "source:workflow:tpl:17"),
}


def test_every_entity_of_the_contract_can_be_written() -> None:
    assert WRITE_METHODS.keys() == CONTRACT.keys()


@pytest.mark.parametrize("entity", CONTRACT)
def test_methods_and_keys_are_those_of_the_contract(entity: str) -> None:
    method, source_id, key_basis = CONTRACT[entity]
    assert WRITE_METHODS[entity].method == method
    assert basis(entity, source_id) == key_basis
    assert idempotency_key(entity, source_id, "ab12") == f"{key_basis}:ab12"
