#--web true
"""Ends when so many calls, each in a process of its own, are under way at the same time."""
import os
import pathlib
import time


def main(args):
    folder = pathlib.Path(args["folder"])
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < args["count"]:
        time.sleep(0.01)
    return {"body": {"process": os.getpid()}}
