"""Pages and slices as rows of the ledger: who may change them, and how."""
