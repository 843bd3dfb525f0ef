"""What is deployed now, and the two ways there: from the disk and over the REST API."""
