"""What the engine asks of the outside world: small protocols that adapters in ``storage`` and ``connectors`` keep."""
