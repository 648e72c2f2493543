"""`python -m janus_lab.serve`."""

import sys

from janus_lab.serve.main import main

if __name__ == "__main__":
    sys.exit(main())
