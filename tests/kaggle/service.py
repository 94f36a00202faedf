"""What the stand-in knows and does: competitions, submissions, kernels, datasets.

`Service.call(rpc, request)` answers as Kaggle does or raises `Refused`. Nothing
here knows HTTP. State is in memory; uploaded bytes and archives are files below
the folder it was given.
"""

import hashlib
import os
import threading
import time
import zipfile
from datetime import datetime, timezone

# Fields of a competition's settings that are ours, not the API's.
OURS = {
    "folder", "pages", "leaderboard", "page_size", "zipped", "listing_needs_entry",
    "past_submissions", "over_quota", "taken_meanwhile", "scoring",
}


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


class Service:
    def __init__(self, folder, settings):
        self.lock = threading.RLock()
        self.folder = folder
        self.settings = settings
        self.ahead_s = 0.0
        self.uploads = {}
        self.submissions = []
        self.kernels = {}
        self.datasets = {}
        os.makedirs(os.path.join(folder, "uploads"), exist_ok=True)
        for slug, competition in self.competitions.items():
            for past in competition.get("past_submissions", []):
                self.remember(slug, {"status": "COMPLETE", "totalBytes": 1, **past}, past.get("date"))

    @property
    def competitions(self):
        return self.settings.setdefault("competitions", {})

    def now(self):
        return time.time() + self.ahead_s

    def stamp(self):
        return datetime.fromtimestamp(self.now(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    # --- for the tests ---

    def set(self, patch):
        with self.lock:
            merge(self.settings, patch)
            return {"set": sorted(patch)}

    def advance(self, seconds):
        with self.lock:
            self.ahead_s += seconds
            return {"now": self.stamp()}

    def state(self):
        with self.lock:
            return {
                "now": self.stamp(),
                "submissions": self.submissions,
                "kernels": self.kernels,
                "datasets": self.datasets,
                "uploads": self.uploads,
            }

    # --- dispatch ---

    def call(self, rpc, request):
        answer = getattr(self, "rpc_" + rpc, None)
        if answer is None:
            raise Refused(404, f"the stand-in has no {rpc}")
        with self.lock:
            return answer(request)

    def competition(self, request, unknown):
        slug = request.get("competitionName", "")
        if slug not in self.competitions:
            raise Refused(self.settings.get("unknown_slug", unknown), "Permission denied" if unknown == 403 else "Not found")
        return slug, self.competitions[slug]

    def entered(self, request):
        slug, competition = self.competition(request, 403)
        if not competition.get("userHasEntered", True):
            raise Refused(403, "You must accept this competition's rules before you'll be able to download files.")
        return slug, competition

    # --- who ---

    def rpc_IntrospectToken(self, request):
        token = self.settings.get("token")
        if token and request.get("token") == token:
            return {"active": True, "username": self.settings.get("user", "tester")}
        return {"active": False}

    # --- competitions ---

    def api_competition(self, slug):
        competition = self.competitions[slug]
        shown = {
            "id": 1 + sorted(self.competitions).index(slug),
            "ref": f"https://www.kaggle.com/competitions/{slug}",
            "url": f"https://www.kaggle.com/competitions/{slug}",
            "title": slug.replace("-", " ").title(),
            "deadline": "2099-12-31T23:59:00Z",
            "category": "Playground",
            "reward": "Knowledge",
            "teamCount": 1000,
            "userHasEntered": True,
            "maxDailySubmissions": 5,
            "maxTeamSize": 5,
        }
        shown.update({name: value for name, value in competition.items() if name not in OURS})
        return shown

    def rpc_GetCompetition(self, request):
        slug, _ = self.competition(request, 404)
        return self.api_competition(slug)

    def rpc_ListCompetitions(self, request):
        wanted = request.get("search", "").lower()
        found = [self.api_competition(slug) for slug in sorted(self.competitions)]
        found = [one for one in found if wanted in one["ref"].lower() or wanted in one["title"].lower()]
        return page("competitions", found, request, 20)

    def rpc_ListDataFiles(self, request):
        slug, competition = self.competition(request, 403)
        if competition.get("listing_needs_entry"):
            self.entered(request)
        files = [
            {"name": name, "ref": name, "totalBytes": os.path.getsize(path), "creationDate": "2026-03-03T10:00:00.000Z"}
            for name, path in files_below(competition.get("folder"))
        ]
        return page("files", files, request, competition.get("page_size"))

    def rpc_ListCompetitionPages(self, request):
        _, competition = self.competition(request, 404)
        pages = [{"isPublished": True, **one} for one in competition.get("pages", [])]
        if request.get("pageName"):
            pages = [one for one in pages if one["name"] == request["pageName"]]
        return {"pages": pages}

    def rpc_GetLeaderboard(self, request):
        _, competition = self.competition(request, 403)
        rows = [{"submissionDate": "2026-03-03T10:00:00.000Z", **row} for row in competition.get("leaderboard", [])]
        return page("submissions", rows, request, competition.get("page_size"))

    def rpc_DownloadDataFile(self, request):
        slug, competition = self.entered(request)
        name = request.get("fileName", "")
        if name not in dict(files_below(competition.get("folder"))):
            raise Refused(404, "Not found")
        return {"redirect": f"file/{slug}/{name}" + (".zip" if competition.get("zipped") else "")}

    def rpc_DownloadDataFiles(self, request):
        slug, _ = self.entered(request)
        return {"redirect": f"all/{slug}/archive.zip"}

    def rpc_DownloadLeaderboard(self, request):
        raise Refused(404, "the stand-in keeps no leaderboard archive")

    def blob(self, name):
        """The file behind a blob's name, and its ETag."""
        with self.lock:
            what, _, rest = name.partition("/")
            slug, _, rest = rest.partition("/")
            if what == "kernel":
                output = self.settings.get("kernels", {}).get("output")
                return tagged(os.path.join(output, rest))
            if slug not in self.competitions:
                raise Refused(404, "Not found")
            folder = self.competitions[slug].get("folder")
            files = dict(files_below(folder))
            if what == "file" and rest in files:
                return tagged(files[rest])
            if what == "file" and rest.removesuffix(".zip") in files:
                inner = rest.removesuffix(".zip")
                return tagged(self.archive({inner.rsplit("/", 1)[-1]: files[inner]}))
            if what == "all":
                return tagged(self.archive(files))
            raise Refused(404, "Not found")

    def archive(self, files):
        """A zip of these files, made once for their state."""
        key = repr([(name, path, os.stat(path).st_mtime_ns, os.stat(path).st_size) for name, path in files.items()])
        path = os.path.join(self.folder, hashlib.sha256(key.encode()).hexdigest()[:16] + ".zip")
        if not os.path.exists(path):
            with zipfile.ZipFile(path + ".new", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
                for name, source in files.items():
                    info = zipfile.ZipInfo(name, (2026, 3, 3, 10, 0, 0))
                    info.compress_type = zipfile.ZIP_DEFLATED
                    with open(source, "rb") as bytes_in, out.open(info, "w") as bytes_out:
                        while chunk := bytes_in.read(1 << 20):
                            bytes_out.write(chunk)
            os.rename(path + ".new", path)
        return path

    # --- uploads ---

    def new_upload(self, name, length):
        token = f"upload-{len(self.uploads) + 1:04}"
        self.uploads[token] = {"name": name, "expected": int(length or 0), "bytes": 0, "sha256": None}
        return {"upload": token}

    def rpc_StartSubmissionUpload(self, request):
        self.entered(request)
        return self.new_upload(request.get("fileName", ""), request.get("contentLength"))

    def rpc_StartBlobUpload(self, request):
        return self.new_upload(request.get("name", ""), request.get("contentLength"))

    def receive(self, token, span, body):
        """Takes bytes of an upload; `(bytes there, whether it is whole)`."""
        with self.lock:
            if token not in self.uploads:
                raise Refused(404, "Not found")
            upload = self.uploads[token]
            path = os.path.join(self.folder, "uploads", token)
            # `bytes */N` asks how far it came; `bytes A-B/N` goes on at A.
            if not (span and span.startswith("bytes */")):
                start = int(span.removeprefix("bytes ").split("-")[0]) if span else 0
                if start > upload["bytes"]:
                    raise Refused(400, "a gap in the upload")
                with open(path, "r+b" if os.path.exists(path) else "wb") as out:
                    out.truncate(start)
                    out.seek(start)
                    out.write(body)
                upload["bytes"] = os.path.getsize(path)
            whole = upload["bytes"] == upload["expected"]
            if whole and os.path.exists(path):
                with open(path, "rb") as done:
                    upload["sha256"] = hashlib.file_digest(done, "sha256").hexdigest()
            return upload["bytes"], whole

    # --- submissions ---

    def remember(self, slug, fields, date=None):
        submission = {
            "ref": 1000001 + len(self.submissions),
            "date": date or self.stamp(),
            "submittedBy": self.settings.get("user", "tester"),
            "teamName": self.settings.get("user", "tester"),
            "competition": slug,
            "born_s": self.now(),
            "lists": 0,
            **fields,
        }
        self.submissions.append(submission)
        return submission

    def today(self, slug):
        day = self.stamp()[:10]
        return sum(one["competition"] == slug and one["date"][:10] == day for one in self.submissions)

    def limits(self, slug, competition):
        most = competition.get("maxDailySubmissions", 5)
        today = self.today(slug)
        total = sum(one["competition"] == slug for one in self.submissions)
        return {"numToday": today, "numTotal": total, "numAllowedNow": max(0, most - today), "limitedByTotal": False}

    def rpc_GetSubmissionLimits(self, request):
        return self.limits(*self.competition(request, 403))

    def accept(self, request, fields):
        slug, competition = self.entered(request)
        deadline = competition.get("deadline")
        if competition.get("submissionsDisabled") or (deadline and self.stamp() > deadline):
            raise Refused(403, "This competition no longer accepts submissions.")
        if self.limits(slug, competition)["numAllowedNow"] <= competition.get("taken_meanwhile", 0):
            message = "You have used all your submissions for today. Please try again tomorrow (UTC)."
            if competition.get("over_quota") == "quiet":
                return {"message": message}
            raise Refused(400, message)
        scoring = {"status": "COMPLETE", "public": "0.5", "private": "", "reason": "", **competition.get("scoring", {})}
        description = request.get("submissionDescription", "")
        made = self.remember(slug, {"description": description, "url": "", "scoring": scoring, **fields})
        title = self.api_competition(slug)["title"]
        return {"message": f"Successfully submitted to {title}", "ref": made["ref"]}

    def rpc_CreateSubmission(self, request):
        _, competition = self.competition(request, 403)
        if competition.get("isKernelsSubmissionsOnly"):
            raise Refused(400, "This competition only accepts submissions from notebooks.")
        upload = self.uploads.get(request.get("blobFileTokens"))
        if upload is None or upload["bytes"] != upload["expected"]:
            raise Refused(400, "the upload is not whole")
        return self.accept(request, {
            "fileName": upload["name"], "totalBytes": upload["bytes"],
            "sha256": upload["sha256"], "token": request["blobFileTokens"],
        })

    def rpc_CreateCodeSubmission(self, request):
        name = f"{request.get('kernelOwner')}/{request.get('kernelSlug')}"
        kernel = self.kernels.get(name)
        if kernel is None or request.get("kernelVersion", 0) > kernel["version"]:
            raise Refused(404, "Not found")
        return self.accept(request, {
            "fileName": request.get("fileName", ""), "totalBytes": 0,
            "kernel": name, "kernelVersion": request.get("kernelVersion", 0),
        })

    def shown(self, submission):
        """A submission as the API shows it at this moment."""
        keep = ("ref", "totalBytes", "date", "description", "fileName", "submittedBy", "teamName", "url",
                "publicScore", "privateScore", "status", "errorDescription")
        out = {name: submission[name] for name in keep if name in submission}
        scoring = submission.get("scoring")
        if scoring is None:
            return out
        pending = (submission["lists"] <= scoring.get("lists_unseen", 0) + scoring.get("lists_pending", 0)
                   or self.now() - submission["born_s"] < scoring.get("seconds_pending", 0))
        if pending:
            return {**out, "status": "PENDING"}
        if scoring["status"] == "ERROR":
            return {**out, "status": "ERROR", "errorDescription": scoring["reason"]}
        return {**out, "status": "COMPLETE", "publicScore": scoring["public"], "privateScore": scoring["private"]}

    def rpc_ListSubmissions(self, request):
        slug, competition = self.competition(request, 403)
        seen = []
        for submission in reversed(self.submissions):
            if submission["competition"] != slug:
                continue
            if not request.get("pageToken"):
                submission["lists"] += 1
            if submission["lists"] > submission.get("scoring", {}).get("lists_unseen", 0):
                seen.append(self.shown(submission))
        return page("submissions", seen, request, competition.get("page_size"))

    def rpc_GetSubmission(self, request):
        for submission in self.submissions:
            if submission["ref"] == request.get("ref"):
                submission["lists"] += 1
                return self.shown(submission)
        raise Refused(404, "Not found")

    # --- kernels ---

    def rpc_SaveKernel(self, request):
        settings = self.settings.get("kernels", {})
        name = request.get("slug", "")
        if settings.get("refuse"):
            return {"error": settings["refuse"]}
        kernel = self.kernels.setdefault(name, {"version": 0})
        kernel.update({**request, "version": kernel["version"] + 1, "looks": 0})
        missing = [one for one in request.get("datasetDataSources", []) if one not in self.datasets]
        return {
            "ref": f"/code/{name}", "url": f"https://www.kaggle.com/code/{name}",
            "versionNumber": kernel["version"], "invalidDatasetSources": missing,
        }

    def kernel(self, request):
        name = f"{request.get('userName')}/{request.get('kernelSlug')}"
        if name not in self.kernels:
            raise Refused(403, "Permission 'kernels.get' was denied")
        return name, self.kernels[name]

    def rpc_GetKernelSessionStatus(self, request):
        settings = self.settings.get("kernels", {})
        _, kernel = self.kernel(request)
        kernel["looks"] += 1
        queued = settings.get("looks_queued", 0)
        if kernel["looks"] <= queued:
            return {"status": "QUEUED"}
        if kernel["looks"] <= queued + settings.get("looks_running", 0):
            return {"status": "RUNNING"}
        if settings.get("status") == "ERROR":
            return {"status": "ERROR", "failureMessage": settings.get("reason", "")}
        return {"status": "COMPLETE"}

    def rpc_ListKernelSessionOutput(self, request):
        settings = self.settings.get("kernels", {})
        name, _ = self.kernel(request)
        slug = name.rsplit("/", 1)[-1]
        files = [
            {"fileName": file, "url": f"http://blobs.stand-in.invalid/kernel/{slug}/{file}?signature=SIGNED-URL-SECRET"}
            for file, _ in files_below(settings.get("output"))
        ]
        return {**page("files", files, request, settings.get("page_size")), "log": settings.get("log", "")}

    # --- datasets ---

    def files_of(self, request):
        tokens = [one.get("token") for one in request.get("files", [])]
        lost = [token for token in tokens if self.uploads.get(token, {}).get("sha256") is None]
        if lost:
            raise Refused(400, f"not uploaded: {lost}")
        return [{"token": token, **self.uploads[token]} for token in tokens]

    def rpc_CreateDataset(self, request):
        settings = self.settings.get("datasets", {})
        name = f"{request.get('ownerSlug')}/{request.get('slug')}"
        if settings.get("refuse") or name in self.datasets:
            return {"status": "error", "error": settings.get("refuse", "already there")}
        self.datasets[name] = {"version": 1, "looks": 0, "files": self.files_of(request), "private": request.get("isPrivate", False)}
        return {"status": "ok", "ref": name, "url": f"https://www.kaggle.com/datasets/{name}"}

    def rpc_CreateDatasetVersion(self, request):
        settings = self.settings.get("datasets", {})
        name = f"{request.get('ownerSlug')}/{request.get('datasetSlug')}"
        if name not in self.datasets:
            raise Refused(404, "Not found")
        if settings.get("refuse"):
            return {"status": "error", "error": settings["refuse"]}
        body = request.get("body", {})
        dataset = self.datasets[name]
        dataset.update(version=dataset["version"] + 1, looks=0, files=self.files_of(body), notes=body.get("versionNotes", ""))
        return {"status": "ok", "ref": name, "url": f"https://www.kaggle.com/datasets/{name}"}

    def dataset(self, request):
        name = f"{request.get('ownerSlug')}/{request.get('datasetSlug')}"
        if name not in self.datasets:
            raise Refused(404, "Not found")
        return name, self.datasets[name]

    def rpc_GetDatasetStatus(self, request):
        _, dataset = self.dataset(request)
        dataset["looks"] += 1
        pending = dataset["looks"] <= self.settings.get("datasets", {}).get("looks_pending", 0)
        return {"status": "BLOBS_RECEIVED" if pending else "READY"}

    def rpc_GetDataset(self, request):
        name, dataset = self.dataset(request)
        return {"ref": name, "currentVersionNumber": dataset["version"], "isPrivate": dataset["private"]}


def page(name, rows, request, most):
    """One page of a listing; the token is the place where the next begins."""
    size = min(int(request.get("pageSize") or 20), most or 200)
    start = int(request.get("pageToken") or 0)
    answer = {name: rows[start:start + size]}
    if start + size < len(rows):
        answer["nextPageToken"] = str(start + size)
    return answer


def files_below(folder):
    """`(name, path)` of each file below a folder, in the order of their names."""
    found = []
    for top, _, names in os.walk(folder or os.devnull):
        for name in names:
            path = os.path.join(top, name)
            found.append((os.path.relpath(path, folder), path))
    return sorted(found)


def tagged(path):
    """A file with the ETag of its state."""
    if not os.path.isfile(path):
        raise Refused(404, "Not found")
    stat = os.stat(path)
    return path, f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def merge(into, patch):
    """A merge patch: objects merge, anything else replaces, null removes."""
    for name, value in patch.items():
        if value is None:
            into.pop(name, None)
        elif isinstance(value, dict) and isinstance(into.get(name), dict):
            merge(into[name], value)
        else:
            into[name] = value
