"""Files by their own id and by what they are attached to (API facts §4.9)."""

from typing import Any
from urllib.parse import quote

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.asked import integer
from lab.simulators.bitrix24.calls import Caller, Method, Reply, written
from lab.simulators.bitrix24.disk.data import File
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.world import World


def attached_object(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``disk.attachedObject.get``: leads to the file; its own address wants a browser's session."""
    link = world.disk.attachments.get(_id(parameters))
    if link is None:
        raise _not_found(_id(parameters))
    file = _readable(world, caller, link.file)
    query = f"attachedId={link.id}&auth[auth]=d78a4a69&action=download&ncc=1"
    shown = {
        "ID": str(link.id),
        "OBJECT_ID": str(file.id),
        "MODULE_ID": link.module,
        "ENTITY_TYPE": link.entity_type,
        "ENTITY_ID": str(link.entity_id),
        "CREATE_TIME": stamps.written(file.created),
        "CREATED_BY": str(file.author),
        "DOWNLOAD_URL": f"{world.disk.address}/bitrix/tools/disk/uf.php?{query}",
        "NAME": file.name,
        "SIZE": str(len(file.content)),
    }
    return Reply(shown, pages=1)


def file_object(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``disk.file.get``: with an address that is good for a while."""
    file = _readable(world, caller, _id(parameters))
    token = quote(world.disk.signer.token("disk", file.id), safe="")
    shown = {
        "ID": str(file.id),
        "NAME": file.name,
        "CODE": None,
        "STORAGE_ID": "1357",
        "TYPE": "file",
        "PARENT_ID": "8996",
        "DELETED_TYPE": "0",
        "GLOBAL_CONTENT_VERSION": "1",
        "FILE_ID": str(file.id + 30_000),
        "SIZE": str(len(file.content)),
        "CREATE_TIME": stamps.written(file.created),
        "UPDATE_TIME": stamps.written(file.created),
        "DELETE_TIME": None,
        "CREATED_BY": str(file.author),
        "UPDATED_BY": str(file.author),
        "DELETED_BY": "0",
        "DOWNLOAD_URL": f"{world.disk.address}/rest/download.json?auth=9049936900&token={token}",
        "DETAIL_URL": f"{world.disk.address}/company/personal/user/{file.author}/disk/file/{quote(file.name)}",
    }
    return Reply(shown, pages=1)


def chat_file(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``im.v2.File.download``: of a chat that the caller may read."""
    chat = world.chats.dialog(caller.user, str(pick(parameters, "dialogId") or ""))
    if chat is None or not world.chats.readable(chat, caller.user, admin=caller.admin):
        raise PortalError("ACCESS_DENIED", "Access denied", 403)
    number = integer(parameters, "fileId")
    if world.chats.files.get(number) != chat.id:
        raise PortalError("FILE_NOT_FOUND", "File not found")
    token = quote(world.disk.signer.token("im", number), safe="")
    return Reply({"downloadUrl": f"{world.disk.address}/rest/download.json?token={token}"}, pages=1)


def _id(parameters: Tree) -> int:
    given: Any = pick(parameters, "id")
    if given is None:
        raise PortalError("ERROR_ARGUMENT", "Invalid value of parameter {Parameter #0}")
    return integer(parameters, "id")


def _readable(world: World, caller: Caller, number: int) -> File:
    file = world.disk.files.get(number)
    if file is None:
        raise _not_found(number)
    if not file.readable_by(caller.user, admin=caller.admin):
        raise PortalError("ACCESS_DENIED", "Access denied", 403)
    return file


def _not_found(number: int) -> PortalError:
    return PortalError("ERROR_NOT_FOUND", f"Could not find entity with id `{number}`")


_WRITES = "disk.file.delete disk.file.rename disk.file.markdeleted disk.folder.uploadfile disk.folder.addsubfolder"

METHODS: dict[str, Method] = {
    **{name: Method("disk", written, reads=False) for name in _WRITES.split()},
    "disk.attachedobject.get": Method("disk", attached_object),
    "disk.file.get": Method("disk", file_object),
    "im.v2.file.download": Method("im", chat_file),
}
