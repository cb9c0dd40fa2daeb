"""A portal of a few records, and the gateway as it must look when all of them have arrived; both written by hand."""

import copy
import hashlib
from typing import Any

Json = dict[str, Any]

PHOTO, DRAWING, PLAN, SCAN = b"a photo", b"a drawing", b"a plan", b"a scan"
_ADDRESS = "https://portal.example.com/1.png"
_WRITTEN = ("created_at", "2024-01-02T09:00:00Z")
_MOMENT = "2024-01-02T12:00:00+03:00"
_KEPT = {
    "assigned_by_id": "t-user-1",
    "created_by_id": "t-user-2",
    "created_at": _WRITTEN[1],
    "updated_at": _WRITTEN[1],
}
_CRM: Json = {"createdTime": _MOMENT, "updatedTime": _MOMENT, "assignedById": 1, "createdBy": 2}
_CRM_CLIENT: Json = {
    "fm": [
        {"id": 1, "valueType": "WORK", "value": "+7 (495) 123-45-67", "typeId": "PHONE"},
        {"id": 2, "valueType": "HOME", "value": "Client@Example.com", "typeId": "EMAIL"},
        {"id": 3, "valueType": "WORK", "value": "https://example.com", "typeId": "WEB"},
    ],
    "comments": "[B]Важно[/B]",
}
_CLIENT: Json = {
    "phones": [{"value": "+74951234567", "type": "WORK"}],
    "emails": [{"value": "client@example.com", "type": "HOME"}],
    "sites": [{"value": "https://example.com", "type": "WORK"}],
    "comments_html": "<b>Важно</b>",
}


def _user(number: str, **more: Any) -> Json:
    return {
        "ID": number,
        "EMAIL": f"User{number}@Example.com",
        "NAME": "Zoë",
        "LAST_NAME": "Ли",
        "SECOND_NAME": "",
        "ACTIVE": True,
        "WORK_POSITION": "QA\nengineer",
        "WORK_PHONE": "8 800 123 45 67",
        "PERSONAL_MOBILE": "",
        "PERSONAL_BIRTHDAY": "1980-05-01T03:00:00+03:00",
        "USER_TYPE": "employee",
        "DATE_REGISTER": "2015-03-15T00:00:00+03:00",
        "UF_DEPARTMENT": [1],
        **more,
    }


def _moved_user(number: str, **more: Any) -> Json:
    return {
        "email": f"user{number}@example.com",
        "name": "Zoë",
        "last_name": "Ли",
        "second_name": None,
        "active": True,
        "position": "QA engineer",
        "work_phone": "88001234567",
        "mobile_phone": None,
        "birthday": "1980-05-01",
        "user_type": "employee",
        "registered_at": "2015-03-14T21:00:00Z",
        "department_ids": ["t-department-1"],
        "photo_media_id": None,
        **more,
    }


def _chat(number: int, kind: str, **more: Any) -> Json:
    entity = {"entity_type": "", "entity_id": ""}
    return {
        "id": number,
        "type": kind,
        "name": "Чат",
        "owner": 1,
        "members": [1, 2],
        "date_create": _MOMENT,
        **entity,
        **more,
    }


def _message(number: int, chat: int, author: int, text: str, **params: Any) -> Json:
    return {"id": number, "chat_id": chat, "author_id": author, "date": _MOMENT, "text": text, "params": params or []}


def _post(number: str, author: str, audience: list[str], text: str, **more: Any) -> Json:
    return {
        "ID": number,
        "AUTHOR_ID": author,
        "TITLE": "Заголовок",
        "MICRO": "N",
        "DETAIL_TEXT": text,
        "DATE_PUBLISH": _MOMENT,
        "ENABLE_COMMENTS": "Y",
        "audience": audience,
        **more,
    }


def _comment(number: str, author: str, text: str) -> Json:
    return {"id": number, "post_id": "1", "author_id": author, "date": _MOMENT, "text": text, "files": []}


