"""Durable Functions: the protocol of the 1.x Python SDK, replay, and persisted orchestrations."""
