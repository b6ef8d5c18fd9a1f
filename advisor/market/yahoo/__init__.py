"""Yahoo through yfinance: an untrusted source, asked for symbols and nothing else."""
