"""Who calls us: HTTP, queues and timers. Thin: decode, call the engine, encode."""
