#--web true
import socket


def main(args):
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), 5) as relay:
        relay.sendall(b"x" * args["size"])
    return {"body": ""}
