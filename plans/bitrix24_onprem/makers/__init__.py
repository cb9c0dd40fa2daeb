"""Makers of this plan: what only Bitrix24 records need."""

from collections.abc import Mapping

from plans.bitrix24_onprem.makers import chats, crm, custom, feed, media, tasks, workflows
from plans.bitrix24_onprem.makers.codes import read_codes
from plans.bitrix24_onprem.makers.custom_fields import read_custom_fields
from plans.bitrix24_onprem.makers.needs import needs_of as needs_of
from shared.transform.making import Maker
from shared.transform.tables import TableReader

MAKERS: Mapping[str, Maker] = {
    **chats.MAKERS,
    **crm.MAKERS,
    **custom.MAKERS,
    **feed.MAKERS,
    **media.MAKERS,
    **tasks.MAKERS,
    **workflows.MAKERS,
}

TABLES: Mapping[str, TableReader] = {"codes": read_codes, "custom_fields": read_custom_fields}
