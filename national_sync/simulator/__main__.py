"""python -m national_sync.simulator"""

import sys

from national_sync.simulator.process import main

if __name__ == "__main__":
    sys.exit(main())
