"""The deployed packages and actions, and the two ways there: from the disk and over the REST API."""
