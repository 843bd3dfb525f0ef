"""OpenWhisk's messages for refusals that happen in more than one place.

Source: apache/openwhisk ErrorResponse.scala, pekko-http RejectionHandler.scala.
"""

from __future__ import annotations

NOT_FOUND_TEXT = "The requested resource does not exist."
NO_CREDENTIALS_TEXT = "The resource requires authentication, which was not supplied with the request"
FOREIGN_TEXT = "The supplied authentication is not authorized to access this resource."
