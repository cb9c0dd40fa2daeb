"""Canonical schemas: what the import contract says a record of each entity holds, as typed models."""
