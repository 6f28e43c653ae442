"""Curlylint with one parser for all templates: to make one takes as long as to read one."""

from __future__ import annotations

import gc
import sys

from curlylint import cli, lint, parse

if __name__ == "__main__":
    parser = parse.make_parser({})
    lint.make_parser = lambda config: parser
    # A parser makes nothing but short lists.
    gc.disable()
    sys.exit(cli.main())
