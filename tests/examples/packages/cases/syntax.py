#--web true


def main(args):
    return {"body": "never"
