#--kind python:default
#--web true
#--annotation provide-api-key true
import os
import sys

import sibling

calls = 0


def main(args):
    global calls
    calls += 1
    print("to stdout\n\nafter a blank line")
    print("to stderr, naïve", file=sys.stderr)
    environment = {key: value for key, value in os.environ.items()}
    return {"body": {"calls": calls, "cwd": os.getcwd(), "environment": environment, "sibling": sibling.NAME, "module": __name__}}
