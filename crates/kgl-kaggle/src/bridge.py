"""Calls of the official client's own library, for kgl.

    bridge.py < order.json > answers.json      run by the client's interpreter
    bridge.py whoami                           prints who the credentials belong to

An order: {"wait_s": 60, "calls": [CALL, ...]}. A call is one of

    {"service": "competitions.CompetitionApiService", "rpc": "GetCompetition", "request": {...}}
        the answer's JSON as it came; with "list": "files" all pages of it are
        fetched and joined, up to "most" items
    {"client": "competition_download_file", "arguments": {...}}
        a method of the client's API class; the answer is its result

The answers: {"user": ..., "said": [...], "answers": [...]}, an answer being
{"ok": ...} or {"error": {"kind", "message", "status", "retry_after_s"}}. What
the client prints (warnings, old news) is collected in `said`: stdout is ours.

Why not the client's commands: they lose what is needed. The status of a refusal
and its Retry-After are gone, the number of a submission and the reason of a
failed one are not printed, and warnings stand among the data.
"""

import contextlib
import io
import json
import os
import sys


def error(kind, message, **more):
    return {"error": {"kind": kind, "message": str(message) or kind, **more}}


def told(failure):
    """What went wrong, as data."""
    import requests

    response = getattr(failure, "response", None)
    if isinstance(failure, requests.exceptions.HTTPError) and response is not None:
        more = {"status": response.status_code}
        with contextlib.suppress(KeyError, ValueError):
            more["retry_after_s"] = max(0, int(float(response.headers["Retry-After"])))
        return error("http", failure, **more)
    if isinstance(failure, requests.exceptions.JSONDecodeError):
        return error("http", "an answer that is no JSON", status=200)
    if isinstance(failure, requests.exceptions.RequestException):
        return error("connection", failure)
    return error("client", f"{type(failure).__name__}: {failure}")


def give_up_after(seconds):
    """The client waits for ever: every request of this process gets a limit."""
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def limited(self, request, **options):
        options["timeout"] = options.get("timeout") or (min(seconds, 30), seconds)
        return send(self, request, **options)

    HTTPAdapter.send = limited


def log_in():
    """The client's API, or why there is none."""
    from kaggle import api
    from kagglesdk.kaggle_env import get_access_token_from_env

    # Importing tried already, and swallowed what went wrong.
    if not getattr(api, "_authenticated", False):
        try:
            api.authenticate()
        except SystemExit:
            token, source = get_access_token_from_env()
            if token:
                return None, error("token-refused", f"the token in {source} was not accepted")
            return None, error("no-credentials", "there are no credentials")
        except Exception as failure:  # noqa: BLE001  (whatever it is, it is told)
            return None, told(failure)
    token, source = get_access_token_from_env()
    if token and api.config_values.get("token") != token:
        # A refused token goes before a good key, and the key would never be used.
        return None, error("token-refused", f"the token in {source} was not accepted")
    return api, None


class Request:
    def __init__(self, body):
        self.body = body

    def to_dict(self):
        return self.body


class Answer:
    @classmethod
    def prepare_from(cls, response):
        return response.json()


def call_rpc(http, call):
    body = dict(call.get("request", {}))
    answer = http.call(call["service"], call["rpc"], Request(body), Answer)
    name = call.get("list")
    if name is None:
        return answer
    items = answer.get(name) or []
    while answer.get("nextPageToken") and len(items) < call.get("most", 10_000):
        body["pageToken"] = answer["nextPageToken"]
        answer = http.call(call["service"], call["rpc"], Request(body), Answer)
        items += answer.get(name) or []
    return {name: items, "more": bool(answer.get("nextPageToken"))}


def plain(result):
    """A result of the client as JSON."""
    if hasattr(result, "to_dict"):
        return result.to_dict()
    if isinstance(result, (list, tuple)):
        return [plain(one) for one in result]
    if result is None or isinstance(result, (str, int, float, bool, dict)):
        return result
    return str(result)


def carry_out(api, http, call):
    try:
        if "rpc" in call:
            return {"ok": call_rpc(http, call)}
        return {"ok": plain(getattr(api, call["client"])(**call["arguments"]))}
    except SystemExit as failure:
        return error("client", f"the client ended: {failure}")
    except Exception as failure:  # noqa: BLE001
        return told(failure)


def answer(order):
    give_up_after(order.get("wait_s", 60))
    api, refused = log_in()
    if refused:
        return None, [refused for _ in order["calls"]]
    with api.build_kaggle_client() as client:
        http = client.http_client()
        answers = [carry_out(api, http, call) for call in order["calls"]]
    return api.config_values.get("username"), answers


def whoami():
    """The user's name, after a request that only good credentials pass."""
    call = {"service": "competitions.CompetitionApiService", "rpc": "ListCompetitions", "request": {"pageSize": 1}}
    user, [reply] = answer({"calls": [call]})
    return user, reply.get("error")


if __name__ == "__main__":
    said = io.StringIO()
    if sys.argv[1:] == ["whoami"]:
        with contextlib.redirect_stdout(said):
            user, refused = whoami()
        if refused:
            print(refused["message"], file=sys.stderr)
            # As everywhere in kgl: 2 is the caller's to mend, 3 the world's.
            mine = refused["kind"] in ("no-credentials", "token-refused") or refused.get("status") in (400, 401, 403)
            sys.exit(2 if mine else 3)
        print(user)
    else:
        with contextlib.redirect_stdout(said):
            user, answers = answer(json.load(sys.stdin))
        lines = [line for line in said.getvalue().splitlines() if line.strip()]
        json.dump({"user": user, "said": lines, "answers": answers}, sys.stdout)
        sys.stdout.flush()
        # Straight out: threads of the client must not hold the process.
        os._exit(0)
