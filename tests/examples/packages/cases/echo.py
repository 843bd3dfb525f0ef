#--web true
#--param GREETING "$GREETING"


def main(args):
    return {"body": args}
