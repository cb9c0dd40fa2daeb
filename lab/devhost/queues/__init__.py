"""Queue triggers and queue output."""
