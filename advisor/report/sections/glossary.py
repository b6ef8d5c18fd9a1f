"""The words of the report, for a reader who meets them for the first time."""

from __future__ import annotations

from advisor.report.model import Entry

GLOSSARY = (
    Entry("Magnificent Seven", "Apple, Microsoft, Alphabet (both share classes), Amazon, Nvidia, Meta and Tesla."),
    Entry(
        "Looked through",
        "A fund counts as the companies it holds. Where its list stops early the share is an interval: what the list "
        "names, and what it cannot rule out. Limits are held against the upper end.",
    ),
    Entry("Small caps", "Funds of a small-cap category, such as IWM and VTWO (Russell 2000) and IJR (S&P 600)."),
    Entry("Household value", "All accounts together, cash included, at the closes named. Percentages are of it."),
    Entry(
        "Volatility",
        "Standard deviation of the yearly return: in about one year of three the return is further than this from "
        "what is expected.",
    ),
    Entry("Tracking error", "Standard deviation of the yearly difference to the benchmark's return."),
    Entry("Beta", "How far the household moves when the benchmark moves by one percent."),
    Entry(
        "Expected return",
        "What the household's own mix implies, not a forecast: the returns at which this mix is the best one. Views "
        "move it as far as they are trusted.",
    ),
    Entry(
        "View",
        "What the household expects a security to earn, or to earn more than another, with a confidence: 0% counts "
        "nothing, 100% leaves no doubt.",
    ),
    Entry(
        "Reference mix",
        "Today's holdings, with the excess of a single company, and holdings that a view is on, counted as US stocks.",
    ),
    Entry(
        "Default bound",
        "A bound that the program sets by itself, beside the limits of the file, so that the answer leaves alone what "
        "nobody asked to move.",
    ),
    Entry("Cheapest plan", "The one that keeps the limits for the least tax, spread and distance from today's mix."),
    Entry("Risk aversion", "What a unit of variance costs in the objective: the price of leaving the reference mix."),
    Entry("Doubt", "The error of an expected return that a sale must outweigh, a year, on the dollars sold."),
    Entry("Basis point (bp)", "A hundredth of a percentage point."),
    Entry(
        "Net benefit a year",
        "What the trades add: return, less a charge for risk, tax and cost spread over the horizon.",
    ),
    Entry("Shadow price", "What one percentage point more room in it would be worth a year."),
    Entry("Lot", "One purchase, with its own cost and date; tax depends on which lots are sold."),
    Entry("Short-term, long-term", "Held for at most a year, or longer; the second is taxed at the lower rate."),
    Entry("Wash sale", "A loss that is not deductible because the same security is bought within 30 days of the sale."),
    Entry("Spread", "Half the difference between the prices at which one can buy and sell, paid on each order."),
    Entry("Break-even", "Months until what the trades add a year has paid for their tax and spread."),
    Entry(
        "Price to earnings (P/E)",
        "Price over the profit of the last twelve months (trailing) or over that expected for the next (forward).",
    ),
    Entry(
        "Herfindahl index",
        "Sum of the squared weights of companies; its inverse is the number of companies of equal weight.",
    ),
    Entry("Soft limit", "One that may be exceeded, at a charge in the objective for each percentage point beyond it."),
    Entry("Covariance", "How the returns of all securities moved, and moved together, in the window named."),
    Entry("Optimum", "The best trades in fractions, before they are rounded to shares."),
)
