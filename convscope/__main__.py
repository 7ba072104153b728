"""`convscope` and `python -m convscope`: start the app."""

import sys

from explorer.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
