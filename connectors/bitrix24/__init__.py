"""Bitrix24 Cloud as a source. Reads only: the transport refuses every other method."""
