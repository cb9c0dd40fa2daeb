"""The double of the Azure stores, for tests of the engine; it passes the same contract suite."""
