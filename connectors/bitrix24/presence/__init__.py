"""Whether records that were read once are still at the portal."""
