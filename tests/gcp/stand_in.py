#!/usr/bin/env python3
"""A stand-in of Google Cloud on this machine, for the real gcloud: Batch, Cloud Storage,
Service Usage, IAM, Resource Manager and the endpoint for tokens.

    stand_in.py serve FOLDER < settings.json     serve until stdin closes; state below FOLDER
    stand_in.py tell FOLDER VERB [JSON]           fault, clear, set, state or journal, to a running one

It checks what Google would, and runs the tasks of a job as real processes, each attempt
on a machine of its own: a folder, nothing of this environment, a token as the job's
service account. gcloud is led here by FOLDER/environment (NAME=VALUE, one a line) alone.

What it is told to serve (all optional), as one line of JSON on stdin:

    {"projects": ["kgl-test"], "token": "user-token",
     "regions": {"us-central1": {"spot": true}},    without spot, spot machines are waited for
     "quota_vcpus": 64,                             too few for a task: the job waits, and says so
     "enabled": ["batch.googleapis.com"],           services that are on
     "accounts": ["a@kgl-test.iam.gserviceaccount.com"],
     "buckets": {"name": {"project": "kgl-test"}},  of another project: not yours
     "clock_ahead_s": 0,                            how much Google's clock is ahead of this machine's
     "refresh_token": "user-refresh",               what a login that is still good holds
     "page_size": 1000}                             the most a listing gives at once

`set` changes these while it runs, `clear` takes faults back. A fault is told with `fault`, and is used up after
`times` requests (default 1) that match:

    {"on": "insert" | "media" | "jobs" | "bucket" | … | "*",  the first word of a journal's line
     "skip": 0, "times": 1, "task": 2, "attempt": 0,           only of that task's machine
     "status": 503, "message": "...",
     "cut": "before" | "after",       close the connection: before the request counts, or after
     "preempt": "before" | "after",   the machine that asks is taken away (SIGKILL, 50001)
     "short": N}                      a file of N bytes only, as if that were all
    {"on": "start", "task": 2, "times": 9, "exit": 7}          the task fails, by itself
    {"on": "start", "times": 100000, "ends": 0}                no process: an attempt that ended so

FOLDER/journal.jsonl gets one line a request, and one for each task that starts and ends;
FOLDER/tasks.log is what tasks said. Tokens are not written.
"""

import json
import os
import re
import signal
import socket
import sys
import urllib.parse
from typing import NamedTuple

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
import tokens  # noqa: E402  (these lie beside this file)
from batch import Batch  # noqa: E402
from http_stand_in import Faults, Journal, StandInHandler, serve, tell  # noqa: E402  (and this above it)
from projects import Projects  # noqa: E402
from refused import Refused  # noqa: E402
from storage import Storage, parts_of  # noqa: E402

DEFAULTS = {
    "projects": ["kgl-test"], "token": "user-token", "regions": {"us-central1": {"spot": True}}, "quota_vcpus": 64,
}


class Who(NamedTuple):
    """Who asks: the user, or a task's machine as a service account."""

    name: str
    account: str | None = None
    task: int | None = None
    attempt: int | None = None
    token: str | None = None


