"""The optimizer: from portfolio, exposure and risk to the trades that serve the household best within its limits.

In the order in which one may read it::

    the problem     inputs  held_back  limits  tax_branches  rows  formulation     numbers, then mathematics
    the solver      compiled  cones                                                compiled once; what vectors prove
    the answer      problem  search  menu  solve                                   one case, all cases, fewest funds
    in shares       quantities  milp  whole_shares                                 whole shares near the optimum
    no answer       elastic  diagnose  prechecks                                   what conflicts, and what would help
    why             prices  marginal_values  sensitivity                                limits, trades, horizons
    what if         reach  goals                                                   bounds that move, cash in or out
"""
