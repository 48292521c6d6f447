"""browser - Chromium for the tests of tests/browser, driven by drive.mjs there: a job in, a result out"""

import json
import select
import subprocess
import tempfile

from .stack import PRESET, ROOT

# A page that is not there after this never comes.
JOB_S = 300


class Browser:
    """One browser with a profile of its own; each job is a new visitor."""

    def __init__(self, base, hosts=()):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            ["node", ROOT / "tests" / "browser" / "drive.mjs", base, *hosts],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.pictures = ROOT / "build" / PRESET / "screenshots"
        self.pictures.mkdir(parents=True, exist_ok=True)

    def do(self, scenario, **job):
        """job's pictures: a name with {look} or {n}; the file is kept under build/."""
        if job.get("pictures"):
            job["pictures"] = str(self.pictures / (job["pictures"] + ".jpg"))
        self.process.stdin.write(json.dumps({"do": scenario, **job}) + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], JOB_S)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.log.seek(0)
            raise AssertionError(f"{scenario}: no answer\n{self.log.read()[-4000:]}")
        answer = json.loads(line)
        assert "error" not in answer, f"{scenario} {job}\n{answer['error']}"
        return answer.get("result")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def well_behaved(result, dialogs=()):
    """No error or violation on the console, nothing from elsewhere, no cookie, no question but those."""
    assert result["complaints"] == []
    assert result["strangers"] == []
    assert result["cookies"] == []
    assert result["dialogs"] == list(dialogs)
