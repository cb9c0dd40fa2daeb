"""A proxy that stands between two systems and spoils a share of what they say to each other, as networks do."""

from lab.faults.kinds import Dialect, Kind, Share
from lab.faults.links import FaultyLink

__all__ = ["Dialect", "FaultyLink", "Kind", "Share"]
