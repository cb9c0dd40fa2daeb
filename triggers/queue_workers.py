"""The workers: a message wakes one up, the ledger says what to do. Poisoned messages end here too."""

import logging

import azure.functions as func

from composition.app import current
from shared.model.ledger import Stage
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE, ExtractMessage, ImportMessage

_LOG = logging.getLogger("portage.workers")
_CONNECTION = "AzureWebJobsStorage"

blueprint = func.Blueprint()


@blueprint.function_name("queue_extract")
@blueprint.queue_trigger("message", queue_name=EXTRACT_QUEUE, connection=_CONNECTION)
async def extract(message: func.QueueMessage) -> None:
    """Read pages of one range."""
    wake_up = ExtractMessage.load(message.get_body().decode())
    app = await current()
    async with app.tracing.work("extract", wake_up.run_id, entity=wake_up.entity):
        await app.outlasting.work(EXTRACT_QUEUE, wake_up.dump(), lambda: app.extractor.work(wake_up))


@blueprint.function_name("queue_import")
@blueprint.queue_trigger("message", queue_name=IMPORT_QUEUE, connection=_CONNECTION)
async def import_slice(message: func.QueueMessage) -> None:
    """Import one slice."""
    wake_up = ImportMessage.load(message.get_body().decode())
    app = await current()
    worker = app.workers.get(Stage(wake_up.stage), app.importer)
    async with app.tracing.work(wake_up.stage, wake_up.run_id, entity=wake_up.entity):
        await app.outlasting.work(IMPORT_QUEUE, wake_up.dump(), lambda: worker.work(wake_up))


@blueprint.function_name("queue_extract_poison")
@blueprint.queue_trigger("message", queue_name=f"{EXTRACT_QUEUE}-poison", connection=_CONNECTION)
async def extract_poison(message: func.QueueMessage) -> None:
    """A range whose worker crashed again and again: one more try, alone, or its page is given up."""
    wake_up = ExtractMessage.load(message.get_body().decode())
    app = await current()
    async with app.tracing.work("poison", wake_up.run_id, entity=wake_up.entity):
        _LOG.error("poisoned: %s %s range %s", wake_up.run_id, wake_up.entity, wake_up.range_no)
        queue, work = f"{EXTRACT_QUEUE}-poison", lambda: app.poison.page(wake_up)
        await app.outlasting.work(queue, wake_up.dump(), work, alone=True)


@blueprint.function_name("queue_import_poison")
@blueprint.queue_trigger("message", queue_name=f"{IMPORT_QUEUE}-poison", connection=_CONNECTION)
async def import_poison(message: func.QueueMessage) -> None:
    """A slice whose worker crashed again and again: one more try, alone, or its records are given up."""
    wake_up = ImportMessage.load(message.get_body().decode())
    app = await current()
    async with app.tracing.work("poison", wake_up.run_id, entity=wake_up.entity):
        _LOG.error("poisoned: %s %s slice %s", wake_up.run_id, wake_up.entity, wake_up.key.row)
        queue, work = f"{IMPORT_QUEUE}-poison", lambda: app.poison.slice(wake_up)
        await app.outlasting.work(queue, wake_up.dump(), work, alone=True)
