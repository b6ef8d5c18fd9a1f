"""Market data as one frozen, dated, hashed value: read from a snapshot, and fitted to a portfolio."""
