#!/usr/bin/env python3
"""A stand-in of Kaggle's API on this machine, for the official client.

    stand_in.py serve FOLDER < settings.json     serve until stdin closes; state below FOLDER
    stand_in.py tell FOLDER VERB [JSON]           fault, set, clock, state or journal, to a running one

It listens on a free port of 127.0.0.1, writes that to FOLDER/port, and speaks
the client's wire: JSON posted to /api/v1/SERVICE/RPC, bytes on other hosts. The
client is led here by environment variables alone (FOLDER/environment holds
them, one NAME=VALUE a line): a proxy, and an environment name that makes it
talk plain HTTP. Nothing leaves the machine.

What it is told to serve (all optional), as one line of JSON on stdin:

    {"user": "tester", "token": "...", "key": "...",
     "competitions": {"SLUG": {
        "title": "...", "deadline": "2030-01-01T00:00:00Z", ...     any field of ApiCompetition
        "folder": "/path",            its files, served with their sizes
        "pages": [{"name": "rules", "content": "..."}],
        "leaderboard": [{"teamId": 1, "teamName": "a", "score": "0.9"}],
        "page_size": 2,               the most a listing gives at once, whatever was asked for
        "zipped": true,               a single file comes as FILE.zip, as large ones do
        "listing_needs_entry": true,  without userHasEntered even the listing is 403
        "past_submissions": [{"fileName": "a.csv", "publicScore": "0.5", ...}],
        "over_quota": "refuse" | "quiet",
        "taken_meanwhile": 1,         submissions of the team's others since anybody asked for the limits
        "scoring": {"lists_unseen": 0, "lists_pending": 0, "seconds_pending": 0,
                    "status": "COMPLETE" | "ERROR", "reason": "...", "public": "0.5", "private": ""}}},
     "kernels": {"looks_queued": 0, "looks_running": 0, "status": "COMPLETE" | "ERROR", "reason": "...",
                 "output": "/path", "log": "...", "refuse": "..."},
     "datasets": {"looks_pending": 0, "refuse": "..."},
     "newest_client": "99.0.0"}       makes the client print its warning on stdout

A fault is told with `fault`, and is used up after `times` requests (default 1):

    {"on": "CreateSubmission" | "blob" | "upload" | "*",
     "skip": 0, "times": 1,
     "status": 429, "headers": {"Retry-After": "1"}, "message": "...",
     "delay_s": 2.0,                  answer late
     "page": "<html>...",             a web page instead of an answer, as a hotel's network gives
     "cut": "before" | "after" | N}   close the connection: before the request counts,
                                      after it has counted (a lost answer), or after N bytes of a file
     "rate": 50000,                   bytes a second of a file
     "short": N}                      a file of N bytes only, as if that were all

FOLDER/journal.jsonl gets one line for each request, written before its answer
leaves: what came in, whether it counted, how it was answered. Secrets are not
written; `auth` says which kind came.
"""

import base64
import json
import os
import socket
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from http_stand_in import Faults, Journal, StandInHandler, serve, tell  # noqa: E402  (it lies above this folder)
from service import Refused, Service  # noqa: E402  (and this beside it)

BLOB_HOST = "blobs.stand-in.invalid"


