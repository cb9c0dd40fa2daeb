"""A Bitrix24 Cloud portal, as the API facts describe it."""
