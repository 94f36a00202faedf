"""What Batch checks in a job before it takes it: fields, kinds, values, limits.

gcloud sends whatever a file holds; only the service knows better.
"""

import re

from refused import Refused

TEXT, NUMBER, INT64, FLAG, SECONDS, LABELS = "text", "number", "int64", "flag", "seconds", "labels"


class OneOf(tuple):
    """The values of an enumeration."""


CODES = [NUMBER]
POLICY = {
    "allowedLocations": [TEXT], "machineType": TEXT, "minCpuPlatform": TEXT,
    "provisioningModel": OneOf(["STANDARD", "SPOT", "PREEMPTIBLE", "RESERVATION_BOUND", "FLEX_START"]),
    "bootDisk": {"type": TEXT, "image": TEXT, "sizeGb": INT64}, "reservation": TEXT,
}
RUNNABLE = {
    "script": {"text": TEXT, "path": TEXT},
    "container": {"imageUri": TEXT, "commands": [TEXT], "entrypoint": TEXT, "volumes": [TEXT], "options": TEXT},
    "barrier": {"name": TEXT}, "displayName": TEXT, "ignoreExitStatus": FLAG, "background": FLAG, "alwaysRun": FLAG,
    "environment": {"variables": LABELS}, "timeout": SECONDS, "labels": LABELS,
}
TASK_SPEC = {
    "runnables": [RUNNABLE],
    "computeResource": {"cpuMilli": INT64, "memoryMib": INT64, "bootDiskMib": INT64},
    "maxRunDuration": SECONDS, "maxRetryCount": NUMBER,
    "lifecyclePolicies": [{
        "action": OneOf(["ACTION_UNSPECIFIED", "RETRY_TASK", "FAIL_TASK"]), "actionCondition": {"exitCodes": CODES},
    }],
    "environments": LABELS, "environment": {"variables": LABELS, "secretVariables": LABELS},
}
JOB = {
    "name": TEXT, "uid": TEXT, "priority": INT64, "labels": LABELS,
    "taskGroups": [{
        "name": TEXT, "taskSpec": TASK_SPEC, "taskCount": INT64, "parallelism": INT64, "taskCountPerNode": INT64,
        "schedulingPolicy": OneOf(["SCHEDULING_POLICY_UNSPECIFIED", "AS_SOON_AS_POSSIBLE", "IN_ORDER"]),
        "taskEnvironments": [{"variables": LABELS}], "requireHostsFile": FLAG, "permissiveSsh": FLAG,
        "runAsNonRoot": FLAG,
    }],
    "allocationPolicy": {
        "location": {"allowedLocations": [TEXT]},
        "instances": [{
            "policy": POLICY, "instanceTemplate": TEXT, "installGpuDrivers": FLAG, "installOpsAgent": FLAG,
            "blockProjectSshKeys": FLAG,
        }],
        "serviceAccount": {"email": TEXT, "scopes": [TEXT]}, "labels": LABELS,
        "network": {"networkInterfaces": [{"network": TEXT, "subnetwork": TEXT, "noExternalIpAddress": FLAG}]},
        "tags": [TEXT],
    },
    "logsPolicy": {"destination": OneOf(["DESTINATION_UNSPECIFIED", "CLOUD_LOGGING", "PATH"]), "logsPath": TEXT},
}

MAX_BYTES = 1_000_000
MAX_TASKS = 100_000
MAX_PARALLEL = 5_000


def bad(message):
    return Refused(400, message)


def snake(name):
    return re.sub(r"[A-Z]", lambda letter: "_" + letter.group().lower(), name)


def check_shape(value, shape, path):
    """Refuses what the service's own reader of JSON refuses."""
    said = f"Invalid value at '{path}'"
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise bad(f"{said} (not an object)")
        for name, inner in value.items():
            if name not in shape:
                raise bad(f"Invalid JSON payload received. Unknown name \"{name}\" at '{path}': Cannot find field.")
            check_shape(inner, shape[name], f"{path}.{snake(name)}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise bad(f"{said} (not a list)")
        for place, inner in enumerate(value):
            check_shape(inner, shape[0], f"{path}[{place}]")
    elif isinstance(shape, OneOf):
        if value not in shape:
            raise bad(f"{said} (type.googleapis.com/google.cloud.batch.v1), \"{value}\"")
    elif shape == LABELS:
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise bad(f"{said} (not a map of text)")
    elif shape == INT64:
        if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
            raise bad(f"{said} (TYPE_INT64), \"{value}\"")
    elif shape == NUMBER:
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad(f"{said} (TYPE_INT32), \"{value}\"")
    elif shape == FLAG:
        if not isinstance(value, bool):
            raise bad(f"{said} (TYPE_BOOL), \"{value}\"")
    elif shape == SECONDS:
        if not re.fullmatch(r"\d+(\.\d+)?s", str(value)):
            raise bad(f"{said} (type.googleapis.com/google.protobuf.Duration), \"{value}\"")
    elif not isinstance(value, str):
        raise bad(f"{said} (TYPE_STRING), {value}")


def check_labels(labels, path):
    for key, value in labels.items():
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key) or not re.fullmatch(r"[a-z0-9_-]{0,63}", value):
            raise bad(f"{path}: label {key}={value} is invalid")
        if key.startswith(("goog-", "google-")):
            raise bad(f"{path}: label key {key} is reserved")


def check_job(name, job, size):
    """Refuses what Batch refuses; gives the group of tasks."""
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name):
        raise bad(f"Job ID \"{name}\" is invalid")
    if size > MAX_BYTES:
        raise bad(f"Request payload size exceeds the limit: {MAX_BYTES} bytes.")
    check_shape(job, JOB, "job")
    groups = job.get("taskGroups", [])
    if len(groups) != 1:
        raise bad("exactly one task group must be specified")
    group = groups[0]
    tasks = int(group.get("taskCount", 1))
    if not 1 <= tasks <= MAX_TASKS:
        raise bad(f"task_groups[0].task_count must be in [1, {MAX_TASKS}], got {tasks}")
    if not 1 <= int(group.get("parallelism", 1)) <= MAX_PARALLEL:
        raise bad(f"task_groups[0].parallelism must be in [1, {MAX_PARALLEL}]")
    spec = group.get("taskSpec", {})
    if not spec.get("runnables"):
        raise bad("task_groups[0].task_spec.runnables must not be empty")
    if not 0 <= spec.get("maxRetryCount", 0) <= 10:
        raise bad("task_groups[0].task_spec.max_retry_count must be in [0, 10]")
    if len(spec.get("lifecyclePolicies", [])) > 1:
        raise bad("only one lifecycle policy is supported")
    policies = job.get("allocationPolicy", {}).get("instances", [])
    if len(policies) > 1:
        raise bad("only one instances entry is supported")
    check_labels(job.get("labels", {}), "labels")
    check_labels(job.get("allocationPolicy", {}).get("labels", {}), "allocation_policy.labels")
    return group
