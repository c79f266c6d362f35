"""Exit codes of the command line."""

DONE = 0
USAGE = 2
BAD_INPUT = 3
CHECK_FAILED = 4
NOT_WRITTEN = 5
INTERRUPTED = 130


class Interrupted(Exception):
    """The user stopped it; what was kept is said in the message."""
