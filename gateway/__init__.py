"""The on-premises import gateway: an independent service that keeps the import contract, version 1.1."""
