"""Cells of a CSV file that we write, which somebody opens in a spreadsheet."""

# What makes a spreadsheet take a cell for a formula, full-width twins too.
FORMULA_STARTS = tuple("=+-@\t\r\n\0＝＋－＠")


def inert(cell: str) -> str:
    """Return `cell` with an apostrophe before it if a spreadsheet would run it."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
