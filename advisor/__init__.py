"""Portfolio rebalancing out of the Magnificent Seven and into small caps.

The flow, one way only::

    YAML -> Portfolio -> MarketData -> Exposure -> RiskModel + ExpectedReturns
         -> AllocationProblem -> Allocation -> RebalancePlan (trades) -> verification -> report
"""

__version__ = "0.1.0"
