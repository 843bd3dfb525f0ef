#--web true
#--param GREETING hello


def main(args):
    return {"body": ""}
