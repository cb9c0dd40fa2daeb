"""HTTP triggers: routes, keys and the server."""
