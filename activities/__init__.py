"""What is done: small idempotent steps that orchestrations call."""
