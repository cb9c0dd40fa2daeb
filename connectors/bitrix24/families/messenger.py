"""Chats and their messages."""

from connectors.bitrix24.families.chat_messages import ChatMessageReader
from connectors.bitrix24.families.chats import ChatReader
from connectors.bitrix24.families.dialogs import SCOPE, DialogReader
from connectors.bitrix24.readers.reader import Need, Readers

READERS: Readers = {
    "dialog": lambda portal: DialogReader(portal.webhooks),
    "chat": lambda portal: ChatReader(portal.webhooks),
    "chat_message": lambda portal: ChatMessageReader(portal.webhooks),
}

NEEDS = (
    Need("im.recent.list", (SCOPE,), {"LIMIT": 1}),
    Need("im.chat.get", (SCOPE,), {"ENTITY_TYPE": "SONET_GROUP", "ENTITY_ID": "0"}),
    Need("im.dialog.get", (SCOPE,)),
    Need("im.chat.user.list", (SCOPE,)),
    Need("im.dialog.messages.get", (SCOPE,)),
)
