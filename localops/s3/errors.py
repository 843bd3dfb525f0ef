"""The refusals of S3, by the code that its clients switch on."""

from __future__ import annotations

import logging

from localops.errors import LocalopsError

log = logging.getLogger("localops.s3")

# code -> HTTP status and the sentence, as S3 or, for a full disk, minio words it.
_ERRORS: dict[str, tuple[int, str]] = {
    "AccessDenied": (403, "Access Denied."),
    "AuthorizationHeaderMalformed": (400, "The authorization header is malformed."),
    "AuthorizationQueryParametersError": (400, "The query parameters of the signature are malformed."),
    "BadDigest": (400, "The checksum that you gave does not match the bytes that arrived."),
    "BucketAlreadyOwnedByYou": (409, "You have this bucket already."),
    "EntityTooLarge": (400, "Your upload is larger than the largest object allowed."),
    "EntityTooSmall": (400, "Every part but the last must have at least 5 MiB."),
    "IncompleteBody": (400, "The request has not as many bytes as it announced."),
    "InternalError": (500, "localops cannot use what it keeps; its console says why."),
    "InvalidAccessKeyId": (403, "The access key does not exist here."),
    "InvalidArgument": (400, "Invalid argument."),
    "InvalidDigest": (400, "The Content-MD5 that you gave is not valid."),
    "InvalidPart": (400, "A part was not found, or its ETag is another one."),
    "InvalidPartOrder": (400, "The parts are not in ascending order."),
    "InvalidRange": (416, "The range that you asked for is not in the object."),
    "InvalidRequest": (400, "Invalid request."),
    "InvalidURI": (400, "The key is not UTF-8."),
    "KeyTooLongError": (400, "Your key is longer than 1024 bytes."),
    "MalformedXML": (400, "The XML that you sent is not what this request takes."),
    "MethodNotAllowed": (405, "The method is not allowed on this resource."),
    "MissingContentLength": (411, "You must send the Content-Length header."),
    "NoSuchBucket": (404, "The bucket does not exist."),
    "NoSuchKey": (404, "The key does not exist."),
    "NoSuchUpload": (404, "The multipart upload does not exist; it may have been completed or aborted."),
    "NotImplemented": (501, "localops does not do this; S3 may."),
    "NotModified": (304, ""),
    "PreconditionFailed": (412, "A precondition that you gave does not hold."),
    "RequestTimeTooSkewed": (
        403,
        "The time of the request and the time here differ by more than 15 minutes.",
    ),
    "SignatureDoesNotMatch": (403, "The signature does not match: check the secret key."),
    "XAmzContentSHA256Mismatch": (400, "The x-amz-content-sha256 that you gave does not match the bytes."),
    "XMinioStorageFull": (507, "The disk is full: free some space and send it again. Nothing was stored."),
}


class S3Error(LocalopsError):
    """A request that is answered with an error document.

    Args:
        code: one of ERRORS.
        message: says more than the usual sentence.
    """

    def __init__(self, code: str, message: str | None = None) -> None:
        self.status, usual = _ERRORS[code]
        self.code = code
        self.message = message or usual
        super().__init__(self.message)


def unusable(error: Exception) -> S3Error:
    """Return what to answer when the files on disk are damaged, gone or not to be opened."""
    text = f"localops cannot use what it keeps in .localops/s3 of the project: {error}. See to that folder."
    log.warning("s3: %s", text)
    return S3Error("InternalError", text)
