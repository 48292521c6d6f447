"""Backups as docs/backup.md has them set up, by the package's services: taken, rehearsed, damaged, and found to be."""

import datetime
import re

import pytest

from tests.support.stack import ROOT, mobile

JOBS = ("backup", "restore-rehearsal")
HOME = "/var/backups/opsfabric"
PROGRAM = "/usr/libexec/opsfabric/backup"
SLUG = "kept"
PHOTO = "0196f000-0000-7000-8000-000000000001.jpg"


def service(job):
    return f"opsfabric-{job}.service"


def start(site, job):
    """What the timer does. What it says in the journal."""
    begun = site.box.run("date", "+%s").stdout.strip()
    status = site.box.run("systemctl", "start", service(job), check=False, timeout=600).returncode
    site.box.run("journalctl", "--sync")
    said = site.box.run("journalctl", "-b", "-o", "cat", "-u", service(job), f"--since=@{begun}").stdout
    assert (status == 0) == (site.show(service(job), "Result") == "success"), said
    return status, said


def bases(box):
    return sorted(box.path(f"{HOME}/base").glob("*Z"))


def test_before_they_are_set_up_the_timers_do_nothing(site):
    for job in JOBS:
        site.systemctl("start", service(job))
        assert site.show(service(job), "ConditionResult") == "no"
        assert site.last_success(job) is None


@pytest.mark.parametrize("job, at, days", [("backup", "02:40:00", 1), ("restore-rehearsal", "04:40:00", 7)])
def test_the_timers_know_when(site, job, at, days):
    name = f"opsfabric-{job}.timer"
    assert site.is_active(name) and site.show(name, "Triggers") == service(job)
    assert name in site.systemctl("list-timers", "--no-legend", "opsfabric-*")
    told = site.show(name, "NextElapseUSecRealtime")
    following = datetime.datetime.strptime(told.removesuffix(" UTC"), "%a %Y-%m-%d %H:%M:%S")
    left = following - datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert datetime.timedelta(seconds=-60) < left <= datetime.timedelta(days=days), told
    assert f"{following:%H:%M:%S}" == at
    if days == 7:
        assert f"{following:%a}" == "Sun"


@pytest.fixture(scope="module")
def kept(site):
    """A firm with a ticket and a photo, which lies where only the programs' user may look."""
    firm = site.tenant(slug=SLUG)
    phone = mobile()
    assert firm.ticket(phone).status_code == 201
    site.wait_messages(phone)
    directory = f"/var/lib/opsfabric/photos/{firm.id}"
    site.box.shell(f"install -d -o opsfabric -g opsfabric -m 700 {directory}; echo pixels >{directory}/{PHOTO};"
                   f" chown opsfabric: {directory}/{PHOTO}; chmod 600 {directory}/{PHOTO}")
    return firm


def test_set_up_as_the_document_says(site, box, kept):
    once = re.search(r"## Once\n\n((?:    .+\n)+)", (ROOT / "docs" / "backup.md").read_text())[1]
    said = box.shell(once).stdout
    assert "Restart Postgres once" in said
    site.arrive()
    site.wait_answers()
    assert site.psql("show archive_mode") == "on"


def test_the_service_takes_a_backup(site, box, kept):
    status, said = start(site, "backup")
    assert status == 0, said
    base, = bases(box)
    inside = f"{HOME}/base/{base.name}"
    assert (base / "data" / "PG_VERSION").is_file()
    firms = {row["slug"] for row in site.sql("select slug from customers")}
    assert {path.name for path in (base / "firms").iterdir()} == {f"{slug}.sql.gz" for slug in firms} and SLUG in firms
    assert (base / "photos" / str(kept.id) / PHOTO).read_text() == "pixels\n"
    assert (box.path(f"{HOME}/wal") / ((base / "last_wal").read_text().strip() + ".gz")).is_file()
    modes = box.shell(f"stat -c '%a %U %G' {HOME} {HOME}/base {HOME}/wal {inside} {inside}/data").stdout.splitlines()
    assert modes == ["710 root postgres", "710 root postgres", "700 postgres postgres", "700 root postgres", "700 postgres postgres"]
    assert site.last_success("backup") is not None


def test_the_service_rehearses_it(site, box):
    status, said = start(site, "restore-rehearsal")
    assert status == 0 and "The backup can be restored" in said and "FAIL" not in said, said
    assert "ok    Postgres has recovered" in said and "pg_amcheck" in said
    assert site.last_success("restore-rehearsal") is not None
    assert not list(box.path(HOME).glob("rehearsal*")), "something of it is left"
    site.wait_doctor()


def test_the_service_finds_a_damaged_one(site, box):
    before = site.last_success("restore-rehearsal")
    heap = site.one("select pg_relation_filepath('tickets'::regclass) as path")["path"]
    path = bases(box)[-1] / "data" / heap
    content = bytearray(path.read_bytes())
    content[-40] ^= 0x10
    path.write_bytes(content)
    status, said = start(site, "restore-rehearsal")
    assert status != 0
    line = "this backup is damaged, see FAIL above"
    assert line in said and f"`{line}`" in (ROOT / "docs" / "operations.md").read_text()
    assert re.search(rf"(?m)^FAIL  the base backup is damaged: .*{heap}", said), said
    assert site.last_success("restore-rehearsal") == before
    failed = site.systemctl("list-units", "--failed", "--plain", "--no-legend", "opsfabric*")
    assert service("restore-rehearsal") in failed
    assert not list(box.path(HOME).glob("rehearsal*")), "something of it is left"


def test_after_a_new_one_all_is_well(site, box):
    """What that line's entry says is to be done."""
    status, said = start(site, "backup")
    assert status == 0 and len(bases(box)) == 2, said
    status, said = start(site, "restore-rehearsal")
    assert status == 0, said
    # The photo is the same file, and what was damaged is kept until its turn comes.
    assert {path.stat().st_nlink for base in bases(box) for path in (base / "photos").rglob("*.jpg")} == {2}
    assert site.one("select failed_count from pg_stat_archiver")["failed_count"] == 0
    assert site.systemctl("is-failed", *map(service, JOBS), check=False).split() == ["inactive", "inactive"]
