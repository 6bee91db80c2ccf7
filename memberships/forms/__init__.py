"""Forms of the memberships room, by subject."""
