"""The compiled path beside the bare solver, cvxpy and other optimizers; `python -m tests.benchmarks` runs it."""
