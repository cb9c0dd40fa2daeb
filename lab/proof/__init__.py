"""Proof that a portal arrived: both sides are read and compared by code that shares nothing with Portage.

The statement of what becomes what is written down here a second time, on purpose: an error in the plan's mappings
would not be seen by reading it through the same mappings.
"""

from lab.proof.comparison import ENTITIES, compare
from lab.proof.findings import Compared

__all__ = ["ENTITIES", "Compared", "compare"]
