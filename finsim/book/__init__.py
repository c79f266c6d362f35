"""The assumption book: sourced inputs for one system, with the place of every value."""
