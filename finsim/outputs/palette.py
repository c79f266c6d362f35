"""The colours of sheets and charts: told apart by colour-blind readers, and in greyscale.

Meaning never rests on a colour alone; whatever is coloured says the same in words or by its place.
"""

from __future__ import annotations

BLUE = "#12436D"
TEAL = "#28A197"
PLUM = "#801650"
ORANGE = "#F46A25"
SERIES = (BLUE, TEAL, PLUM, ORANGE)
TEXT = "#0B0C0C"
PAPER = "#FFFFFF"
RULE = "#B1B4B6"
INPUT = "#0000FF"
YELLOW = "#FFF2CC"
