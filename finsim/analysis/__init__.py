"""What the draws say: measures, estimates with their standard errors, checks."""
