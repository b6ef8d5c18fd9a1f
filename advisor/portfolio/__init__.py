"""The household: the portfolio file, read strictly, and its values."""
