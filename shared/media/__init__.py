"""Files of records: which may be fetched, fetching them safely, and what they are called."""
