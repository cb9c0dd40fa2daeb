"""Proof of the Bicep in ``infra/`` without Azure: two parsers, a semantic pass of our own, and a policy scan.

Names resolve, modules and parameter files fit, and each body has the properties, types, values and required parts that
its provider describes for that API version (``provider_types.json``, made by ``lab.bicep.providers``). What it cannot
prove: what a provider refuses for other reasons (quotas, regions, names that are taken), and the ARM template that
Bicep emits.
"""
