"""From the source's shape to the canonical one: pure steps, mappings as data, references, checksums."""
