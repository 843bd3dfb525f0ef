"""`python3 -m localops`: make the environment if need be, then run the command in it."""

import sys

from localops import bootstrap

if __name__ == "__main__":
    bootstrap.enter(sys.argv[1:])
    from localops import cli

    sys.exit(cli.main(sys.argv[1:]))
