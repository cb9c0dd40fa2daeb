"""The collector of telemetry, for as long as the process lives."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from composition.counters import Counters
from shared.ports.tracing import Collect, ignore
from shared.settings.model import Settings, SettingsError
from shared.telemetry.logs import EventHandler
from shared.telemetry.outbox import Outbox
from shared.telemetry.selecting import Adapter, select

LOGGER = "portage"
"""Only our own lines are delivered: what libraries may say of a record is theirs."""


@asynccontextmanager
async def collecting(settings: Settings, counters: Counters) -> AsyncIterator[Collect]:
    """Deliver spans, metrics and log lines until the end, and what is left then. Raises SettingsError."""
    adapter = adapter_of(settings)
    if adapter is Adapter.NONE:
        yield ignore
        return
    try:
        telemetry = select(adapter, settings.insights_connection)
    except ValueError as error:
        raise SettingsError({"APPLICATIONINSIGHTS_CONNECTION_STRING": str(error)}) from None
    outbox = Outbox(telemetry, counters.readings, settings.telemetry_share)
    handler, logger = EventHandler(outbox.event), logging.getLogger(LOGGER)
    logger.addHandler(handler)
    delivering = asyncio.create_task(outbox.deliver_every(settings.telemetry_seconds))
    try:
        yield outbox.span
    finally:
        logger.removeHandler(handler)
        delivering.cancel()
        with suppress(asyncio.CancelledError):
            await delivering


def adapter_of(settings: Settings) -> Adapter:
    """The adapter that is set; with a connection string the requested one, without it none."""
    if settings.telemetry is not None:
        return Adapter(settings.telemetry)
    return Adapter.OPENCENSUS if settings.insights_connection else Adapter.NONE
