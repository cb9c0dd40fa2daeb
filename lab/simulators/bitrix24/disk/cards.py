"""A file as chats and the feed show it. The addresses in it want a browser's session."""

import struct

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.disk.data import PICTURES, Disk, File
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.circles import Circles


def card(disk: Disk, file: File, circles: Circles) -> Row:
    """Sizes in bytes and pixels; ``image`` is false for what is no picture."""
    kind = file.extension in PICTURES
    return {
        "id": file.id,
        "date": stamps.written(file.created),
        "type": "image" if kind else "file",
        "name": file.name,
        "size": len(file.content),
        "image": _dimensions(file) if kind else False,
        "authorId": file.author,
        "authorName": circles.name(file.author),
        "urlPreview": f"{disk.address}/disk/showPreview/{file.id}" if kind else "",
        "urlShow": f"{disk.address}/disk/showFile/{file.id}",
        "urlDownload": f"{disk.address}/disk/downloadFile/{file.id}",
    }


def _dimensions(file: File) -> Row:
    if file.extension == "png":
        width, height = struct.unpack_from(">II", file.content, 16)
    elif file.extension == "gif":
        width, height = struct.unpack_from("<HH", file.content, 6)
    else:
        height, width = struct.unpack_from(">HH", file.content, file.content.index(b"\xff\xc0") + 5)
    return {"width": width, "height": height}
