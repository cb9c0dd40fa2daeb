"""Drive: files, what they are attached to, and how their bytes are had."""
