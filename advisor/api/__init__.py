"""The main jobs as functions: what `advisor` hands on under ten names, and what the command line calls."""
