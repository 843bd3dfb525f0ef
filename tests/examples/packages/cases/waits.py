#--web true
import os
import time


def main(args):
    time.sleep(args["seconds"])
    return {"body": {"process": os.getpid()}}
