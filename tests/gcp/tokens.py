"""Google's token endpoint, as far as a clock and a login that ran out are concerned."""

import base64
import json
import time
import urllib.parse

LIFE_S = 3600
# How far a clock may be off before an assertion is refused.
TOLERATED_S = 300


def answer(body, settings):
    """Status and document for a form that asks for an access token."""
    form = dict(urllib.parse.parse_qsl(body.decode()))
    now = time.time() + settings.get("clock_ahead_s", 0)
    if form.get("grant_type", "").endswith(":jwt-bearer"):
        claims = form["assertion"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        issued, ends = claims["iat"], claims["exp"]
        if not (issued - TOLERATED_S <= now <= ends) or ends - issued > LIFE_S:
            return refused("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                           "Check your iat and exp values in the JWT claim.")
    elif form.get("refresh_token") != settings.get("refresh_token", "user-refresh"):
        return refused("Token has been expired or revoked.")
    return 200, {"access_token": settings["token"], "expires_in": LIFE_S - 1, "token_type": "Bearer"}


def refused(why):
    return 400, {"error": "invalid_grant", "error_description": why}
