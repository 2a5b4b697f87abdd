"""Error is what a user can mend; its message names place, name, value and expectation."""


class Error(Exception):
    pass


class Unsupported(Exception):
    """Why one node cannot be read; the reader collects all of them into one Error."""
