#--web true
#--timeout 300
import time


def main(args):
    print("started", flush=True)
    time.sleep(600)
