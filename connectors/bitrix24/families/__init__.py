"""The entities of a portal, by the part of it they belong to; one reader each."""

from connectors.bitrix24.families import people
from connectors.bitrix24.readers.reader import Need, Readers

READERS: Readers = {**people.READERS}

NEEDS: tuple[Need, ...] = (*people.NEEDS,)
"""Every method that some reader calls."""
