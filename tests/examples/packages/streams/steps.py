#--web true
"""Does with its connection what its argument `steps` says, one step after another."""
import os
import pathlib
import socket
import time

kept = []


def connect(args):
    relay = socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), 10)
    relay.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return relay


def main(args):
    relays = []
    answer = {"statusCode": 204} if "STREAM_HOST" in args else {"body": {"output": "done", "streaming": True}}
    for step, value in args["steps"]:
        if step == "connect":
            relays.append(connect(args))
        elif step == "send":
            relays[-1].sendall(value.encode())
        elif step == "send to the first":
            relays[0].sendall(value.encode())
        elif step == "sleep":
            time.sleep(value)
        elif step == "say":
            print(value, flush=True)
        elif step == "wait for the file":
            while not pathlib.Path(value).exists():
                time.sleep(0.01)
        elif step == "wait for the end":
            relays[-1].settimeout(value)
            begun = time.time()
            print("read", relays[-1].recv(1), "after", begun, "at", time.time(), flush=True)
        elif step == "close":
            relays.pop().close()
        elif step == "keep open":
            kept.extend(relays)
        elif step == "exit":
            os._exit(value)
        elif step == "fail":
            raise RuntimeError(value)
        elif step == "answer":
            answer = value
    for relay in relays:
        if relay not in kept:
            relay.close()
    return answer
