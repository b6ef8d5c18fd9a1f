"""What if: the same household under other limits, funds or assumptions, always by solving again."""
