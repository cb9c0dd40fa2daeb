"""Proof of the Bicep in ``infra/`` without Azure: two parsers, a semantic pass of our own, and a policy scan.

What it cannot prove: the types of properties against the resource providers, and the ARM template that Bicep emits.
"""
