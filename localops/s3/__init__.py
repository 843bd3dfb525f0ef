"""The part of S3 that OpenServerless' tools and pages use, over files in the project's `.localops/s3/`.

Own code and not moto: that is 316 MB installed, 50 MB of memory and 0.3 s to import before it serves, holds
objects in memory, and checks no signature. Path style only. What is not done answers 501.

    signature   who asks: Signature Version 4 and 2, in headers and in presigned URLs
    payload     the bytes of a request, unwrapped and checked against what the client says of them
    index       what is stored: one SQLite file, so that every change is whole or not at all
    storage     the bytes of objects, one file each, and the index of them
    listing     which keys a listing shows
    documents   the XML on the wire
    buckets, objects, uploads   the operations
    api         a request to its operation, an error to its answer

Source: what boto3, minio's client and the AWS SDK for JavaScript send, and Amazon's S3 API reference.
"""
