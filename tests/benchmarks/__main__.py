"""`python -m tests.benchmarks`: one thread for every library."""

import os

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "NUMEXPR_NUM_THREADS")

if __name__ == "__main__":
    os.environ.update(dict.fromkeys(VARIABLES, "1"))  # read by numpy and the solvers when they are imported
    from tests.benchmarks.command import main

    raise SystemExit(main())
