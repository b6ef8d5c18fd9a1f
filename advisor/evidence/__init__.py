"""The small-cap case: what is claimed, how each claim was tested, and what the test gave."""