def _item(number: str, parent: Any, title: str, **more: Any) -> Json:
    item = {"ID": number, "PARENT_ID": parent, "TITLE": title, "SORT_INDEX": "0", "IS_COMPLETE": "N", "ATTACHMENTS": []}
    return item | more


_SCAN = {"32": {"ATTACHMENT_ID": 32, "FILE_ID": "8"}}

_TRUTH: dict[str, list[Json]] = {
    "department": [
        {"ID": "1", "NAME": "Head office", "SORT": 100, "UF_HEAD": "2"},
        {"ID": "2", "NAME": "Sales", "SORT": 500, "PARENT": "1"},
    ],
    "user": [_user("1", PERSONAL_PHOTO=_ADDRESS), _user("2", EMAIL="", ACTIVE=False)],
    "group": [
        {
            "ID": "1",
            "NAME": "Fun",
            "DESCRIPTION": "План & цели\r\n<2026>",
            "OWNER_ID": "2",
            "VISIBLE": "Y",
            "OPENED": "N",
            "CLOSED": "N",
            "PROJECT": "Y",
            "DATE_CREATE": _MOMENT,
            "DATE_UPDATE": _MOMENT,
            "members": [{"USER_ID": "2", "ROLE": "A"}, {"USER_ID": "1", "ROLE": "K"}],
        }
    ],
    "chat": [
        _chat(5, "chat"),
        _chat(6, "private"),
        _chat(7, "chat", members=[2]),
        _chat(8, "crm", members=[2], entity_type="CRM", entity_id="DEAL|1"),
    ],
    "chat_message": [
        _message(10, 5, 0, "[USER=1 REPLACE]Zoë[/USER] создала чат"),
        _message(11, 5, 99, "Привет :f09f8e89:", REPLY_ID=10),
        _message(12, 6, 2, "наедине"),
    ],
    "feed_post": [
        _post("1", "2", ["UA", "SG1", "U2", "DR1"], "Смотри [DISK FILE ID=n7] и [DISK FILE ID=31]", FILES=[30, 31]),
        _post("2", "2", ["U1", "U2"], "лично"),
        _post("3", "2", ["SG9"], "не для нас"),
    ],
    "feed_comment": [_comment("1", "1", "[B]да"), _comment("2", "2", "нет"), _comment("3", "77", "?")],
    "task": [
        {
            "id": "1",
            "title": "Договор &quot;Ромашка&quot;",
            "description": "[LIST][*]раз[*]два[/LIST] [USER=2]Zoë[/USER] [CHAT=7]чат[/CHAT]",
            "descriptionInBbcode": "Y",
            "status": "5",
            "priority": "2",
            "createdBy": "1",
            "responsibleId": "99",
            "accomplices": ["1", "2"],
            "auditors": [],
            "groupId": "1",
            "parentId": None,
            "createdDate": _MOMENT,
            "changedDate": _MOMENT,
            "closedDate": _MOMENT,
            "deadline": None,
            "startDatePlan": None,
            "endDatePlan": None,
            "tags": {"30": {"id": 30, "title": "срочно"}},
            "ufCrmTask": ["D_1", "L_5", "T80_3"],
            "ufTaskWebdavFiles": [30],
            "checklist": [_item("1", 0, "Чек-лист"), _item("2", "1", "шаг", IS_COMPLETE="Y", ATTACHMENTS=_SCAN)],
        }
    ],
    "task_comment": [
        {"id": "f1", "taskId": "1", "authorId": "2", "date": _MOMENT, "text": "готово", "files": []},
        {"id": "m2", "taskId": "1", "authorId": "1", "date": _MOMENT, "text": "принято", "files": []},
    ],
    "company": [_CRM | _CRM_CLIENT | {"id": 1, "title": "  ООО «Ромашка»", "typeId": "CUSTOMER", "industry": ""}],
    "contact": [
        _CRM
        | _CRM_CLIENT
        | {"id": 1, "name": "Li", "lastName": "Ли", "secondName": "", "post": None, "typeId": "CLIENT"}
        | {"companyId": 1, "birthdate": "1980-05-01T03:00:00+03:00"},
        _CRM
        | _CRM_CLIENT
        | {"id": 2, "name": "Jo", "lastName": "Ли", "secondName": "", "post": None, "typeId": None}
        | {"companyId": 0, "birthdate": None},
    ],
    "deal": [
        _CRM
        | {"id": 1, "title": "Сделка", "categoryId": 1, "stageId": "C1:WON", "typeId": "SALE", "opportunity": 10.5}
        | {"currencyId": "RUB", "probability": None, "companyId": 1, "contactIds": [2, 1, 1000], "closed": "Y"}
        | {"begindate": "2024-01-02T02:00:00+02:00", "closedate": None, "sourceId": "CALL", "comments": None}
        | {"entityTypeId": 2, "UF_CRM_KIND": [11], "UF_CRM_SUM": "100|RUB"}
    ],
    "smart_process_item": [
        _CRM
        | {"id": 3, "entityTypeId": 128, "title": "Договор", "categoryId": 9, "stageId": "DT128_9:NEW"}
        | {"opportunity": None, "currencyId": None, "companyId": None, "contactIds": [], "parentId2": 1}
        | {"parentId1032": None}
    ],
    "workflow_template": [
        {
            "ID": "4",
            "NAME": "Отпуск",
            "MODULE_ID": "crm",
            "ENTITY": "CCrmDocumentDeal",
            "DOCUMENT_TYPE": "DEAL",
            "AUTO_EXECUTE": "1",
            "TEMPLATE": [{"Properties": {"Users": ["user_1", "user_55", "group_g1"], "To": "user_55"}, "Children": []}],
            "PARAMETERS": [],
            "VARIABLES": [],
            "CONSTANTS": [],
            "MODIFIED": _MOMENT,
            "USER_ID": "1",
        }
    ],
    "smart_process_type": [{"id": 3, "entityTypeId": 128}],
    "custom_field": [
        {
            "id": "1",
            "entityId": "CRM_DEAL",
            "fieldName": "UF_CRM_KIND",
            "userTypeId": "enumeration",
            "enum": [{"id": "11", "value": "R&D"}],
        },
        {"id": "2", "entityId": "CRM_DEAL", "fieldName": "UF_CRM_SUM", "userTypeId": "money"},
    ],
    "file": [
        {"id": "6", "name": "план.docx", "sha256": hashlib.sha256(PLAN).hexdigest()},
        {"id": "8", "name": "скан.pdf", "sha256": hashlib.sha256(SCAN).hexdigest()},
        {"id": "7", "name": "чертёж.png", "sha256": hashlib.sha256(DRAWING).hexdigest()},
    ],
    "picture": [{"id": _ADDRESS, "sha256": hashlib.sha256(PHOTO).hexdigest()}],
}
_ATTACHED = {"30": "6", "31": "7"}

