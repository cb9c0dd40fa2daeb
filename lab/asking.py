"""Questions to a simulated portal, many in one request."""

import time
from typing import Any
from urllib.parse import urlencode

import httpx

Json = dict[str, Any]
_TRIES = 120
_PAUSE_SECONDS = 0.5


def ask_in_batch(http: httpx.Client, webhook: str, method: str, each: list[Json]) -> list[Json | None]:
    """The results of one method for each of up to 50 arguments; None for those that are refused (API facts §3.4).

    The portal's limits hold for this as well: a refused request is made again. Raises RuntimeError if that never ends.
    """
    commands = {f"c{place}": f"{method}?{urlencode(one)}" for place, one in enumerate(each)}
    for _ in range(_TRIES):
        answer = http.post(f"{webhook}/batch", json={"halt": 0, "cmd": commands})
        if answer.is_success and "error" not in (body := answer.json()):
            results = dict(body["result"]["result"] or {})
            return [results.get(name) for name in commands]
        time.sleep(_PAUSE_SECONDS)
    raise RuntimeError(f"{method} in a batch is refused again and again")
