class StackError(Exception):
    """What keeps the local stack from running, as one sentence for whoever started it."""
