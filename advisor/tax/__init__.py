"""The federal income tax on capital gains: the tables of each year, and the law over them."""
