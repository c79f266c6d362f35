"""The central case in live formulas: the sheets Inputs and Calculations, and their checks."""
