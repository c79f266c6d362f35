"""The economics: one pure array function per line item, money in £m, axes [line, year, draw]."""
