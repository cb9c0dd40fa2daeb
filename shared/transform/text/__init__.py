"""Bodies of posts, messages and tasks: from BBCode or old HTML to clean HTML, with links to other records."""
