"""Azurite, the storage emulator: pinned here, started and stopped from here."""
