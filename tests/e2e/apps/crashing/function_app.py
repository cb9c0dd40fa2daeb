"""Portage with a worker that dies on the page with one user, for as long as a file is there; pages of users are small.

``CRASH_WHILE`` names the file, which holds the id of the user.
"""

import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[4]
sys.path.insert(0, str(ROOT))

from connectors.bitrix24.families import people  # noqa: E402  # the checkout has to be found first
from connectors.bitrix24.portal import Bitrix24Source  # noqa: E402
from shared.model.json import JsonObject  # noqa: E402
from shared.model.records import SourcePage  # noqa: E402
from shared.ports.systems import Extracted  # noqa: E402

_DIED = 70
_read = Bitrix24Source.read


async def _read_or_die(self: Bitrix24Source, entity: str, cursor: JsonObject, extracted: Extracted) -> SourcePage:
    page = await _read(self, entity, cursor, extracted)
    told = Path(os.environ["CRASH_WHILE"])
    if entity == "user" and told.exists() and told.read_text() in {record.id for record in page.records}:
        os._exit(_DIED)
    return page


people.USERS = replace(people.USERS, most_pages=2)
Bitrix24Source.read = _read_or_die  # type: ignore[method-assign]

_spec = importlib.util.spec_from_file_location("the_app", ROOT / "function_app.py")
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
app = _module.app
