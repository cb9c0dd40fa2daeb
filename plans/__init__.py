"""One folder per job: the entity graph and the field mappings, as data that is checked when it is loaded."""
