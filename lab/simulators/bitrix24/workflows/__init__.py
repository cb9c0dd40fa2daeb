"""Workflow templates and running workflows."""