class Handler(StandInHandler):
    def do_POST(self):
        self.route()

    do_GET = do_PUT = do_HEAD = do_POST

    def route(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.netloc == "":
            return self.control(url.path, body)
        if url.netloc.startswith(BLOB_HOST):
            if self.command == "PUT":
                return self.upload(url.path, body)
            return self.blob(url.path)
        return self.call(url.path, body)

    # --- the API ---

    def call(self, path, body):
        service_rpc = path.split("/")[-2:]
        rpc = service_rpc[-1]
        request = json.loads(body or b"{}")
        kind, known = self.auth()
        shown = {**request, "token": "(not written)"} if rpc == "IntrospectToken" else request
        seen = {"rpc": rpc, "body": shown, "auth": kind, "known": known}
        fault = self.world.faults.next_for(rpc)
        time.sleep(fault.get("delay_s", 0))
        if fault.get("cut") == "before":
            return self.cut(seen, counted=False)
        if "status" in fault:
            return self.refuse(seen, Refused(fault["status"], fault.get("message", "told to fail")), fault)
        if "page" in fault:
            self.world.journal.add(**seen, answer="page", counted=False)
            return self.send(200, fault["page"].encode(), {"Content-Type": "text/html"})
        try:
            if not known and rpc != "IntrospectToken":
                raise Refused(401, "Unauthenticated")
            answer = self.world.service.call(rpc, request)
        except Refused as refused:
            return self.refuse(seen, refused, {})
        if fault.get("cut") == "after":
            return self.cut(seen, counted=True)
        if "redirect" in answer:
            url = f"http://{BLOB_HOST}/{urllib.parse.quote(answer['redirect'])}?signature=SIGNED-URL-SECRET"
            self.world.journal.add(**seen, answer=302, counted=True)
            return self.send(302, b"", {"Location": url})
        if "upload" in answer:
            answer = {"token": answer["upload"], "createUrl": f"http://{BLOB_HOST}/upload/{answer['upload']}?signature=SIGNED-URL-SECRET"}
        self.world.journal.add(**seen, answer=200, counted=True)
        return self.send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def auth(self):
        """The kind of credentials that came, and whether they are the right ones."""
        settings = self.world.service.settings
        kind, _, value = (self.headers.get("Authorization") or "").partition(" ")
        if kind == "Bearer":
            return "token", value == settings.get("token")
        if kind == "Basic":
            user, _, key = base64.b64decode(value).decode().partition(":")
            return "key", (user, key) == (settings.get("user"), settings.get("key"))
        return "none", False

    def refuse(self, seen, refused, fault):
        self.world.journal.add(**seen, answer=refused.status, counted=False)
        body = json.dumps({"code": refused.status, "message": refused.message}).encode()
        self.send(refused.status, body, {"Content-Type": "application/json", **fault.get("headers", {})})

    def cut(self, seen, counted):
        self.world.journal.add(**seen, answer="cut", counted=counted)
        self.hang_up()

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def send(self, status, body, headers):
        self.send_response(status)
        newest = self.world.service.settings.get("newest_client")
        if newest:
            self.send_header("X-Kaggle-APIVersion", newest)
        for name, value in headers.items():
            self.send_header(name, str(value))
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    # --- bytes ---

    def blob(self, path):
        """A file, whole or from a place in it, as an object store serves it."""
        name = urllib.parse.unquote(path.lstrip("/"))
        seen = {"rpc": "blob", "file": name, "range": self.headers.get("Range"), "auth": self.auth()[0]}
        fault = self.world.faults.next_for("blob")
        time.sleep(fault.get("delay_s", 0))
        if fault.get("cut") == "before":
            return self.cut(seen, counted=False)
        if "status" in fault:
            return self.refuse(seen, Refused(fault["status"], fault.get("message", "told to fail")), fault)
        try:
            file, tag = self.world.service.blob(name)
        except Refused as refused:
            return self.refuse(seen, refused, {})
        size = min(os.path.getsize(file), fault.get("short", sys.maxsize))
        start, status = 0, 200
        wanted = self.headers.get("Range")
        if wanted and self.headers.get("If-Range") in (None, tag):
            start = int(wanted.removeprefix("bytes=").split("-")[0])
            if start >= size:
                return self.refuse(seen, Refused(416, "no such range"), {})
            status = 206
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": size - start,
            "Accept-Ranges": "bytes",
            "ETag": tag,
            "Last-Modified": "Tue, 03 Mar 2026 10:00:00 GMT",
        }
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        self.world.journal.add(**seen, answer=status, counted=True, sent_from=start)
        self.send(status, b"", headers)
        self.pour(file, start, size - start, fault)

    def pour(self, file, start, count, fault):
        stop = fault["cut"] if isinstance(fault.get("cut"), int) else count
        rate = fault.get("rate")
        sent = 0
        with open(file, "rb") as source:
            source.seek(start)
            while sent < min(stop, count):
                chunk = source.read(min(8192 if rate else 1 << 16, min(stop, count) - sent))
                self.wfile.write(chunk)
                self.wfile.flush()
                sent += len(chunk)
                if rate:
                    time.sleep(len(chunk) / rate)
        if stop < count:
            self.hang_up()

    def upload(self, path, body):
        token = path.rsplit("/", 1)[-1]
        span = self.headers.get("Content-Range")
        seen = {"rpc": "upload", "token": token, "bytes": len(body), "range": span, "auth": self.auth()[0]}
        fault = self.world.faults.next_for("upload")
        time.sleep(fault.get("delay_s", 0))
        if fault.get("cut") == "before":
            return self.cut(seen, counted=False)
        if "status" in fault:
            return self.refuse(seen, Refused(fault["status"], fault.get("message", "told to fail")), fault)
        if isinstance(fault.get("cut"), int):
            body = body[: fault["cut"]]
        try:
            have, whole = self.world.service.receive(token, span, body)
        except Refused as refused:
            return self.refuse(seen, refused, {})
        if "cut" in fault:
            return self.cut(seen, counted=True)
        self.world.journal.add(**seen, answer=200 if whole else 308, counted=True)
        if whole:
            return self.send(200, b"{}", {"Content-Type": "application/json"})
        return self.send(308, b"", {"Range": f"bytes=0-{have - 1}"} if have else {})

    # --- for the tests ---

    def control(self, path, body):
        verb = path.rsplit("/", 1)[-1]
        told = json.loads(body or b"null")
        if verb == "fault":
            answer = self.world.faults.add(told)
        elif verb == "set":
            answer = self.world.service.set(told)
        elif verb == "clock":
            answer = self.world.service.advance(told["advance_s"])
        elif verb == "state":
            answer = self.world.service.state()
        else:
            return self.send(404, b"no such verb\n", {})
        return self.send(200, json.dumps(answer).encode() + b"\n", {"Content-Type": "application/json"})


class World:
    def __init__(self, folder, settings, _):
        self.service = Service(folder, settings)
        self.faults = Faults()
        self.journal = Journal(os.path.join(folder, "journal.jsonl"))


def environment(_, port):
    proxy = f"http://127.0.0.1:{port}"
    return {
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "HTTP_PROXY": proxy, "http_proxy": proxy,
        "HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1",
        "NO_PROXY": "", "no_proxy": "",
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"] and len(sys.argv) == 3:
        serve(sys.argv[2], Handler, World, environment)
    elif sys.argv[1:2] == ["tell"] and len(sys.argv) in (4, 5):
        tell(sys.argv[2], "/" + sys.argv[3], sys.argv[4] if len(sys.argv) == 5 else "null")
    else:
        sys.exit(__doc__)
