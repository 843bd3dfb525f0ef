#--web true


def main(args):
    return args.get("as_text", 42)
