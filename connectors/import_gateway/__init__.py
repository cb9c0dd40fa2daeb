"""The on-premises import gateway as a target: a client of contract 1.x (see gateway/ for the other side)."""
