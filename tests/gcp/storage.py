"""Cloud Storage: buckets and objects, with generations, checksums, ranges and rights.

Objects lie below FOLDER/objects, named by number; what they are called is in memory.
"""

import base64
import hashlib
import os
import re
import threading
import urllib.parse
from datetime import datetime, timezone

from refused import Refused

MAY = {
    "roles/storage.objectViewer": {"get", "list"},
    "roles/storage.objectCreator": {"create"},
    "roles/storage.objectUser": {"get", "list", "create", "delete"},
    "roles/storage.objectAdmin": {"get", "list", "create", "delete"},
}
RULE_CONDITIONS = {"age", "matchesPrefix", "matchesSuffix", "isLive", "numNewerVersions", "createdBefore"}


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return base64.b64encode((crc ^ 0xFFFFFFFF).to_bytes(4, "big")).decode()


def stamp():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")[:-4] + "Z"


def parts_of(content_type, body):
    """The metadata and the bytes of a multipart upload, whose lines gcloud ends with LF."""
    boundary = re.search(r"boundary=['\"]?([^'\";]+)", content_type)
    if not boundary:
        raise Refused(400, "no boundary in the multipart upload")
    mark = b"--" + boundary.group(1).encode()
    found = []
    for part in body.split(mark)[1:]:
        if part.startswith(b"--"):
            break
        part = part.removeprefix(b"\r\n").removeprefix(b"\n")
        _, _, content = re.split(rb"(\r?\n\r?\n)", part, maxsplit=1)
        found.append(content.removesuffix(b"\n").removesuffix(b"\r"))
    if len(found) != 2:
        raise Refused(400, f"a multipart upload has two parts, not {len(found)}")
    return found


