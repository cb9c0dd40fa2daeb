"""Dead letters: records and pages that fail for good."""
