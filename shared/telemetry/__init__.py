"""Telemetry: what is measured, how it is gathered, and adapters to those who collect it."""