class Storage:
    def __init__(self, world):
        self.world = world
        self.lock = threading.RLock()
        self.folder = os.path.join(world.folder, "objects")
        os.makedirs(self.folder, exist_ok=True)
        self.buckets = {}
        self.objects = {}
        self.uploads = {}
        self.generation = 1_700_000_000_000_000
        # Checksums of what was seen, by its SHA-256: one of them is slow here.
        self.checksums = {}
        for name, bucket in world.settings.get("buckets", {}).items():
            self.buckets[name] = {**self.new_bucket(name, bucket.get("project")), **bucket}

    # --- buckets ---

    def new_bucket(self, name, project):
        return {
            "kind": "storage#bucket", "id": name, "name": name, "project": project, "timeCreated": stamp(),
            "metageneration": "1", "location": "US-CENTRAL1", "storageClass": "STANDARD",
            "policy": {"kind": "storage#policy", "etag": "CAE=", "bindings": []},
        }

    def bucket(self, name, who, need=None):
        """The bucket, if it is there and `who` may do that in it."""
        bucket = self.buckets.get(name)
        if bucket is None:
            raise Refused(404, "The specified bucket does not exist.")
        if who.account is None:
            # The user owns all buckets of their projects and none of others.
            if bucket["project"] not in self.world.settings["projects"]:
                raise Refused(403, f"{who.name} does not have storage.buckets.get access to the Google Cloud Storage bucket. "
                              "Permission 'storage.buckets.get' denied on resource (or it may not exist).")
        elif need is None or need not in self.rights(bucket, who):
            raise Refused(403, f"{who.name} does not have storage.objects.{need} access to the Google Cloud Storage object.")
        return bucket

    def rights(self, bucket, who):
        if who.account is None:
            return MAY["roles/storage.objectAdmin"]
        member = f"serviceAccount:{who.account}"
        granted = [MAY.get(b["role"], set()) for b in bucket["policy"]["bindings"] if member in b["members"]]
        return set().union(*granted)

    def view_bucket(self, bucket):
        return {key: value for key, value in bucket.items() if key not in ("policy", "project")}

    def create_bucket(self, query, body):
        name, project = body["name"], query["project"]
        self.world.need_project(project)
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", name):
            raise Refused(400, f"Invalid bucket name: '{name}'")
        if name in self.buckets:
            mine = self.buckets[name]["project"] in self.world.settings["projects"]
            raise Refused(409, "Your previous request to create the named bucket succeeded and you already own it."
                          if mine else "The requested bucket name is not available. The bucket namespace is shared by all "
                          "users of the system. Please select a different name and try again.")
        self.check_lifecycle(body)
        bucket = {**self.new_bucket(name, project), **body}
        bucket["location"] = body.get("location", "US").upper()
        self.buckets[name] = bucket
        return self.view_bucket(bucket)

    def check_lifecycle(self, body):
        for rule in body.get("lifecycle", {}).get("rule", []):
            unknown = set(rule.get("condition", {})) - RULE_CONDITIONS
            if unknown or rule.get("action", {}).get("type") not in ("Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"):
                raise Refused(400, f"Invalid lifecycle rule: {rule}")

    # --- objects ---

    def view(self, bucket, name, entry):
        # gcloud fetches from the link that it is given here.
        place = f"http://127.0.0.1:{self.world.port}/download/storage/v1/b/{bucket}/o/{urllib.parse.quote(name, safe='')}"
        return {
            "mediaLink": f"{place}?generation={entry['generation']}&alt=media",
            "kind": "storage#object", "id": f"{bucket}/{name}/{entry['generation']}", "name": name, "bucket": bucket,
            "generation": str(entry["generation"]), "metageneration": "1", "contentType": "application/octet-stream",
            "size": str(entry["size"]), "timeCreated": entry["time"], "updated": entry["time"], "storageClass": "STANDARD",
            "md5Hash": entry["md5"], "crc32c": entry["crc32c"], "etag": f"CK{entry['generation']}",
        }

    def check_generation(self, bucket, name, query):
        wanted = query.get("ifGenerationMatch")
        have = self.objects.get((bucket, name), {}).get("generation", 0)
        if wanted is not None and int(wanted) != have:
            raise Refused(412, "At least one of the pre-conditions you specified did not hold.")

    def put(self, bucket, name, data, query, who):
        """The object appears, whole, or is refused."""
        digest = hashlib.sha256(data).digest()
        if digest not in self.checksums:
            self.checksums[digest] = crc32c(data), base64.b64encode(hashlib.md5(data).digest()).decode()
        with self.lock:
            found = self.bucket(bucket, who, "create")
            self.check_generation(bucket, name, query)
            if (bucket, name) in self.objects and "delete" not in self.rights(found, who):
                raise Refused(403, f"{who.name} does not have storage.objects.delete access to the Google Cloud Storage object.")
            self.generation += 1
            crc, md5 = self.checksums[digest]
            file = os.path.join(self.folder, str(self.generation))
            with open(file, "wb") as out:
                out.write(data)
            entry = {"file": file, "generation": self.generation, "size": len(data), "md5": md5, "crc32c": crc, "time": stamp()}
            self.objects[(bucket, name)] = entry
            return self.view(bucket, name, entry)

    def find(self, bucket, name, who, need="get"):
        self.bucket(bucket, who, need)
        entry = self.objects.get((bucket, name))
        if entry is None:
            raise Refused(404, f"No such object: {bucket}/{name}")
        return entry

    def list(self, bucket, query, who):
        self.bucket(bucket, who, "list")
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        names, prefixes = [], set()
        for place, name in sorted(self.objects):
            if place != bucket or not name.startswith(prefix):
                continue
            cut = name.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                prefixes.add(name[: cut + 1])
            else:
                names.append(name)
        most = min(int(query.get("maxResults") or 1000), self.world.settings.get("page_size", 1000))
        start = int(query.get("pageToken") or 0)
        answer = {"kind": "storage#objects", "prefixes": sorted(prefixes) if start == 0 else []}
        answer["items"] = [self.view(bucket, name, self.objects[(bucket, name)]) for name in names[start : start + most]]
        if start + most < len(names):
            answer["nextPageToken"] = str(start + most)
        return answer

    # --- requests ---

    def call(self, method, path, query, body, who):
        """What is asked of buckets and of the names of objects."""
        match = re.fullmatch(r"/storage/v1/b(?:/([^/]+))?(/iam|/o|/o/(.+))?", path)
        if not match:
            raise Refused(404, f"Method not found: {path}")
        bucket, rest, name = match.groups()
        with self.lock:
            if bucket is None and method == "POST":
                return self.create_bucket(query, body)
            if rest == "/iam":
                return self.policy(method, bucket, body, who)
            if rest == "/o":
                return self.list(bucket, query, who)
            if rest:
                name = urllib.parse.unquote(name)
                if method == "DELETE":
                    self.find(bucket, name, who, "delete")
                    del self.objects[(bucket, name)]
                    return {}
                return self.view(bucket, name, self.find(bucket, name, who))
            found = self.bucket(bucket, who)
            if method == "PATCH":
                self.check_lifecycle(body)
                found.update({key: value for key, value in body.items() if key != "name"})
            return self.view_bucket(found)

    def policy(self, method, bucket, body, who):
        found = self.bucket(bucket, who)
        if method == "PUT":
            for binding in body["bindings"]:
                if binding["role"] not in MAY:
                    raise Refused(400, f"Role {binding['role']} is not supported for this resource.")
                for member in binding["members"]:
                    if member.removeprefix("serviceAccount:") not in self.world.accounts:
                        raise Refused(400, f"Service account {member.removeprefix('serviceAccount:')} does not exist.")
            found["policy"] = {**body, "kind": "storage#policy", "etag": "CAI="}
        return found["policy"]

    def begin(self, bucket, name, query, who):
        """A resumable upload; gives its number."""
        with self.lock:
            self.bucket(bucket, who, "create")
            self.check_generation(bucket, name, query)
            number = str(len(self.uploads) + 1)
            self.uploads[number] = {"bucket": bucket, "name": name, "query": query, "data": b""}
            return number

    def receive(self, number, span, body, who):
        """Bytes of a resumable upload: the object once all are there, else how many there are."""
        upload = self.uploads.get(number)
        if upload is None:
            raise Refused(404, "no such upload")
        match = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", span or "")
        if match is None:
            start, total = 0, len(body)
        else:
            start = int(match.group(1) or len(upload["data"]))
            total = None if match.group(3) == "*" else int(match.group(3))
        if start > len(upload["data"]):
            raise Refused(400, "a piece is missing before this one")
        upload["data"] = upload["data"][:start] + body
        if total is None or len(upload["data"]) < total:
            return None, len(upload["data"])
        return self.put(upload["bucket"], upload["name"], upload["data"], upload["query"], who), total
