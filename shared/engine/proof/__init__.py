"""Proof: what the target has, read back and held against the source, the ledger and the id map."""
