"""Bytes over HTTP: signed downloads, pictures, and the login page that everything else turns into (API facts §4.9)."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from lab.simulators.bitrix24 import faults
from lab.simulators.bitrix24.disk.contents import picture
from lab.simulators.bitrix24.disk.data import File
from lab.simulators.bitrix24.disk.pictures import PATH
from lab.simulators.bitrix24.portal import Portal

_LOGIN = b"<!DOCTYPE html><html><head><title>Authorization</title></head><body><form>Log in</form></body></html>"
_NOT_FOUND = b"<html><body><center><h1>404 Not Found</h1></center><hr><center>nginx</center></body></html>"
_TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "pdf": "application/pdf", "txt": "text/plain"}
_PIECE = 1024
_WITHOUT_LENGTH = 3  # every file whose id it divides comes in pieces, and does not say how long it is


class Downloads:
    """Routes for one portal. They are no methods of the API: its limits do not count them."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> list[Route]:
        """Where everything is."""
        session = ("/bitrix/{path:path}", "/disk/{path:path}", "/company/{path:path}")
        return [
            Route("/rest/download.json", self.download),
            Route(PATH + "{path:path}", self.picture),
            *(Route(path, self.login) for path in session),
        ]

    async def download(self, request: Request) -> Response:
        """The bytes for a token. One that is too old, or wrong, gets the login page with HTTP 200."""
        if self._portal.faults.down:
            return faults.outage()
        self._portal.count("download")
        if not request.headers.get("user-agent") or not request.headers.get("accept"):
            return Response(_NOT_FOUND, 404, media_type="text/html")  # the web server takes it for a robot
        disk = self._portal.world.disk
        file = disk.files.get(disk.signer.file(request.query_params.get("token", "")) or 0)
        return _login() if file is None else _bytes(file)

    async def picture(self, request: Request) -> Response:
        """A picture by its path: no secret, always the same."""
        if self._portal.faults.down:
            return faults.outage()
        self._portal.count("picture")
        path = request.path_params["path"]
        return Response(picture(path), media_type=_type(path))

    async def login(self, _request: Request) -> Response:
        """What needs a browser's session."""
        return _login()


def _login() -> Response:
    return Response(_LOGIN, media_type="text/html; charset=UTF-8")


def _bytes(file: File) -> Response:
    headers = {"content-disposition": f"attachment; filename*=utf-8''{quote(file.name, safe='')}"}
    if file.id % _WITHOUT_LENGTH == 0:
        return StreamingResponse(_pieces(file.content), media_type=_type(file.name), headers=headers)
    return Response(file.content, media_type=_type(file.name), headers=headers)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(body), _PIECE):
        yield body[begin : begin + _PIECE]


def _type(name: str) -> str:
    return _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
