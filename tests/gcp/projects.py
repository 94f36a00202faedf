"""Service Usage, IAM and Resource Manager: services that are on, accounts, who may what."""

import re

from refused import Refused

SERVICES = {
    "batch.googleapis.com", "compute.googleapis.com", "storage.googleapis.com", "logging.googleapis.com",
    "iam.googleapis.com", "cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com",
}
PROJECT_ROLES = {"roles/batch.agentReporter", "roles/logging.logWriter"}


class Projects:
    def __init__(self, world):
        self.world = world
        self.enabled = set(world.settings.get("enabled", []))
        self.accounts = set(world.settings.get("accounts", []))
        self.policy = {"version": 1, "etag": "BwE0", "bindings": []}

    def call(self, method, path, body):
        match = re.fullmatch(r"/v1/projects/([^/:]+)(.*)", path)
        if not match:
            raise Refused(404, f"Method not found: {path}")
        project, rest = match.groups()
        if project != "-":
            self.world.need_project(project)
        if rest == "/services:batchEnable":
            return self.enable(body["serviceIds"])
        if re.fullmatch(r"/services/[^/:]+:enable", rest):
            return self.enable([rest.split("/")[2].removesuffix(":enable")])
        if rest == "/serviceAccounts" and method == "POST":
            return self.create_account(project, body["accountId"])
        if rest.startswith("/serviceAccounts/"):
            email = rest.rsplit("/", 1)[-1]
            if email not in self.accounts:
                raise Refused(404, f"Unknown service account: {email}")
            return {"name": f"projects/{project}/serviceAccounts/{email}", "email": email}
        if rest == ":getIamPolicy":
            return self.policy
        if rest == ":setIamPolicy":
            return self.set_policy(body["policy"])
        raise Refused(404, f"Method not found: {path}")

    def enable(self, services):
        for service in services:
            if service not in SERVICES:
                raise Refused(403, f"Not found or permission denied for service(s): {service}.")
        self.enabled.update(services)
        return {"name": "operations/acat.enable", "done": True, "response": {}}

    def create_account(self, project, name):
        if not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", name):
            raise Refused(400, "The account ID does not have a length between 6 and 30.")
        email = f"{name}@{project}.iam.gserviceaccount.com"
        if email in self.accounts:
            raise Refused(409, f"Service account {name} already exists within project projects/{project}.")
        self.accounts.add(email)
        return {"name": f"projects/{project}/serviceAccounts/{email}", "email": email}

    def set_policy(self, policy):
        for binding in policy["bindings"]:
            if binding["role"] not in PROJECT_ROLES:
                raise Refused(400, f"Role {binding['role']} is not supported for this resource.")
            for member in binding["members"]:
                if member.removeprefix("serviceAccount:") not in self.accounts:
                    raise Refused(400, f"Service account {member.removeprefix('serviceAccount:')} does not exist.")
        self.policy = policy
        return policy

    def roles(self, email):
        return {binding["role"] for binding in self.policy["bindings"] if f"serviceAccount:{email}" in binding["members"]}
