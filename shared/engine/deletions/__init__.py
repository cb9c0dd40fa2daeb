"""Records that are no longer at the source: found, told, and deleted at the target when that is asked for."""
