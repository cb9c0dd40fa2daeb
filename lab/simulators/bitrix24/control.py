"""The control plane under ``/__sim/``: what a test may ask and switch. Faults and limits do not touch it."""

from typing import Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lab.simulators.bitrix24.mode import MOST_DEEDS, Mode, Work
from lab.simulators.bitrix24.portal import Portal


class Control:
    """Routes for one portal."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> list[Route]:
        """Where everything is."""
        return [
            Route("/__sim/stats", self.stats),
            Route("/__sim/truth/{entity}", self.truth),
            Route("/__sim/journal", self.journal),
            Route("/__sim/mode", self.mode, methods=["GET", "POST"]),
            Route("/__sim/work", self.work, methods=["POST"]),
        ]

    async def stats(self, _request: Request) -> Response:
        """What was counted since the start."""
        return _json(self._portal.stats())

    async def truth(self, request: Request) -> Response:
        """Every record of an entity, as it is now."""
        entity = request.path_params["entity"]
        try:
            rows = self._portal.world.truth(entity)
        except KeyError:
            return _json({"error": f"this portal has no entity named {entity}"}, 404)
        return Response(self._portal.encode(rows), media_type="application/json")

    async def journal(self, _request: Request) -> Response:
        """``[{"entity", "id", "what": "added"|"changed"|"deleted", "at": Unix time}]``, oldest first."""
        return _json(self._portal.mutation.journal)

    async def work(self, request: Request) -> Response:
        """``{"deeds": n}``: colleagues do so many things at once; what they changed, as in the journal."""
        try:
            deeds = Work.model_validate_json(await request.body()).deeds
        except ValidationError:
            return _json({"error": f"deeds: a whole number, 1 to {MOST_DEEDS}"}, 400)
        return _json(self._portal.mutation.work(deeds))

    async def mode(self, request: Request) -> Response:
        """Switch what the body names, all of it or nothing, and show how everything is switched now."""
        try:
            mode = Mode.of(self._portal).changed(orjson.loads(await request.body() or b"{}"))
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        mode.apply(self._portal)
        return _json(mode.shown())


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
