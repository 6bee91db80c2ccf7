"""Pages of the memberships room, by subject."""
