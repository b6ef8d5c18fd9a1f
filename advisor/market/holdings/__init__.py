"""Issuers' own holdings files: read, reconciled, kept."""
