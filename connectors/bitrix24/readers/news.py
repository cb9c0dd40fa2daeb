"""Whether chats have messages since some moment: the last one of each is asked for, 50 chats to a call."""

from collections.abc import Mapping

from connectors.bitrix24.readers.histories import METHOD
from connectors.bitrix24.readers.windows import instant
from connectors.bitrix24.transport import Command
from shared.model.json import Json, as_list, as_map


def latest(dialog: str) -> Command:
    """Asks for the newest message of a dialog; there may come more when some are unread."""
    return METHOD, {"DIALOG_ID": dialog, "LIMIT": 1}


def news_of(results: Mapping[str, Json], since: int) -> list[str]:
    """Keys of those of the answers that show a message of then or later (Unix seconds), or one without a date."""
    return [key for key, result in results.items() if _has_news(result, since)]


def _has_news(result: Json, since: int) -> bool:
    dates = [instant(as_map(one).get("date")) for one in as_list(as_map(result).get("messages"))]
    return any(date is None or date >= since for date in dates)
