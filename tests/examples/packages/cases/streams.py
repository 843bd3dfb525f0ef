#--web true
import json
import socket
import time


def main(args):
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), 5) as relay:
        for number in range(int(args.get("count", 3))):
            relay.sendall(json.dumps({"output": f"{number} "}).encode())
            time.sleep(float(args.get("pause", 0)))
    if args.get("fail"):
        raise RuntimeError("too late")
    return {"body": {"output": "done", "streaming": True}}
