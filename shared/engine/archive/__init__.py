"""The archive: raw answers, and rows made of them."""
