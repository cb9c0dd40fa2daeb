"""The portal's clock as its answers show it (API facts §1.3, §9.6)."""

from datetime import datetime, timedelta, timezone
from typing import Any

from lab.simulators.bitrix24.limits import Spent

ZONE = timezone(timedelta(hours=3))


def iso(moment: float) -> str:
    """Unix time → ``2026-01-27T10:03:39+03:00``."""
    return datetime.fromtimestamp(moment, ZONE).isoformat(timespec="seconds")


def timing(begun: float, finished: float, spent: Spent | None, *, whole: bool) -> dict[str, Any]:
    """The ``time`` of an answer to a call, in Unix time; ``whole``: in the form that has whole seconds.

    Without ``spent`` it says nothing of ``operating``.
    """
    start, finish = (int(begun), int(finished)) if whole else (begun, finished)
    counted = {"operating_reset_at": spent.operating_reset_at, "operating": spent.operating or 0} if spent else {}
    return {
        "start": start,
        "finish": finish,
        "duration": finish - start,
        "processing": 0 if whole else finished - begun,
        "date_start": iso(begun),
        "date_finish": iso(finished),
        **counted,
    }
