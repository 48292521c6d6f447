"""Lighthouse's four marks for a firm's pages on a slow phone: at least 95 each

Two pages in deploy/test, all kinds of them from OPSFABRIC_TEST_ROUNDS 50 on.
"""

import json
import os
import subprocess

from tests.support.stack import ROOT

ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
LEAST = 95
PAGES = ["/doerfler-ag", "/doerfler-ag/anfrage?flow=request"]
MORE = ["/doerfler-ag/leistungen", "/doerfler-ag/leistungen/heizung", "/doerfler-ag/kontakt", "/doerfler-ag/anfrage", "/salon-lumiere"]
# Marks of speed are of the machine as well: one that is busy gets another chance.
CHANCES = 5


def reports(stack, pages):
    done = subprocess.run(
        ["node", ROOT / "tests" / "browser" / "lighthouse.mjs"], input=json.dumps([stack.base + p for p in pages]),
        capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_no_mark_is_below_95(stack):
    pages = PAGES + (MORE if ROUNDS >= 50 else [])
    # A page that nginx has kept, as a visitor finds it.
    for page in pages:
        stack.session.get(stack.base + page)
    for chance in range(CHANCES):
        found = reports(stack, pages)
        for report in found:
            print(json.dumps(report))
            if report["error"] is not None and chance < CHANCES - 1:
                continue
            assert report["error"] is None
            marks = dict(report["scores"])
            assert set(marks) == {"performance", "accessibility", "best-practices", "seo"}
            if chance < CHANCES - 1:
                marks.pop("performance")
            assert all(mark is not None and mark >= LEAST for mark in marks.values()), report
        pages = [p for p, r in zip(pages, found) if r["error"] is not None or r["scores"]["performance"] < LEAST]
        if not pages:
            return