class World:
    def __init__(self, folder, settings, port):
        self.folder = os.path.abspath(folder)
        self.settings = {**DEFAULTS, **settings}
        self.port = port
        self.faults = Faults()
        self.journal = Journal(os.path.join(folder, "journal.jsonl"))
        self.projects = Projects(self)
        self.storage = Storage(self)
        self.batch = Batch(self)

    @property
    def accounts(self):
        return self.projects.accounts

    def need_project(self, project):
        if project not in self.settings["projects"]:
            raise Refused(403, f"Permission denied on resource project {project}.")

    def need_service(self, project, service, title):
        if service not in self.projects.enabled:
            raise Refused(403, f"{title} has not been used in project {project} before or it is disabled. Enable it by visiting "
                          f"https://console.developers.google.com/apis/api/{service}/overview?project={project} then retry.",
                          [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com"}])

    def who(self, token):
        if token == self.settings["token"]:
            return Who("tester@example.com")
        found = self.batch.machine(token)
        if found is None:
            raise Refused(401, "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
        job, task, attempt = found
        account = job.body.get("allocationPolicy", {}).get("serviceAccount", {}).get("email")
        return Who(account or "the default account", account or "", task, attempt, token)

    def client_environment(self, home, token_file):
        """What leads gcloud here and keeps it quiet."""
        root = f"http://127.0.0.1:{self.port}/"
        services = ("BATCH", "SERVICEUSAGE", "IAM", "CLOUDRESOURCEMANAGER")
        return {
            **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": root for name in services},
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": root + "storage/v1/",
            "CLOUDSDK_AUTH_TOKEN_HOST": root + "token",
            "CLOUDSDK_CONFIG": os.path.join(home, "gcloud"),
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": token_file,
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
            "CLOUDSDK_CORE_DISABLE_FILE_LOGGING": "1",
            "CLOUDSDK_CORE_SURVEY_DISABLE_PROMPTS": "1",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
            "CLOUDSDK_STORAGE_PARALLEL_COMPOSITE_UPLOAD_ENABLED": "False",
            "CLOUDSDK_STORAGE_PROCESS_COUNT": "1",
        }

    def state(self):
        with self.batch.lock:
            return {
                "jobs": [job.view() for job in self.batch.jobs.values()],
                "objects": sorted("/".join(key) for key in self.storage.objects),
                "buckets": self.storage.buckets, "accounts": sorted(self.accounts),
                "enabled": sorted(self.projects.enabled), "policy": self.projects.policy,
                "machines": len(self.batch.machines),
            }


class Handler(StandInHandler):
    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path.startswith("/control/"):
            return self.control(url.path.removeprefix("/control/"), body)
        if url.path == "/token":
            # Who asks has no token yet.
            status, answer = tokens.answer(body, self.world.settings)
            return self.send(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})
        seen = {"rpc": self.name_of(url.path, query), "method": self.command, "path": url.path}
        try:
            who = self.authenticate()
        except Refused as refused:
            return self.refuse(seen, refused)
        about = {"task": who.task, "attempt": who.attempt}
        if who.task is not None:
            seen.update(about)
        fault = self.world.faults.next_for(seen["rpc"], **about)
        if fault.get("preempt") == "before":
            self.world.batch.preempt(who.token)
            return self.cut(seen, counted=False)
        if fault.get("cut") == "before":
            return self.cut(seen, counted=False)
        try:
            if "status" in fault:
                raise Refused(fault["status"], fault.get("message", "told to fail"))
            status, answer, headers = self.answer(url.path, query, body, who, fault)
        except Refused as refused:
            return self.refuse(seen, refused)
        if fault.get("preempt") == "after":
            self.world.batch.preempt(who.token)
            return self.cut(seen, counted=True)
        if fault.get("cut") == "after":
            return self.cut(seen, counted=True)
        self.world.journal.add(**seen, answer=status, counted=True)
        self.send(status, answer, headers)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_POST

    def name_of(self, path, query):
        """What a request is called in the journal and by faults."""
        if "/upload/" in path:
            return "piece" if "upload_id" in query else "insert"
        if query.get("alt") == "media":
            return "media"
        if path.startswith("/storage/v1/b"):
            if "/o/" in path:
                return "object"
            return "objects" if path.endswith("/o") else "bucket"
        for word in ("jobs", "serviceAccounts", "services"):
            if f"/{word}" in path:
                return "tasks" if path.endswith("/tasks") else word
        return "project"

    def authenticate(self):
        kind, _, token = (self.headers.get("Authorization") or "").partition(" ")
        if kind != "Bearer":
            raise Refused(401, "Request is missing required authentication credential.")
        return self.world.who(token)

    def answer(self, path, query, body, who, fault):
        """Status, bytes and headers."""
        upload = re.fullmatch(r"(?:/resumable)?/upload/storage/v1/b/([^/]+)/o", path)
        if upload:
            return self.upload(upload.group(1), query, body, who)
        if query.get("alt") == "media":
            return self.media(path, who, fault)
        if path.startswith("/storage/"):
            told = json.loads(body or b"null")
            return self.as_json(self.world.storage.call(self.command, path, query, told, who))
        if who.task is not None:
            raise Refused(403, f"{who.name} may not do that")
        told = json.loads(body or b"null")
        if "/locations/" in path:
            return self.as_json(self.world.batch.call(self.command, path, query, told, len(body)))
        return self.as_json(self.world.projects.call(self.command, path, told))

    def as_json(self, document):
        return 200, json.dumps(document).encode(), {"Content-Type": "application/json"}

    def media(self, path, who, fault):
        bucket, name = re.fullmatch(r"/(?:download/)?storage/v1/b/([^/]+)/o/(.+)", path).groups()
        entry = self.world.storage.find(bucket, urllib.parse.unquote(name), who)
        with open(entry["file"], "rb") as source:
            data = source.read()[: fault.get("short")]
        headers = {"Content-Type": "application/octet-stream", "X-Goog-Hash": f"crc32c={entry['crc32c']},md5={entry['md5']}"}
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if not span:
            return 200, data, headers
        start, end = int(span.group(1)), int(span.group(2) or len(data) - 1)
        if start >= len(data):
            raise Refused(416, "The requested range cannot be satisfied.")
        end = min(end, len(data) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
        return 206, data[start : end + 1], headers

    def upload(self, bucket, query, body, who):
        storage = self.world.storage
        if "upload_id" in query:
            done, have = storage.receive(query["upload_id"], self.headers.get("Content-Range"), body, who)
            if done is None:
                return 308, b"", {"Range": f"bytes=0-{have - 1}"} if have else {}
            return self.as_json(done)
        if query["uploadType"] == "resumable":
            name = query.get("name") or json.loads(body)["name"]
            number = storage.begin(bucket, name, query, who)
            place = f"http://127.0.0.1:{self.world.port}/resumable/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={number}"
            return 200, b"", {"Location": place}
        if query["uploadType"] == "multipart":
            described, data = parts_of(self.headers.get("Content-Type") or "", body)
            described = json.loads(described)
            return self.as_json(storage.put(bucket, described["name"], data, query, who))
        return self.as_json(storage.put(bucket, query["name"], body, query, who))

    # --- answers ---

    def refuse(self, seen, refused):
        self.world.journal.add(**seen, answer=refused.code, counted=False)
        self.send(refused.code, json.dumps(refused.body(seen["path"])).encode(), {"Content-Type": "application/json"})

    def cut(self, seen, counted):
        self.world.journal.add(**seen, answer="cut", counted=counted)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def send(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    # --- for the tests ---

    def control(self, verb, body):
        told = json.loads(body or b"null")
        if verb == "fault":
            answer = self.world.faults.add(told)
        elif verb == "clear":
            answer = self.world.faults.clear()
        elif verb == "set":
            self.world.settings.update(told)
            answer = {"set": sorted(told)}
        elif verb == "state":
            answer = self.world.state()
        else:
            return self.send(404, b"no such verb\n", {})
        return self.send(200, json.dumps(answer).encode() + b"\n", {"Content-Type": "application/json"})


def environment(world, _):
    token = os.path.join(world.folder, "token")
    with open(token, "w") as out:
        out.write(world.settings["token"])
    return {
        **world.client_environment(world.folder, token),
        "CLOUDSDK_CORE_PROJECT": world.settings["projects"][0], "CLOUDSDK_BATCH_LOCATION": "us-central1",
    }


def hang_up(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"] and len(sys.argv) == 3:
        signal.signal(signal.SIGTERM, hang_up)
        serve(sys.argv[2], Handler, World, environment).batch.stop()
    elif sys.argv[1:2] == ["tell"] and len(sys.argv) in (4, 5):
        tell(sys.argv[2], "/control/" + sys.argv[3], sys.argv[4] if len(sys.argv) == 5 else "null")
    else:
        sys.exit(__doc__)
