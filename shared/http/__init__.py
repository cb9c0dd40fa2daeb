"""HTTP to other systems: one client with budgets, retries, classification and redaction."""
