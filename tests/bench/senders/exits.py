"""Ends its process."""

import os
import sys


def main(_args):
    sys.stderr.write("going down\n")
    os._exit(3)
