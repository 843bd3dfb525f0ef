"""Connects and then raises."""

import socket


def main(args):
    socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"]))).close()
    raise ValueError("no idea what to do")
