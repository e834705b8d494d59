"""How a share in percent is written."""

# What follows its number: a line never breaks between the two.
PERCENT = "\N{NO-BREAK SPACE}%"
