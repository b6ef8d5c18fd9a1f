"""Risk and return of a set of securities: covariance, expected returns, measures, stress."""
