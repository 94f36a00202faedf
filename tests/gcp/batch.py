"""Batch: jobs that are checked as Google would, and whose tasks are real processes.

An attempt of a task has a machine: a folder of its own, with nothing of this
environment and a token of its own, and it is killed with all that it started. What
ends an attempt is known by its exit code; a machine that was taken away has 50001.
"""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from datetime import datetime, timezone

from job_rules import check_job
from refused import Refused

PREEMPTED, TOO_LONG = 50001, 50005
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
TASK_STATES = ("PENDING", "ASSIGNED", "RUNNING", "FAILED", "SUCCEEDED", "UNEXECUTED")
WORDS = {
    PREEMPTED: " due to Spot VM preemption with exit code 50001",
    TOO_LONG: " due to exceeding the maximum run duration with exit code 50005",
}


def stamp():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Task:
    def __init__(self, index):
        self.index = index
        self.state = "PENDING"
        self.events = []
        self.attempts = 0
        self.process = None
        # Why it was killed, if it was.
        self.killed_for = None

    def to(self, state, why="", code=None):
        event = {
            "type": "STATUS_CHANGED", "eventTime": stamp(), "taskState": state,
            "description": f"Task state is updated from {self.state} to {state}{why}.",
        }
        if code is not None:
            event["taskExecution"] = {"exitCode": code}
        self.events.append(event)
        self.state = state

    def kill(self, code):
        """As when the machine is gone: at once, with all that runs on it."""
        if self.process is not None and self.killed_for is None:
            self.killed_for = code
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Job:
    def __init__(self, name, body, group, uid):
        self.name, self.body, self.uid = name, body, uid
        self.spec = group["taskSpec"]
        self.parallelism = int(group.get("parallelism", 1))
        self.tasks = [Task(index) for index in range(int(group.get("taskCount", 1)))]
        self.state = "QUEUED"
        self.events = []
        self.began = None
        self.ran_s = 0.0
        self.created = stamp()
        self.wanted_end = False

    def to(self, state, why=""):
        self.events.append({
            "type": "STATUS_CHANGED", "eventTime": stamp(),
            "description": f"Job state is set from {self.state} to {state} for job {self.name}.{why}",
        })
        self.state = state

    def say(self, what):
        """An event that is no change of state; each is said once."""
        if all(event["description"] != what for event in self.events):
            self.events.append({"type": "OPERATIONAL_INFO", "eventTime": stamp(), "description": what})

    def view(self):
        counts = {}
        for task in self.tasks:
            counts[task.state] = counts.get(task.state, 0) + 1
        ran = self.ran_s if self.began is None else time.monotonic() - self.began
        return {
            **self.body, "name": self.name, "uid": self.uid, "createTime": self.created,
            "status": {
                "state": self.state, "runDuration": f"{ran:.3f}s", "statusEvents": self.events,
                "taskGroups": {"group0": {"counts": {state: str(count) for state, count in counts.items()}}},
            },
        }

    def view_task(self, task):
        return {
            "name": f"{self.name}/taskGroups/group0/tasks/{task.index}",
            "status": {"state": task.state, "statusEvents": task.events},
        }

    def find(self, state):
        return [task for task in self.tasks if task.state == state]


