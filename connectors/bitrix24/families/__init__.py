"""The entities of a portal, by the part of it they belong to; one reader each."""

from connectors.bitrix24.families import (
    crm,
    crm_settings,
    custom_fields,
    feed_audience,
    feed_comments,
    feed_posts,
    media,
    messenger,
    people,
    task_comments,
    tasks,
    workflows,
)
from connectors.bitrix24.readers.reader import Need, Readers

_FAMILIES = (
    people,
    messenger,
    tasks,
    task_comments,
    crm_settings,
    custom_fields,
    crm,
    workflows,
    feed_audience,
    feed_posts,
    feed_comments,
    media,
)

READERS: Readers = {entity: made for family in _FAMILIES for entity, made in family.READERS.items()}

NEEDS: tuple[Need, ...] = tuple(need for family in _FAMILIES for need in family.NEEDS)
"""Every method that some reader calls."""
