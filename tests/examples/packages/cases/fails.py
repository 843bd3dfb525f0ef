#--web true


def main(args):
    print("before")
    raise ValueError("this action always fails")
