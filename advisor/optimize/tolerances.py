"""What is accepted of a solution; the certificate in the report shows each beside what was found."""

from __future__ import annotations

VIOLATION = 1e-7  # of a row, as a fraction of household value
DUAL_RESIDUAL = 1e-6
GAP = 1e-6  # to the proved bound, as a fraction of household value a year: a hundredth of a basis point
