"""The deployment archive, built as the platform's tools build it, and proof that it is whole."""
