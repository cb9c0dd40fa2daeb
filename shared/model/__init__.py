"""The words of DESIGN §3 as plain values. Imports the standard library only."""
