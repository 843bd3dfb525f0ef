def main(args):
    return {"body": "not for the web"}
