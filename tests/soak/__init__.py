"""``make soak``: every check of tests/reliability at full length, with its control."""
