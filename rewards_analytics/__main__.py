"""`python -m rewards_analytics` runs the command line."""

from rewards_analytics.cli import main

if __name__ == "__main__":
    main()
