"""`python -m janus_lab.cli` is `janus`."""

from janus_lab.cli.main import main

raise SystemExit(main())
