"""How Google's services say no."""

STATUS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    409: "ALREADY_EXISTS", 412: "FAILED_PRECONDITION", 416: "OUT_OF_RANGE", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE",
}
REASON = {401: "authError", 403: "forbidden", 404: "notFound", 409: "conflict", 412: "conditionNotMet", 503: "backendError"}


class Refused(Exception):
    def __init__(self, code, message, details=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    def body(self, path):
        """As JSON; Cloud Storage has a form of its own, without a status."""
        if "/storage/v1/" in path:
            reason = {"message": self.message, "domain": "global", "reason": REASON.get(self.code, "invalid")}
            return {"error": {"code": self.code, "message": self.message, "errors": [reason]}}
        error = {"code": self.code, "message": self.message, "status": STATUS.get(self.code, "UNKNOWN")}
        if self.details:
            error["details"] = self.details
        return {"error": error}
