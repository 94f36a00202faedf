"""What the stand-ins of services share: faults, a journal, a server that dies with its test.

A stand-in serves a folder: FOLDER/port says where it listens, FOLDER/environment
leads programs to it, FOLDER/journal.jsonl says what came. Whoever starts it holds
its stdin, so it never outlives a test that was killed.
"""

import json
import os
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Faults:
    """What is to go wrong, in the order it was told."""

    def __init__(self):
        self.lock = threading.Lock()
        self.waiting = []

    def add(self, fault):
        with self.lock:
            self.waiting.append({"skip": 0, "times": 1, **fault})
            return {"waiting": len(self.waiting)}

    def clear(self):
        with self.lock:
            self.waiting.clear()
            return {"waiting": 0}

    def next_for(self, name, **about):
        """The fault that is due; where it says of whom (`task`, …), only for them."""
        with self.lock:
            for fault in self.waiting:
                if fault["on"] not in (name, "*"):
                    continue
                if any(fault.get(key, value) != value for key, value in about.items()):
                    continue
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                    continue
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self.waiting.remove(fault)
                return fault
        return {}


class Journal:
    """One line a request, on disk before the answer leaves."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.path = path
        open(path, "w").close()

    def add(self, **entry):
        with self.lock, open(self.path, "a") as out:
            out.write(json.dumps(entry, sort_keys=True) + "\n")


class StandInHandler(BaseHTTPRequestHandler):
    """Keeps connections open, says nothing on stderr, and knows the world it answers for."""

    protocol_version = "HTTP/1.1"
    server_version = "StandIn"
    # One write an answer, so that a cut never leaves half a header behind.
    wbufsize = -1

    def log_message(self, *_):
        pass

    @property
    def world(self):
        return self.server.world


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that was killed in the middle is no news."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, OSError)):
            super().handle_error(request, client_address)


def appear(path, text):
    with open(path + ".new", "w") as out:
        out.write(text)
    os.rename(path + ".new", path)


def serve(folder, handler, make_world, make_environment):
    """Serves until stdin closes; its first line is the settings, as JSON."""
    os.makedirs(folder, exist_ok=True)
    settings = sys.stdin.readline()
    server = Server(("127.0.0.1", 0), handler)
    server.world = make_world(folder, json.loads(settings or "{}"), server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    variables = make_environment(server.world, server.server_port)
    appear(os.path.join(folder, "environment"), "".join(f"{name}={value}\n" for name, value in variables.items()))
    appear(os.path.join(folder, "port"), str(server.server_port))
    try:
        sys.stdin.read()
    except KeyboardInterrupt:
        pass
    return server.world


def tell(folder, path, told):
    """Posts to a running one, and prints its answer; the journal is read from the disk."""
    if path.endswith("/journal"):
        with open(os.path.join(folder, "journal.jsonl")) as journal:
            sys.stdout.write(journal.read())
        return
    with open(os.path.join(folder, "port")) as port:
        url = f"http://127.0.0.1:{port.read()}{path}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(urllib.request.Request(url, data=told.encode(), method="POST")) as answer:
        sys.stdout.write(answer.read().decode())
