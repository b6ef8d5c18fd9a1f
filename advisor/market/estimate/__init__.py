"""Risk from price history: returns, covariance, scenarios. Arrays in, arrays out; pandas is not needed."""
