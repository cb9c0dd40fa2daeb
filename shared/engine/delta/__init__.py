"""What changed since a plan was read before: watermarks, and the runs that hold what was read then."""
