# %% [markdown]
# From a portfolio file to a picture. Run it as a script, or cell by cell in a notebook that knows percent cells.

# %%
from pathlib import Path

from advisor import load_household, propose

household = load_household("portfolios/tech-employee.yaml")
household.exposure.head(10)

# %%
made = propose(household)
Path("seven.svg").write_text(made.picture, encoding="utf-8")
made
