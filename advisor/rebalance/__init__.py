"""From an allocation to orders, what they cost, and the independent check of both."""
