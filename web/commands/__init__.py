"""Commands: one module per noun of the command line."""
