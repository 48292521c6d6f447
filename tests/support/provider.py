"""provider - provider_simulator.py as a child, and the file of what it accepted"""

import collections
import signal
import subprocess
import sys
import uuid

from .stack import ROOT, free_port, json_lines

SIMULATOR = ROOT / "tests" / "support" / "provider_simulator.py"


def settings(port):
    """With these every provider is the simulator on that port."""
    at = f"http://127.0.0.1:{port}"
    return {
        "ECALL_USERNAME": "it", "ECALL_PASSWORD": "secret", "ECALL_URL": f"{at}/api/message",
        "ECALL_STATUS_URL": f"{at}/api/message/{{id}}", "ECALL_HTTPS_URL": f"{at}/",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_API_KEY_SID": "it", "TWILIO_API_KEY_SECRET": "secret",
        "TWILIO_URL": f"{at}/2010-04-01",
        "KANNEL_USERNAME": "it", "KANNEL_PASSWORD": "secret", "KANNEL_URL": f"{at}/cgi-bin/sendsms",
    }


class Provider:
    """One that runs. Its accounts: it:secret, and the one of a firm."""

    def __init__(self, home, *options, port=None):
        self.accepted_file = home / f"accepted-{uuid.uuid4().hex}"
        self.process = subprocess.Popen(
            [sys.executable, SIMULATOR, "--accepted", self.accepted_file, "--port", str(port or free_port()), "--user", "it:secret",
             "--user", "firm:its own", *options], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def accepted(self):
        """By id of the row: what was accepted of it."""
        out = collections.defaultdict(list)
        for message in json_lines(self.accepted_file):
            out[message["ref"]].append(message)
        return out

    def count(self):
        return self.accepted_file.read_bytes().count(b"\n")

    def release(self):
        self.process.send_signal(signal.SIGUSR1)

    def stop(self):
        self.process.terminate()
        self.process.wait(120)
        self.process.stdout.close()
