"""One command per module: arguments in, one or two calls of the API, a view or the API's JSON out."""
