"""Simulated systems that behave as unpleasantly as the real ones. They import nothing of Portage."""
