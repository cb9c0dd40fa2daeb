"""How runs work: reads, imports, waits, halts and resumes. Knows ports, never a vendor or a storage backend."""
