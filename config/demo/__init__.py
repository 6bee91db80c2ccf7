"""The demo club: an invented gym with three years behind it, made anew from a fixed seed, relative to the clock."""
