"""Budgets: shares of what another system allows, lent to the workers of all processes."""
