"""A household's policy over past prices, with nothing of a later day known."""
