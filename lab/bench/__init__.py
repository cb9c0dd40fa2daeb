"""`make bench`: how fast Portage is, as shares of what the systems on both sides allow."""
