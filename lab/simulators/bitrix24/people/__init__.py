"""Departments, users and groups."""