_COMMENT = {"author_id": "t-user-1", "created_at": _WRITTEN[1], "media_ids": []}
_RECORDS: dict[str, dict[str, Json]] = {
    "department": {
        "1": {"name": "Head office", "sort": 100, "parent_id": None, "head_user_id": "t-user-2"},
        "2": {"name": "Sales", "sort": 500, "parent_id": "t-department-1", "head_user_id": None},
    },
    "user": {
        "1": _moved_user("1", photo_media_id="m-photo"),
        "2": _moved_user("2", email="u2@portage.invalid", active=False),
        "99": {"email": "u99@portage.invalid", "name": "Gone", "active": False, "user_type": "placeholder"},
    },
    "group": {
        "1": {
            "name": "Fun",
            "description_html": "План &amp; цели<br>&lt;2026&gt;",
            "owner_id": "t-user-2",
            "visible": True,
            "opened": False,
            "closed": False,
            "is_project": True,
            "created_at": _WRITTEN[1],
            "updated_at": _WRITTEN[1],
            "members": [{"user_id": "t-user-2", "role": "owner"}, {"user_id": "t-user-1", "role": "member"}],
        }
    },
    "chat": {
        "5": {"type": "group", "title": "Чат", "member_ids": ["t-user-2", "t-user-1"], "bound_to": None},
        "8": {
            "type": "crm",
            "title": "Чат",
            "member_ids": ["t-user-2"],
            "bound_to": {"entity": "deal", "id": "t-deal-1"},
        },
    },
    "chat_message": {
        "10": {"author_id": None, "body_html": '<span data-entity="user" data-id="t-user-1">Zoë</span> создала чат'},
        "11": {"author_id": "t-user-99", "body_html": "Привет 🎉", "reply_to_id": "t-chat_message-10"},
    },
    "feed_post": {
        "1": {
            "author_id": "t-user-2",
            "title": "Заголовок",
            "body_html": 'Смотри <span data-entity="media" data-id="m-drawing"></span> и '
            '<span data-entity="media" data-id="m-drawing"></span>',
            "published_at": _WRITTEN[1],
            "comments_enabled": True,
            "media_ids": ["m-drawing"],
            "audience": {
                "everyone": True,
                "user_ids": ["t-user-2"],
                "group_ids": ["t-group-1"],
                "department_ids": ["t-department-1"],
            },
        }
    },
    "feed_comment": {
        "1": _COMMENT | {"post_id": "t-feed_post-1", "body_html": "<b>да</b>"},
        "2": _COMMENT | {"post_id": "t-feed_post-1", "body_html": None, "author_id": "t-user-2"},
    },
    "task": {
        "1": {
            "title": 'Договор "Ромашка"',
            "description_html": "<ul><li>раз</li><li>два</li></ul> "
            '<span data-entity="user" data-id="t-user-2">Zoë</span> чат [chat 7]',
            "status": "completed",
            "priority": "high",
            "creator_id": "t-user-1",
            "responsible_id": "t-user-99",
            "accomplice_ids": ["t-user-2", "t-user-1"],
            "auditor_ids": [],
            "group_id": "t-group-1",
            "parent_id": None,
            "created_at": _WRITTEN[1],
            "changed_at": _WRITTEN[1],
            "closed_at": _WRITTEN[1],
            "tags": ["срочно"],
            "checklists": [{"title": "Чек-лист", "items": [{"title": "шаг", "done": True}]}],
            "crm_links": [
                {"entity": "deal", "id": "t-deal-1"},
                {"entity": "smart_process_item", "id": "t-smart_process_item-128:3"},
            ],
            "media_ids": [],
        }
    },
    "task_comment": {
        "f1": _COMMENT | {"task_id": "t-task-1", "author_id": "t-user-2", "body_html": "готово"},
        "m2": _COMMENT | {"task_id": "t-task-1", "body_html": "принято"},
    },
    "company": {"1": _KEPT | _CLIENT | {"title": "ООО «Ромашка»", "company_type": "CUSTOMER"}},
    "contact": {
        "1": _KEPT
        | _CLIENT
        | {"name": "Li", "last_name": "Ли", "type_code": "CLIENT", "company_id": "t-company-1"}
        | {"birthday": "1980-05-01"},
        "2": _KEPT | _CLIENT | {"name": "Jo", "last_name": "Ли"},
    },
    "deal": {
        "1": _KEPT
        | {"title": "Сделка", "category_id": "1", "stage_id": "C1:WON", "type_code": "SALE", "amount": "10.50"}
        | {"currency": "RUB", "company_id": "t-company-1", "contact_ids": ["t-contact-2", "t-contact-1"]}
        | {"begin_date": "2024-01-02", "closed": True, "source_code": "CALL"}
        | {"custom": {"UF_CRM_KIND": ["R&D"], "UF_CRM_SUM": {"amount": "100.00", "currency": "RUB"}}}
    },
    "smart_process_item": {
        "128:3": _KEPT
        | {"entity_type_id": "128", "title": "Договор", "category_id": "9", "stage_id": "DT128_9:NEW"}
        | {"contact_ids": [], "parents": [{"entity_type_id": "2", "id": "t-deal-1"}]}
    },
    "workflow_template": {
        "4": {
            "name": "Отпуск",
            "module_id": "crm",
            "entity": "CCrmDocumentDeal",
            "document_type": "DEAL",
            "auto_execute": 1,
            "template": [{"Properties": {"Users": ["user_t-user-1", "group_g1"], "To": None}, "Children": []}],
            "modified_at": _WRITTEN[1],
            "author_id": "t-user-1",
        }
    },
}
for _one in _RECORDS["chat"].values():
    _one |= {"owner_id": "t-user-1", "created_at": _WRITTEN[1]}
