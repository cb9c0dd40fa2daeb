"""Which entity is read by which methods: what a method that is missing means for the copy."""

from collections.abc import Mapping

from connectors.bitrix24.readers.reader import Need

NEEDED: Mapping[str, tuple[str, ...]] = {
    "department": ("department.get",),
    "user": ("user.get",),
    "group": ("sonet_group.get", "sonet_group.user.get"),
    "dialog": ("im.recent.list",),
    "chat": ("im.recent.list", "im.dialog.get", "im.chat.user.list"),
    "chat_message": ("im.recent.list", "im.dialog.get", "im.chat.user.list", "im.dialog.messages.get"),
    "feed_audience": ("log.blogpost.get",),
    "feed_post": ("log.blogpost.get",),
    "feed_comment": ("log.blogcomment.user.get", "log.blogpost.get", "user.get"),
    "task": ("tasks.task.list", "tasks.task.get", "task.checklistitem.getlist"),
    "task_comment": ("tasks.task.list", "tasks.task.get", "task.checklistitem.getlist"),
    "company": ("crm.item.list",),
    "contact": ("crm.item.list",),
    "deal": ("crm.item.list",),
    "smart_process_type": ("crm.type.list",),
    "smart_process_item": ("crm.type.list", "crm.item.list"),
    "crm_category": ("crm.category.list",),
    "crm_status": ("crm.status.list",),
    "custom_field": (),
    "workflow_template": ("bizproc.workflow.template.list",),
    "media_file": (),
}
"""By entity: what it cannot be read without, that of the entities which it follows among it."""

HELPFUL: Mapping[str, tuple[str, ...]] = {
    "dialog": ("im.chat.get",),
    "task": ("tasks.task.getFields",),
    "task_comment": ("task.commentitem.getlist", "im.dialog.messages.get"),
    "custom_field": (
        "crm.deal.userfield.list",
        "crm.contact.userfield.list",
        "crm.company.userfield.list",
        "user.userfield.list",
        "task.item.userfield.getlist",
        "userfieldconfig.list",
        "userfieldconfig.get",
    ),
    "media_file": ("disk.attachedObject.get", "disk.file.get"),
    **dict.fromkeys(("company", "contact", "deal", "smart_process_item"), ("crm.item.get",)),
}
"""By entity: without one of these, some of it is missing."""

_LOSSES: Mapping[str, str] = {
    "im.chat.get": "chats of work groups and CRM records, save those that somebody used lately",
    "im.dialog.messages.get": "the comments of tasks whose comments are in a chat",
    "tasks.task.getFields": "the custom fields of tasks",
    "task.commentitem.getlist": "the comments of the old task card (those in the chats of tasks come)",
    "crm.deal.userfield.list": "the definitions of custom fields of deals",
    "crm.contact.userfield.list": "the definitions of custom fields of contacts",
    "crm.company.userfield.list": "the definitions of custom fields of companies",
    "user.userfield.list": "the definitions of custom fields of people",
    "task.item.userfield.getlist": "the definitions of custom fields of tasks",
    "userfieldconfig.list": "the definitions of custom fields of smart processes",
    "userfieldconfig.get": "the choices of list fields",
    "disk.attachedObject.get": "pictures of posts and comments, and files of tasks",
    "disk.file.get": "files that chats and comments show",
    "crm.item.get": "the proof that a CRM record was deleted (it stays at the target then)",
}
"""By method: what of those is missing."""


def needing(*needs: Need) -> tuple[str, ...]:
    """Entities that cannot be read without these."""
    return _using(NEEDED, needs)


def helped_by(*needs: Need) -> tuple[str, ...]:
    """Entities that lose some records or fields without these."""
    return _using(HELPFUL, needs)


def losses(*needs: Need) -> tuple[str, ...]:
    """What is missing of the entities that these help, in words."""
    return tuple(_LOSSES[need.method] for need in needs if need.method in _LOSSES)


def _using(uses: Mapping[str, tuple[str, ...]], needs: tuple[Need, ...]) -> tuple[str, ...]:
    methods = {need.method for need in needs}
    return tuple(entity for entity, used in uses.items() if methods.intersection(used))
