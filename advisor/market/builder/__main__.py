"""``python -m advisor.market.builder``."""

from advisor.market.builder.build import main

if __name__ == "__main__":
    main()
