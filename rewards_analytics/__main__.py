"""`python -m rewards_analytics` is the command line."""

from rewards_analytics.cli import main

if __name__ == "__main__":
    main()
