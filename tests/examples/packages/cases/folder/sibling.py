NAME = "from the same folder"