class Batch:
    def __init__(self, world):
        self.world = world
        self.lock = threading.RLock()
        self.jobs = {}
        self.machines = {}
        self.count = 0

    @property
    def settings(self):
        return self.world.settings

    # --- requests ---

    def call(self, method, path, query, body, size):
        match = re.fullmatch(r"/v1/projects/([^/]+)/locations/([^/]+)/jobs(?:/([^/:]+))?(:cancel|/taskGroups/group0/tasks)?", path)
        if not match:
            raise Refused(404, f"Method not found: {path}")
        project, region, name, rest = match.groups()
        self.world.need_project(project)
        self.world.need_service(project, "batch.googleapis.com", "Batch API")
        if region not in self.settings["regions"]:
            raise Refused(400, f"Location {region} is not found or access is unauthorized.")
        with self.lock:
            place = f"projects/{project}/locations/{region}/jobs"
            if name is None and method == "POST":
                return self.create(place, query["jobId"], body, size)
            if name is None:
                return {"jobs": [job.view() for key, job in self.jobs.items() if key.startswith(place)]}
            job = self.jobs.get(f"{place}/{name}")
            if job is None:
                raise Refused(404, f"Resource '{place}/{name}' was not found")
            if rest == ":cancel":
                return self.cancel(job)
            if rest:
                return self.list_tasks(job, query)
            if method == "DELETE":
                self.end(job)
                del self.jobs[job.name]
                return {"name": f"{job.name}-deletion", "done": False}
            return job.view()

    def create(self, place, name, body, size):
        full = f"{place}/{name}"
        if full in self.jobs:
            raise Refused(409, f"Resource '{full}' already exists")
        group = check_job(name, body, size)
        email = body.get("allocationPolicy", {}).get("serviceAccount", {}).get("email")
        if email and email not in self.world.accounts:
            raise Refused(400, f"service account {email} does not exist or you do not have permission to act as it")
        self.count += 1
        job = Job(full, body, group, f"{name}-{self.count:08x}")
        self.jobs[full] = job
        threading.Thread(target=self.run, args=(job,), daemon=True).start()
        return job.view()

    def list_tasks(self, job, query):
        asked, start = int(query.get("pageSize") or 0), int(query.get("pageToken") or 0)
        if asked < 0:
            raise Refused(400, "page_size must not be negative")
        # More than the most is taken, and answered with the most.
        most = min(asked or 100, self.settings.get("page_size", 1000))
        wanted = re.fullmatch(r"(?:State=([A-Z]+))?", query.get("filter", ""))
        if wanted is None or wanted.group(1) not in (None, *TASK_STATES):
            raise Refused(400, f"Invalid filter: {query['filter']}")
        tasks = job.find(wanted.group(1)) if wanted.group(1) else job.tasks
        answer = {"tasks": [job.view_task(task) for task in tasks[start : start + most]]}
        if start + most < len(tasks):
            answer["nextPageToken"] = str(start + most)
        return answer

    def cancel(self, job):
        if job.state in ENDED:
            raise Refused(400, f"Job {job.name} is in terminal state {job.state} and cannot be cancelled")
        job.to("CANCELLATION_IN_PROGRESS")
        self.end(job)
        return {"name": f"{job.name}-cancellation", "done": False}

    def end(self, job):
        job.wanted_end = True
        for task in job.find("RUNNING"):
            task.kill(PREEMPTED)

    def stop(self):
        """Nothing that was started outlives the server."""
        with self.lock:
            for job in self.jobs.values():
                self.end(job)

    # --- what runs ---

    def room(self, job):
        """How many tasks may run at once; says why there are none."""
        policy = (job.body.get("allocationPolicy", {}).get("instances") or [{}])[0].get("policy", {})
        region = self.settings["regions"][job.name.split("/")[3]]
        spot = policy.get("provisioningModel", "STANDARD") == "SPOT"
        if spot and not region.get("spot", True):
            job.say(
                "VM in Managed Instance Group meets error: Batch Error: code - CODE_GCE_ZONE_RESOURCE_POOL_EXHAUSTED, "
                "description - error count is 1, latest message example: The zone does not have enough resources "
                "available to fulfill the request.",
            )
            return 0
        quota = self.settings["quota_vcpus"]
        cores = -(-int(job.spec.get("computeResource", {}).get("cpuMilli", 2000)) // 1000)
        if quota < cores:
            job.say(
                "VM in Managed Instance Group meets error: Batch Error: code - CODE_GCE_QUOTA_EXCEEDED, "
                f"description - error count is 1, latest message example: Instance creation failed: Quota 'CPUS' exceeded. Limit: {quota}.0 in region."
            )
        return min(job.parallelism, quota // cores)

    def run(self, job):
        with self.lock:
            job.to("SCHEDULED")
        while True:
            with self.lock:
                if not job.wanted_end:
                    for task in job.find("PENDING")[: max(0, self.room(job) - len(job.find("RUNNING")))]:
                        if job.began is None:
                            job.began = time.monotonic()
                            job.to("RUNNING")
                        self.start(job, task)
                busy = job.find("RUNNING")
                if not busy and (job.wanted_end or not job.find("PENDING")):
                    return self.finish(job)
            time.sleep(0.02)

    def finish(self, job):
        for task in job.find("PENDING"):
            task.to("UNEXECUTED")
        if job.began is not None:
            job.ran_s, job.began = time.monotonic() - job.began, None
        if job.wanted_end:
            job.to("CANCELLED")
        elif job.find("FAILED"):
            job.to("FAILED", f" Job failed due to task failure. For example, task with index {job.find('FAILED')[0].index} failed.")
        else:
            job.to("SUCCEEDED")

    def start(self, job, task):
        task.to("ASSIGNED")
        attempt = task.attempts
        task.attempts += 1
        fault = self.world.faults.next_for("start", task=task.index, attempt=attempt)
        if "ends" in fault:
            task.to("RUNNING")
            return self.judge(job, task, fault["ends"])
        token = f"vm-{job.uid}-{task.index}-{attempt}"
        folder = os.path.join(self.world.folder, "machines", token)
        os.makedirs(os.path.join(folder, "tmp"))
        script = job.spec["runnables"][0]["script"]["text"]
        if "exit" in fault:
            script = f"echo 'told to fail' >&2\nexit {fault['exit']}\n"
        for name, text in (("script", script), ("token", token)):
            with open(os.path.join(folder, name), "w") as out:
                out.write(text)
        environment = {
            "PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": os.path.join(folder, "tmp"),
            **self.world.client_environment(folder, os.path.join(folder, "token")),
            **job.spec.get("environment", {}).get("variables", {}),
            "BATCH_TASK_INDEX": str(task.index), "BATCH_TASK_COUNT": str(len(job.tasks)),
        }
        task.killed_for = None
        self.machines[token] = (job, task)
        with open(os.path.join(self.world.folder, "tasks.log"), "ab") as log:
            task.process = subprocess.Popen(
                ["bash", os.path.join(folder, "script")], cwd=folder, env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        task.to("RUNNING")
        self.world.journal.add(rpc="task", task=task.index, attempt=attempt, job=job.name.split("/")[-1])
        threading.Thread(target=self.attend, args=(job, task, task.process, folder, token), daemon=True).start()

    def attend(self, job, task, process, folder, token):
        limit = float(job.spec.get("maxRunDuration", "1209600s").rstrip("s"))
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            with self.lock:
                task.kill(TOO_LONG)
            code = process.wait()
        # Whatever it left running goes with the machine.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        shutil.rmtree(folder, ignore_errors=True)
        with self.lock:
            del self.machines[token]
            task.process = None
            code = task.killed_for or (code if code >= 0 else 128 - code)
            self.judge(job, task, code)

    def judge(self, job, task, code):
        self.world.journal.add(rpc="ended", task=task.index, attempt=task.attempts - 1, exit=code, job=job.name.split("/")[-1])
        if code == 0:
            return task.to("SUCCEEDED")
        why = WORDS.get(code, f" due to task failure with exit code {code}")
        task.to("FAILED", why, code)
        policies = job.spec.get("lifecyclePolicies", [])
        retried = any(
            policy["action"] == "RETRY_TASK" and code in policy["actionCondition"]["exitCodes"] for policy in policies
        ) or not policies
        if retried and task.attempts <= job.spec.get("maxRetryCount", 0) and not job.wanted_end:
            task.to("PENDING", " to be retried")

    def machine(self, token):
        """The job, task and attempt of the machine that has this token, or nothing."""
        with self.lock:
            found = self.machines.get(token)
            return (found[0], found[1].index, found[1].attempts - 1) if found else None

    def preempt(self, token):
        with self.lock:
            found = self.machines.get(token)
            if found:
                found[1].kill(PREEMPTED)
