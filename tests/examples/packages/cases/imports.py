#--web true
import a_module_that_does_not_exist


def main(args):
    return {"body": a_module_that_does_not_exist.name}
