#--web true
#--web-secure open-sesame
import json
import socket


def main(args):
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), 10) as relay:
        relay.sendall(json.dumps({"output": str(args.get("__ow_user"))}).encode())
    return {"body": ""}
