"""``python -m osil.cli``, which torchrun starts: the command ``osil``."""

import sys

from osil.cli import main

sys.exit(main())
