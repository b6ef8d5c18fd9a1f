"""The report: plain figures arranged, drawn and printed as HTML and PDF."""
