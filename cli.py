"""Runs finsim from a fresh clone: `python cli.py run scenarios/bhr.yaml`."""

from finsim.cli import main

if __name__ == "__main__":
    main()
