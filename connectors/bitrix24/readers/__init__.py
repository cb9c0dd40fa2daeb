"""Paging families: small strategies that entities are made of (API facts §3)."""
