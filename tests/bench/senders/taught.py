"""Streams as the lesson does: one message for each token, as soon as it comes."""

import json
import socket

import requests


def main(args):
    asked = {"model": "llama3.1:8b", "prompt": args["input"], "stream": True}
    response = requests.post(
        f"http://{args['OLLAMA_HOST']}/api/generate", json=asked, stream=True, timeout=10
    )
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"]))) as stream, response:
        for line in response.iter_lines():
            stream.sendall(json.dumps({"output": json.loads(line)["response"]}).encode())
    return {"body": {"streaming": True}}
