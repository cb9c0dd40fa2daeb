"""Warnings for what works here but is slow or refused in Azure."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)

_HISTORY_ROWS = 1000
_QUEUE_CHARACTERS = 45_000
_ROW_BYTES = 60_000


def warn_about_rows(instance_id: str, before: int, after: int) -> None:
    """Warn once when a history grows beyond 1,000 rows: every episode replays them all."""
    if before <= _HISTORY_ROWS < after:
        log.warning("instance %s has %d history rows, and every episode replays them all", instance_id, after)


def warn_about_input(name: str, text: str | None) -> None:
    """Warn when an argument does not fit a queue message of Azure's backend and goes to a blob there."""
    if text is not None and len(text) > _QUEUE_CHARACTERS:
        log.warning("the input of %s has %d characters: pass a reference instead of data", name, len(text))


def warn_about_result(name: str, text: str | None) -> None:
    """Warn when a result does not fit a history row of Azure's backend and goes to a blob there."""
    if text is not None and len(text.encode("utf-16-le")) > _ROW_BYTES:
        log.warning("the result of %s has %d characters: return a reference instead of data", name, len(text))
