"""Market data as one frozen, dated, hashed value, whatever the source.

`sources` names the sources. What they say, `prices`, `yahoo`, `holdings` and `folder` read and check; `estimate` makes
risk of it; `assemble` puts a household's data together, with `fund_update` and `fact_checks` for what its funds hold.
`data` is the value, `snapshot` and `snapshot_writer` its file; `resolve` fits it to a portfolio, `constituents` asks.
`builder` makes the snapshot that comes with the program, from the team's `tables`.
"""
