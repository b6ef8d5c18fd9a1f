"""Charts as geometry: pure functions from figures to coordinates, which the template's macros only print."""
