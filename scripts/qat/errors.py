"""The one exception for what a user can mend; its message names place, name, value and expectation."""


class Error(Exception):
    pass
