"""`python -m gisgrid` is the command `gisgrid`."""

import sys

from gisgrid.cli import main

sys.exit(main())
