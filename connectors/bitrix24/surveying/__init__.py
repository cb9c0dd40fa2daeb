"""How much there is in a portal, and what reading it takes, before anything is read."""
