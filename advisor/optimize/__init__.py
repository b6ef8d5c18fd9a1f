"""The optimizer: from portfolio, exposure and risk to the trades that serve the household best within its limits."""
