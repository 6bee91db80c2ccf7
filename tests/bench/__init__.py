"""How fast the hot paths are, as ratios to the raw limit measured beside them: ``python -m tests.bench``.

Each line of the table is work of ours against the least that PostgreSQL or Django can do for it, run turn by turn on
the same generated rows in a database of its own; the median of the rounds counts. ``SIZE``: small, medium, large.
"""
