"""The report of a run: one document, told as JSON and as a page that prints."""
