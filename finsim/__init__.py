"""finsim: Monte Carlo simulation of a local health and care system's finances."""

__version__ = "0.1.0"
