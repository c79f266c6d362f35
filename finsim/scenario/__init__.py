"""The scenario: one file over an assumption book, what it inherits, and what differs."""