for _one in _RECORDS["chat_message"].values():
    _one |= {"chat_id": "t-chat-5", "sent_at": _WRITTEN[1], "media_ids": []}


class SmallPortal:
    """Both sides of a migration in which everything arrived. Tests change what they are about.

    ``records`` by entity and source id, ``media`` and ``keys`` by media id. ``listed_too`` are lines that the gateway's
    list has besides.
    """

    webhook_users = frozenset({"1"})

    def __init__(self) -> None:
        self.rows = copy.deepcopy(_TRUTH)
        self.records = copy.deepcopy(_RECORDS)
        self.media: dict[str, bytes] = {}
        self.checksums: dict[str, str] = {}
        for media_id, body in {"m-photo": PHOTO, "m-drawing": DRAWING}.items():
            self.keep(media_id, body)
        self.listed_too: dict[str, list[Json]] = {}
        self.archived = frozenset({"dialog"})
        self.denied: frozenset[str] = frozenset()

    def keep(self, media_id: str, body: bytes) -> None:
        """One more media object in the gateway."""
        self.media[media_id], self.checksums[media_id] = body, hashlib.sha256(body).hexdigest()

    def truth(self, entity: str) -> list[Json]:
        """The portal's rows."""
        return self.rows[entity]

    def gateway(self, method: str, body: Json) -> Json:
        """``import.list`` and ``import.read`` in pages of two, ``import.media.list`` in one."""
        if method == "import.media.list":
            lines = [
                {"media_id": one, "key": one, "size": len(body), "checksum": self.checksums[one]}
                for one, body in self.media.items()
            ]
            return {"items": lines, "next": None}
        records = self.records[body["entity"]]
        if method == "import.read":
            found = [one for one in body["source_ids"] if one in records]
            return {"items": [self._line(body["entity"], one) | {"data": records[one]} for one in found]}
        left = sorted(one for one in records if one > body["after"])
        page = [self._line(body["entity"], one) for one in left[:2]]
        if len(left) > len(page):
            return {"items": page, "next": left[1]}
        return {"items": [*page, *self.listed_too.get(body["entity"], [])], "next": None}

    def gateway_media(self, media_id: str) -> bytes:
        """The bytes."""
        return self.media[media_id]

    def ask_portal(self, method: str, each: list[Json]) -> list[Json | None]:
        """``disk.attachedObject.get``."""
        assert method == "disk.attachedObject.get"
        return [None if one["id"] in self.denied else {"OBJECT_ID": _ATTACHED[one["id"]]} for one in each]

    def written(self) -> frozenset[str]:
        """All but what is ``archived``."""
        return frozenset({*_RECORDS, "media_file"}) - self.archived

    @staticmethod
    def _line(entity: str, source_id: str) -> Json:
        return {"source_id": source_id, "target_id": f"t-{entity}-{source_id}", "checksum": ""}
