"""opsfabric: the operator's command, as a sysadmin and as a script meets it"""

import datetime
import hashlib
import json
import os
import re
import subprocess
import uuid

import pytest

from tests.support.stack import ROOT, landline, mobile, wait_for

DONE, REFUSED, USAGE, NOT_FOUND, AWAY, NEWER = 0, 1, 2, 3, 4, 5

# Of appointments: in the future, and less than two years ahead.
YEAR = datetime.date.today().year + 1
MAN = (ROOT / "docs" / "man" / "opsfabric.1").read_text()
MIGRATIONS = sorted(p.stem for p in (ROOT / "schema").glob("[0-9]*.sql"))


class Command:
    """The command with the environment of a stack, or with parts of another."""

    def __init__(self, stack):
        self.program = stack.state / "programs" / "bin" / "opsfabric"
        self.env = dict(stack.env)

    def __call__(self, *args, stdin=None, **env):
        return subprocess.run(
            [self.program, *map(str, args)], env={**self.env, **env}, input=stdin,
            capture_output=True, text=True, timeout=180,
        )

    def json(self, *args, **kwargs):
        out = self(*args, "--json", **kwargs)
        assert out.returncode == DONE, (args, out.stdout, out.stderr)
        return json.loads(out.stdout)


@pytest.fixture(scope="module")
def command(stack):
    return Command(stack)


def document(**changes):
    doc = {
        "slug": "c-" + uuid.uuid4().hex[:12],
        "name": "Muster Haustechnik AG",
        "phone": landline(),
        "sms_number": mobile(),
    }
    doc.update(changes)
    return doc


def fields_of(stderr):
    """The fields that a refusal names."""
    return set(re.findall(r"^opsfabric: (/[^ :]*): ", stderr, re.M))


# ---- help ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def names(command):
    out = command("--help")
    assert out.returncode == DONE and out.stderr == ""
    return re.findall(r"^  ([a-z-]+(?: [a-z-]+)*) {2,}\S", out.stdout, re.M)


def test_help_lists_every_command(names):
    for wanted in ("migrate", "doctor", "tenant add", "tenant list", "tenant show", "tenant set", "tenant deactivate",
                   "token create", "token list", "token revoke", "secret set", "secret list", "secret remove", "secret rotate", "domain list", "domain write", "clock set", "clock clear", "clock show",
                   "message list", "message resolve", "ticket list", "ticket show", "ticket move"):
        assert wanted in names


def test_help_of_a_group_lists_its_commands(command, names):
    for group in {name.split()[0] for name in names if " " in name}:
        asked, bare = command(group, "--help"), command(group)
        assert (asked.returncode, asked.stderr) == (DONE, "")
        assert re.findall(r"^  ([a-z -]+?) {2,}\S", asked.stdout, re.M) == [name for name in names if name.split()[0] == group]
        assert bare.returncode == USAGE and bare.stdout == "" and bare.stderr.endswith(asked.stdout)
    out = command("nothing", "--help")
    assert out.returncode == USAGE and out.stdout == "" and "there is no command nothing" in out.stderr


def described(name):
    """What the man page says of a command: the line that names it, to the next one."""
    return re.search(rf"(?m)^\.It Cm {name}(?= |$).*\n(?:(?!\.It |\.El|\.Ss|\.Sh).*\n)*", MAN)


def test_the_man_page_has_every_command_and_every_option(command, names):
    # What tenant add and set take stands there once, for both.
    settings = MAN[MAN.index("have an option for each setting"):MAN.index(".It Cm token create")]
    for name in names:
        found = described(name)
        assert found, name
        out = command(*name.split(), "--help")
        assert out.returncode == DONE and out.stdout.startswith(f"Usage: opsfabric {name}")
        text = found[0] + (settings if name in ("tenant add", "tenant set") else "")
        there = set(re.findall(r"Fl -([a-z-]+)", text))
        options = set(re.findall(r"^  --([a-z-]+)", out.stdout, re.M)) - {"help", "json"}
        assert options <= there, (name, options - there)
        # And none that it has not, in the line of its own.
        own = set(re.findall(r"Fl -([a-z-]+)", found[0].splitlines()[0]))
        assert own <= options, (name, own - options)


def test_completion_offers_what_the_command_has(command, names):
    """The function of the package's file, as bash calls it."""
    def offered(*words):
        script = """source "$1"; shift; COMP_WORDS=(opsfabric "$@"); COMP_CWORD=$#; _opsfabric; printf '%s\n' "${COMPREPLY[@]}" """
        out = subprocess.run(["bash", "--norc", "-c", script, "bash", ROOT / "deploy/opsfabric.bash-completion", *words],
                             env={**command.env, "PATH": f"{command.program.parent}:{os.environ['PATH']}"},
                             capture_output=True, text=True, timeout=60)
        assert out.returncode == 0 and out.stderr == "", out.stderr
        return set(out.stdout.split())

    assert offered("") == {name.split()[0] for name in names}
    assert offered("resto") == {"restored", "restore-rehearsal"}
    assert offered("tenant", "") == {name.split()[1] for name in names if name.startswith("tenant ")}
    assert offered("tenant", "preset", "") == {"list", "show"}
    assert offered("message", "list", "--l") == {"--limit"}
    assert {"--status", "--help", "--json"} <= offered("migrate", "--")


def test_the_man_page_has_every_exit_status_of_help(command):
    section = MAN[MAN.index(".Sh EXIT STATUS"):MAN.index(".Sh EXAMPLES")]
    assert re.findall(r"^\.It (\d)$", section, re.M) == ["0", "1", "2", "3", "4", "5"]
    said = command("--help").stdout
    assert "0 done, 1 failed or refused, 2 wrong command line, 3 not" in said and "5 it is newer" in said


def test_version(command):
    assert re.fullmatch(r"opsfabric \d+\.\d+\.\d+\n", command("--version").stdout)


@pytest.mark.parametrize("args", [
    [], ["frob"], ["tenant"], ["tenant", "frob"], ["tenant", "show"], ["tenant", "show", "a", "b"], ["tenant", "show", "--frob"],
    ["message", "list", "--limit", "0"], ["message", "list", "--limit", "1001"], ["message", "list", "--limit", "x"],
    ["message", "list", "--after"], ["message", "list", "--after", "x"], ["message", "list", "--status", "NEW"],
    ["message", "list", "--ticket", "1"], ["ticket", "list", "a", "--status", "new"], ["ticket", "list", "a", "--after", "x"],
    ["token", "revoke", "x"], ["secret", "set", "a"], ["secret", "set", "a", "ecall.pasword"], ["secret", "rotate", "a"], ["message", "resolve", "x", "sent"],
    ["message", "resolve", str(uuid.uuid4()), "delivered"], ["clock", "set", "yesterday"], ["clock", "set", "2026-11-29T02:30:00"], ["clock", "set"],
])
def test_a_wrong_command_line_is_2_and_says_so_on_stderr(command, args):
    out = command(*args)
    assert out.returncode == USAGE, out.stderr
    assert out.stdout == "" and out.stderr.startswith("opsfabric: ")


@pytest.mark.parametrize("args", [
    ["tenant", "show", "no-such-firm"], ["tenant", "set", "no-such-firm", "plan=pro"], ["tenant", "deactivate", "no-such-firm"],
    ["token", "create", "no-such-firm"], ["token", "list", "no-such-firm"], ["token", "revoke", str(uuid.uuid4())],
    ["message", "resolve", str(uuid.uuid4()), "sent"], ["secret", "list", "no-such-firm"], ["secret", "remove", "no-such-firm", "ecall.username"], ["ticket", "list", "no-such-firm"], ["ticket", "show", "no-such-firm", "1"], ["message", "list", "--tenant", "no-such-firm"],
])
def test_what_is_not_there_is_3(command, args):
    out = command(*args)
    assert out.returncode == NOT_FOUND, out.stderr
    assert out.stdout == ""


def test_a_database_that_is_away_is_4_and_its_password_stays_hidden(command, tmp_path):
    away = f"postgresql://opsfabric_service:hunter2secret@/opsfabric?host={tmp_path}"
    for args in (["tenant", "list"], ["doctor"], ["migrate"]):
        out = command(*args, DATABASE_SERVICE_URL=away, DATABASE_OWNER_URL=away)
        assert out.returncode == AWAY, out.stderr
        assert "hunter2secret" not in out.stdout + out.stderr


@pytest.mark.parametrize("args", [["--help"], ["tenant", "preset", "show", "crafts"], ["tenant", "export", "doerfler-ag"], ["tenant", "show", "doerfler-ag", "--json"]])
def test_a_full_disk_is_no_success(command, args):
    with open("/dev/full", "w") as full:
        out = subprocess.run([command.program, *args], env=command.env, stdout=full, stderr=subprocess.PIPE, text=True, timeout=180)
    assert out.returncode == REFUSED and "standard output" in out.stderr


# ---- migrate ---------------------------------------------------------------------------


class Database:
    """An empty database beside the stack's, with the roles' rights in it."""

    def __init__(self, stack):
        self.name = "migrate_" + uuid.uuid4().hex[:8]
        self.stack = stack
        stack.sql(f"create database {self.name} owner opsfabric_owner")
        self.db = self.connect()
        with self.db.cursor() as cursor:
            cursor.execute((ROOT / "schema" / "roles.sql").read_text())

    def connect(self):
        import psycopg2

        db = psycopg2.connect(host=str(self.stack.state / "postgres"), dbname=self.name, user="postgres")
        db.autocommit = True
        return db

    def sql(self, query):
        with self.db.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []

    def urls(self, command):
        return {name: command.env[name].replace("/opsfabric?", f"/{self.name}?")
                for name in ("DATABASE_URL", "DATABASE_SERVICE_URL", "DATABASE_OWNER_URL")}

    def tables(self):
        return {row[0] for row in self.sql("select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'")}

    def drop(self):
        self.db.close()
        self.stack.sql(f"drop database {self.name} with (force)")


@pytest.fixture
def empty(stack):
    database = Database(stack)
    yield database
    database.drop()


@pytest.fixture(scope="module")
def migrated(stack, command):
    database = Database(stack)
    assert command("migrate", **database.urls(command)).returncode == DONE
    yield database
    database.drop()


def test_migrate_applies_each_migration_once(command, empty):
    urls = empty.urls(command)
    before = command.json("migrate", "--status", **urls)
    assert before["version"] == 0 and before["needed"] == len(MIGRATIONS)
    assert [m["applied_at"] for m in before["migrations"]] == [None] * len(MIGRATIONS)
    assert empty.tables() == set()  # a look changes nothing

    out = command("migrate", **urls)
    assert out.returncode == DONE, out.stderr
    assert re.findall(r"^applied (\S+) +\d+ ms$", out.stdout, re.M) == MIGRATIONS
    assert out.stdout.endswith(f"schema version {len(MIGRATIONS)}\n")
    rows = empty.sql("select name, checksum from schema_migrations order by version")
    assert rows == [(name, hashlib.sha256((ROOT / "schema" / f"{name}.sql").read_bytes()).hexdigest()) for name in MIGRATIONS]

    assert command("migrate", **urls).stdout == f"schema version {len(MIGRATIONS)}, nothing to do\n"
    assert command.json("migrate", **urls) == {"version": len(MIGRATIONS), "applied": []}
    after = command.json("migrate", "--status", **urls)
    assert after["version"] == len(MIGRATIONS) and all(m["applied_at"] for m in after["migrations"])
    # and the programs accept what it made
    assert command("tenant", "list", **urls).returncode == DONE


def test_two_migrations_at_once_do_the_work_once(command, empty):
    urls = empty.urls(command)
    running = [subprocess.Popen([command.program, "migrate", "--json"], env={**command.env, **urls}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    answers = []
    for process in running:
        stdout, stderr = process.communicate(timeout=180)
        assert process.returncode == DONE, stderr
        answers.append(json.loads(stdout))
    assert sorted(len(a["applied"]) for a in answers) == [0, 0, 0, len(MIGRATIONS)]


def test_a_migration_that_was_edited_after_it_was_applied_is_refused(command, migrated):
    migrated.sql("update schema_migrations set checksum = repeat('0', 64) where version = 2")
    try:
        for args in (["migrate"], ["migrate", "--status"]):
            out = command(*args, **migrated.urls(command))
            assert out.returncode == REFUSED
            assert f"schema/{MIGRATIONS[1]}.sql is not the text that was applied" in out.stderr
    finally:
        checksum = hashlib.sha256((ROOT / "schema" / f"{MIGRATIONS[1]}.sql").read_bytes()).hexdigest()
        migrated.sql(f"update schema_migrations set checksum = '{checksum}' where version = 2")


def test_a_database_newer_than_the_program_is_refused(command, migrated):
    migrated.sql("insert into schema_migrations values (9999, '9999_future', repeat('0', 64), now())")
    try:
        out = command("migrate", **migrated.urls(command))
        assert out.returncode == NEWER and "9999_future" in out.stderr and "older than the database" in out.stderr
    finally:
        migrated.sql("delete from schema_migrations where version = 9999")


def test_a_history_with_a_hole_is_refused(command, migrated):
    name, checksum, at = migrated.sql("select name, checksum, applied_at::text from schema_migrations where version = 2")[0]
    migrated.sql("delete from schema_migrations where version = 2")
    try:
        out = command("migrate", **migrated.urls(command))
        assert out.returncode == REFUSED and f"lacks {MIGRATIONS[1]}" in out.stderr
    finally:
        migrated.sql(f"insert into schema_migrations values (2, '{name}', '{checksum}', '{at}')")


def test_a_failed_migration_leaves_nothing_behind(command, empty):
    """Another firm's software lives here: its tables stay, and nothing of ours comes."""
    empty.sql("create table customers (id int)")
    out = command("migrate", **empty.urls(command))
    assert out.returncode == REFUSED
    assert "tables under our names" in out.stderr and "customers" in out.stderr
    assert empty.tables() == {"customers"}


@pytest.mark.parametrize("theirs", ["create table photos (id int)", "create view opt_outs as select 1", "create type urgency as enum ('now', 'later')"])
def test_somebody_elses_tables_and_types_are_seen_before_the_first_migration(command, empty, theirs):
    empty.sql(theirs)
    before = empty.sql("select relname from pg_class where relnamespace = 'public'::regnamespace")
    out = command("migrate", **empty.urls(command))
    assert out.returncode == REFUSED and "under our names" in out.stderr and theirs.split()[2] in out.stderr
    assert empty.sql("select relname from pg_class where relnamespace = 'public'::regnamespace") == before


def test_what_is_looked_for_before_the_first_migration_is_all_that_migrations_make(migrated):
    ours = migrated.sql("select typname from pg_type where typnamespace = 'public'::regnamespace and typelem = 0 and typowner = 'opsfabric_owner'::regrole")
    looked_for = (ROOT / "lib" / "sql" / "command_migrate_ground.sql").read_text()
    assert [name for name, in ours if f"'{name}'" not in looked_for and name != "schema_migrations"] == []


def test_a_failing_later_migration_keeps_what_came_before(command, empty):
    empty.sql("create function message_tenant(uuid) returns int language sql as 'select 1'")
    out = command("migrate", **empty.urls(command))
    assert out.returncode == REFUSED and "was not applied; nothing of it stays" in out.stderr
    applied = [row[0] for row in empty.sql("select name from schema_migrations order by version")]
    assert applied == [m for m in MIGRATIONS if m < "0004"]
    empty.sql("drop function message_tenant(uuid)")
    assert command("migrate", **empty.urls(command)).returncode == DONE


def test_somebody_elses_schema_migrations_is_refused(command, empty):
    empty.sql("create table schema_migrations (version varchar primary key)")
    out = command("migrate", **empty.urls(command))
    assert out.returncode == REFUSED and "did not make" in out.stderr
    assert empty.tables() == {"schema_migrations"}


def test_migrating_as_another_role_is_refused(command, empty):
    """SECURITY DEFINER look-ups of tables that belong to another role would find nothing."""
    urls = empty.urls(command)
    urls["DATABASE_OWNER_URL"] = urls["DATABASE_OWNER_URL"].replace("opsfabric_owner@", "postgres@")
    out = command("migrate", **urls)
    assert out.returncode == REFUSED and "must belong to opsfabric_owner" in out.stderr
    assert empty.tables() == set()


def test_programs_refuse_an_old_schema(command, empty):
    out = command("tenant", "list", **empty.urls(command))
    assert out.returncode == REFUSED and "run opsfabric migrate" in out.stderr


# ---- tenant ----------------------------------------------------------------------------


def test_a_firm_from_a_document(command, stack, tmp_path):
    digits = mobile()[-4:]
    doc = document(phone=f"044 200 {digits[:2]} {digits[2:]}", email=f"{uuid.uuid4().hex}@Example.CH",
                   website_domain=f"{uuid.uuid4().hex}.Example.ch")
    path = tmp_path / "firm.json"
    path.write_text(json.dumps(doc))
    out = command("tenant", "add", "--file", path)
    assert out.returncode == DONE, out.stderr
    assert out.stdout == f"added {doc['slug']}\n"
    row = stack.one("select * from customers where slug = %s", doc["slug"])
    assert re.fullmatch(r"\+4144200\d{4}", row["phone"])
    assert row["email"] == doc["email"].lower()
    assert row["website_domain"] == doc["website_domain"].lower()
    assert row["timezone"] is None and row["quiet_hours_start"] is None and row["plan"] == "pilot" and row["active"]
    shown = command("tenant", "show", doc["slug"]).stdout
    assert re.search(r"^quiet_hours_start +21:00  \(default\)$", shown, re.M)
    assert re.search(r"^sla_response_minutes +120  \(default\)$", shown, re.M)
    # numbers that ring and texts that come in find it
    assert {(a["channel"], a["address"]) for a in stack.sql("select * from tenant_addresses where customer_id = %s", row["id"])} == {
        ("phone", row["phone"]), ("sms", row["sms_number"]), ("email", row["email"]), ("domain", row["website_domain"])}


def test_a_firm_from_options(command):
    doc = document()
    answer = command.json("tenant", "add", "--slug", doc["slug"], "--name", doc["name"], "--phone", doc["phone"], "--sms-number",
                          doc["sms_number"], "--timezone", "Europe/London", "--sla-response-minutes", "60", "--plan", "pro",
                          "config.language=fr", "modules.reviews=false", "config.plz=8810")
    assert answer["slug"] == doc["slug"]
    shown = command.json("tenant", "show", doc["slug"])
    assert shown["id"] == answer["id"]
    assert shown["timezone"] == "Europe/London" and shown["sla_response_minutes"] == 60 and shown["plan"] == "pro"
    assert shown["config"] == {"language": "fr", "plz": "8810"} and shown["modules"] == {"reviews": False}


def test_all_that_is_wrong_is_named_at_once_and_nothing_is_written(command, stack):
    doc = {
        "slug": "Not A Slug", "phone": "12", "sms_number": "+41434435200", "email": "nobody", "website_domain": "https://x.ch/",
        "google_review_link": "https://g.page.evil.example/r", "timezone": "Mars/Olympus", "quiet_hours_start": "9 pm",
        "quiet_hours_end": "25:00", "sla_response_minutes": 10081, "review_delay_hours": 1.5, "daily_segments": -1,
        "plan": "gold", "active": "yes", "frobnicate": 1, "modules": {"missed_call": 1, "frob": True},
        "config": {"language": "xx", "languages": [], "frob": 1, "sms": {"countries": ["41"], "frob": 1},
                   "quiet_hours": {"text_back": "never"}, "status_messages": 1, "primary_color": "red",
                   "texts": {"de": {"frob": "x", "review_request": "ohne Link"}, "rm": {}},
                   "hours": {"monday": [{"from": "25:00", "to": "26:00"}], "mondy": []}, "holidays": ["2026-02-30"]},
    }
    before = stack.one("select count(*) from customers")
    out = command("tenant", "add", "--file", "-", stdin=json.dumps(doc))
    assert out.returncode == REFUSED and out.stdout == ""
    assert fields_of(out.stderr) == {
        "/name", "/slug", "/phone", "/sms_number", "/email", "/website_domain", "/google_review_link", "/timezone",
        "/quiet_hours_start", "/quiet_hours_end", "/sla_response_minutes", "/review_delay_hours", "/daily_segments", "/plan",
        "/active", "/frobnicate", "/modules/missed_call", "/modules/frob", "/config/language", "/config/languages", "/config/frob",
        "/config/sms/countries", "/config/sms/frob", "/config/quiet_hours/text_back", "/config/status_messages",
        "/config/primary_color", "/config/texts/de/frob", "/config/texts/de/review_request", "/config/texts/rm",
        "/config/hours/monday", "/config/hours/mondy", "/config/holidays"}
    assert "nothing was changed" in out.stderr
    assert stack.one("select count(*) from customers") == before


@pytest.mark.parametrize("link", [
    "http://g.page/r/x", "https://g.page@evil.example/", "https://g.page.evil.example/", "https://evil.example/?g.page",
    "https://g.page:8443/r", "https://g.page\\@evil.example/", "//g.page/r", "https://", "https://g.page/ x", "javascript:alert(1)",
])
def test_a_review_link_leads_to_google_and_nowhere_else(command, link):
    out = command("tenant", "add", "--file", "-", stdin=json.dumps(document(google_review_link=link)))
    assert out.returncode == REFUSED and fields_of(out.stderr) == {"/google_review_link"}, out.stderr


@pytest.mark.parametrize("link", [
    "https://g.page/r/CabcEBM/review", "https://search.google.com/local/writereview?placeid=abc", "https://www.google.com/maps/x",
    "https://maps.app.goo.gl/abc",
])
def test_googles_own_links_are_taken(command, link):
    out = command("tenant", "add", "--file", "-", stdin=json.dumps(document(google_review_link=link)))
    assert out.returncode == DONE, out.stderr


@pytest.mark.parametrize("slug,good", [
    ("ab", True), ("a-b", True), ("a1", True), ("a" * 60, True), ("a", False), ("a" * 61, False), ("-ab", False), ("ab-", False),
    ("a--b", False), ("Ab", False), ("a_b", False), ("a b", False), ("ä-b", False), ("", False), ("a/b", False),
])
def test_the_form_of_a_slug(command, stack, slug, good):
    out = command("tenant", "add", "--file", "-", stdin=json.dumps(document(slug=slug)))
    assert (out.returncode == DONE) == good, out.stderr
    if good:  # the short ones must be free for the next run
        stack.sql("delete from customers where slug = %s", slug)
    else:
        assert fields_of(out.stderr) == {"/slug"}


@pytest.mark.parametrize("slug", ["api", "healthz", "static", "anfrage", "leistungen", "impressum"])
def test_a_path_of_the_installation_is_nobodys_slug(command, slug):
    out = command("tenant", "add", "--file", "-", stdin=json.dumps(document(slug=slug)))
    assert out.returncode == REFUSED and fields_of(out.stderr) == {"/slug"}, out.stderr


@pytest.mark.parametrize("fields, pointer", [
    ({"quiet_hours_start": "00:00", "quiet_hours_end": "24:00"}, "/quiet_hours_end"),
    ({"name": "   ", "config": {"sms_name": "Muster"}}, "/name"),
    ({"timezone": "europe/zurich"}, "/timezone"), ({"timezone": "posix/Europe/Zurich"}, "/timezone"),
    *(({"config": {"sms": {"countries": ["+41", c]}}}, "/config/sms/countries") for c in ("+4", "+42", "+410", "+3", "+100", "+", "+0")),
])
def test_what_would_switch_a_firm_off_is_refused(command, fields, pointer):
    out = command("tenant", "add", "--file", "-", stdin=json.dumps(document(**fields)))
    assert out.returncode == REFUSED and fields_of(out.stderr) == {pointer}, out.stderr


@pytest.mark.parametrize("written", ["sla_response_minutes=1e999", "daily_segments=-1e999", "config.founded_year=1e999"])
def test_a_number_without_end_is_refused_and_not_taken_for_no_setting(command, tenant, written):
    assert command("tenant", "set", tenant.slug, "sla_response_minutes=45", "daily_segments=44", "config.founded_year=1950").returncode == DONE
    before = command.json("tenant", "show", tenant.slug)
    out = command("tenant", "set", tenant.slug, written)
    assert out.returncode == REFUSED and "number" in out.stderr, out.stderr
    assert command.json("tenant", "show", tenant.slug) == before


def test_calling_codes_and_zones_are_taken(command):
    codes = ["+1", "+7", "+41", "+423", "+49", "+355", "+800", "+971"]
    for zone in ("W-SU", "UTC", "America/Argentina/Buenos_Aires"):
        doc = document(timezone=zone, config={"sms": {"countries": codes}})
        out = command("tenant", "add", "--file", "-", stdin=json.dumps(doc))
        assert out.returncode == DONE, out.stderr


def test_a_name_that_no_sms_can_carry_needs_another_for_messages(command):
    doc = document(name="Łukasz Świątek Instalacje")
    out = command("tenant", "add", "--file", "-", stdin=json.dumps(doc))
    assert out.returncode == REFUSED and fields_of(out.stderr) == {"/name"}
    assert "sms_name" in out.stderr
    doc["config"] = {"sms_name": "Swiatek"}
    assert command("tenant", "add", "--file", "-", stdin=json.dumps(doc)).returncode == DONE
    doc = document(config={"sms_name": "Świątek"})
    out = command("tenant", "add", "--file", "-", stdin=json.dumps(doc))
    assert out.returncode == REFUSED and fields_of(out.stderr) == {"/config/sms_name"}


def test_what_another_firm_has_is_named_with_that_firm(command, stack):
    first = document(email=f"{uuid.uuid4().hex}@example.ch", website_domain=f"{uuid.uuid4().hex}.example.ch")
    assert command("tenant", "add", "--file", "-", stdin=json.dumps(first)).returncode == DONE
    out = command("tenant", "add", "--file", "-", stdin=json.dumps({**first, "name": "Other"}))
    assert out.returncode == REFUSED
    assert fields_of(out.stderr) == {"/slug", "/phone", "/sms_number", "/email", "/website_domain"}
    assert out.stderr.count(f"the firm {first['slug']} already") == 5
    # nor may it answer for another, or be told of another's customers
    for config, pointer in (({"sms": {"sender": first["sms_number"]}}, "/config/sms/sender"),
                            ({"on_call": [{"phone": mobile()}, {"phone": first["sms_number"]}]}, "/config/on_call/1/phone")):
        out = command("tenant", "add", "--file", "-", stdin=json.dumps(document(config=config)))
        assert out.returncode == REFUSED and fields_of(out.stderr) == {pointer}, out.stderr
        assert f"the firm {first['slug']} already" in out.stderr
    own = document(config={"on_call": [{"phone": mobile()}]})
    own["config"]["sms"] = {"sender": own["sms_number"]}
    assert command("tenant", "add", "--file", "-", stdin=json.dumps(own)).returncode == DONE
    assert command("tenant", "set", own["slug"], "plan=pro", "config.on_call=").returncode == DONE
    # a number is one firm's, whether it rings there or texts
    crossed = document(phone=first["sms_number"])
    out = command("tenant", "add", "--file", "-", stdin=json.dumps(crossed))
    assert out.returncode == REFUSED and fields_of(out.stderr) == {"/phone"}
    second = document()
    assert command("tenant", "add", "--file", "-", stdin=json.dumps(second)).returncode == DONE
    out = command("tenant", "set", second["slug"], f"phone={first['phone']}")
    assert out.returncode == REFUSED and fields_of(out.stderr) == {"/phone"}
    assert stack.one("select phone from customers where slug = %s", second["slug"])["phone"] == second["phone"]


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"slug": "a", "slug": "b"}', '{"name": "\\u0000"}', "\xff" * 3, "{}x"])
def test_what_is_no_json_object_is_refused(command, text):
    out = subprocess.run([command.program, "tenant", "add", "--file", "-"], env=command.env, input=text.encode("latin-1"),
                         capture_output=True, timeout=180)
    assert out.returncode == REFUSED and out.stdout == b"" and out.stderr.startswith(b"opsfabric: -: ")


def test_a_file_that_is_not_there(command, tmp_path):
    out = command("tenant", "add", "--file", tmp_path / "none")
    assert out.returncode == REFUSED and "No such file" in out.stderr


def test_set_changes_what_is_named_and_nothing_else(command, tenant):
    command("tenant", "set", tenant.slug, "config.sms_name=Muster", "config.sms.countries=[\"+41\"]", "config.quiet_hours.text_back=emergency")
    before = command.json("tenant", "show", tenant.slug)
    out = command("tenant", "set", tenant.slug, "--plan", "premium", "sla_response_minutes=30", "config.sms.countries=[\"+41\",\"+49\"]",
                  "config.sms_name=", "config.texts.de.reply_stop=Keine SMS mehr von {{firm}}. START meldet Sie wieder an.")
    assert out.returncode == DONE, out.stderr
    assert out.stdout == f"changed {tenant.slug}\n"
    after = command.json("tenant", "show", tenant.slug)
    assert after.pop("updated_at") > before.pop("updated_at")
    config = before["config"]
    del config["sms_name"]
    config["sms"]["countries"] = ["+41", "+49"]
    config["texts"] = {"de": {"reply_stop": "Keine SMS mehr von {{firm}}. START meldet Sie wieder an."}}
    assert after == {**before, "plan": "premium", "sla_response_minutes": 30, "config": config}


def test_a_patch_from_a_file_is_merged_as_rfc_7396_says(command, tenant):
    before = command.json("tenant", "show", tenant.slug)
    patch = {"quiet_hours_start": None, "quiet_hours_end": None, "config": {"languages": ["de"], "status_messages": True}}
    out = command("tenant", "set", tenant.slug, "--file", "-", stdin=json.dumps(patch))
    assert out.returncode == DONE, out.stderr
    after = command.json("tenant", "show", tenant.slug)
    assert after["quiet_hours_start"] is None and after["phone"] == before["phone"]
    assert after["config"] == {"language": "de", "languages": ["de"], "status_messages": True}


def test_what_show_prints_can_be_read_again(command, tenant):
    shown = command("tenant", "show", tenant.slug, "--json").stdout
    out = command("tenant", "set", tenant.slug, "--file", "-", stdin=shown)
    assert out.returncode == DONE, out.stderr
    again = command.json("tenant", "show", tenant.slug)
    again.pop("updated_at")
    assert again == {k: v for k, v in json.loads(shown).items() if k != "updated_at"}


def test_a_setting_that_would_be_wrong_leaves_the_firm_alone(command, tenant):
    before = command.json("tenant", "show", tenant.slug)
    out = command("tenant", "set", tenant.slug, "plan=pro", "phone=nonsense")
    assert out.returncode == REFUSED and fields_of(out.stderr) == {"/phone"}
    assert command.json("tenant", "show", tenant.slug) == before


def test_the_demo_firms_are_as_their_files_say(command):
    for path in (ROOT / "schema" / "demo").glob("*.json"):
        wanted = json.loads(path.read_text())
        shown = command.json("tenant", "show", wanted["slug"])
        assert {k: shown[k] for k in wanted if k not in ("config", "modules")} == {k: v for k, v in wanted.items() if k not in ("config", "modules")}
        assert {k: v for k, v in wanted["config"].items() if v is not None} == {k: v for k, v in shown["config"].items() if v is not None}


def test_a_firm_that_is_not_active_is_not_served(command, tenant):
    out = command("tenant", "deactivate", tenant.slug)
    assert out.returncode == DONE and out.stdout == f"{tenant.slug} is not active any more\n"
    # nothing was asked of it before, so no worker has it in its cache
    assert tenant.ticket().status_code == 404
    assert command.json("tenant", "activate", tenant.slug) == {"slug": tenant.slug, "active": True}
    # a worker remembers what it read for at most five seconds
    wait_for(lambda: tenant.ticket().status_code == 201, what="the firm to be served again")


def test_pages_show_every_firm_once(command, stack):
    slugs = [row["slug"] for row in stack.sql('select slug from customers order by slug collate "C"')]
    seen, after = [], []
    while True:
        page = command.json("tenant", "list", "--limit", "7", *after)
        assert len(page["items"]) <= 7
        seen += [t["slug"] for t in page["items"]]
        if page["next"] is None:
            break
        after = ["--after", page["next"]]
    assert sorted(seen) == sorted(slugs) and len(seen) == len(set(seen))


def test_pages_show_every_domain_once_and_nginx_gets_all(command, tmp_path):
    mine = sorted(f"d{i}-{uuid.uuid4().hex[:12]}.example.ch" for i in range(5))
    firms = [document(website_domain=domain) for domain in mine]
    for firm in firms:
        out = command("tenant", "add", "--file", "-", stdin=json.dumps(firm))
        assert out.returncode == DONE, out.stderr
    seen, after = [], []
    while True:
        page = command.json("domain", "list", "--limit", "2", *after)
        assert len(page["items"]) <= 2
        seen += [d["name"] for d in page["items"]]
        if page["next"] is None:
            break
        after = ["--after", page["next"]]
    assert len(seen) == len(set(seen)) and [name for name in seen if name in mine] == mine
    last = re.search(r"^next page: (.*)$", command("domain", "list", "--limit", "1").stdout, re.M)[1]
    assert last == f"opsfabric domain list --limit 1 --after {seen[0]}"
    # What nginx serves is no page of them.
    hosts = tmp_path / "hosts.conf"
    out = command("domain", "write", hosts, APP_BASE_URL="https://app.example.ch")
    assert out.returncode == DONE, out.stderr
    assert set(mine) <= set(re.findall(r"(?m)^(\S+) \S+\.pem;$", hosts.read_text()))
    # A firm may have the installation's own name: nginx has it once, and so it is counted.
    hosts = tmp_path / 'our "hosts".conf'
    told = command.json("domain", "write", hosts, APP_BASE_URL=f"https://{mine[0]}")
    assert told == {"file": str(hosts), "names": len(re.findall(r"(?m)^\S+ \S+\.pem;$", hosts.read_text()))}
    for firm in firms:
        assert command("tenant", "deactivate", firm["slug"]).returncode == DONE


def test_the_list_for_nginx_takes_the_place_of_a_file_only(command, tmp_path):
    """Of a device or a pipe, as /dev/stdout, nothing would be left."""
    pipe, file, link = tmp_path / "pipe", tmp_path / "hosts.conf", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(file)
    file.write_text("old")
    for path, end in ((pipe, REFUSED), (tmp_path, REFUSED), (link, DONE)):
        out = command("domain", "write", path, APP_BASE_URL="https://app.example.ch")
        assert out.returncode == end, out.stderr
    assert pipe.is_fifo() and link.is_symlink() and "app.example.ch" in file.read_text()


# ---- token -----------------------------------------------------------------------------


def test_a_token_lets_in_until_it_is_revoked(command, stack, tenant):
    out = command("token", "create", tenant.slug, "--name", "Website")
    assert out.returncode == DONE, out.stderr
    token = out.stdout.strip()
    assert re.fullmatch(r"ofk_[0-9A-Za-z]{40}", token) and token not in out.stderr
    row = stack.one("select * from tokens where customer_id = %s", tenant.id)
    assert row["hash"] == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(dict(row))
    listed = command.json("token", "list", tenant.slug)["items"]
    assert [(t["id"], t["name"], t["revoked_at"]) for t in listed] == [(str(row["id"]), "Website", None)]
    assert token not in command("token", "list", tenant.slug).stdout

    ticket = tenant.ticket().json()["ticket_id"]
    move = {"ticket_id": ticket, "status": "IN_PROGRESS"}
    assert stack.post("/api/ticket/status", move, token=token).status_code == 200
    first = command.json("token", "revoke", row["id"])
    assert stack.post("/api/ticket/status", {**move, "status": "DONE"}, token=token).status_code == 401
    # again is the same again
    assert command.json("token", "revoke", row["id"])["revoked_at"] == first["revoked_at"]


def test_tokens_differ(command, tenant):
    assert len({command.json("token", "create", tenant.slug)["token"] for _ in range(3)}) == 3


# ---- clock -----------------------------------------------------------------------------


def test_the_clock_moves_for_all_and_runs_on(command, stack, clock):
    out = command("clock", "set", "2026-11-29T02:30:00+01:00")
    assert out.returncode == DONE and out.stdout.startswith("2026-11-29T01:30:0")
    shown = command.json("clock", "show")
    assert shown["moved"] and shown["now"].startswith("2026-11-29T01:30:")
    firm = stack.tenant()
    firm.ticket()
    assert firm.tickets()[0]["created_at"].isoformat().startswith("2026-11-29T01:30:")
    assert command.json("clock", "clear")["moved"] is False
    assert command.json("clock", "show")["offset_seconds"] == 0


def test_the_clock_stays_where_messages_would_really_leave(command):
    out = command("clock", "set", "2026-11-29T02:30:00+01:00", SMS_PROVIDER="ecall")
    assert out.returncode == REFUSED and "SMS_PROVIDER=console" in out.stderr
    assert command.json("clock", "show")["moved"] is False


def test_a_state_directory_that_is_not_there(command, tmp_path):
    out = command("clock", "set", "2026-11-29T02:30:00+01:00", OPSFABRIC_STATE=str(tmp_path / "none"))
    assert out.returncode == REFUSED and "No such file" in out.stderr


# ---- ticket ----------------------------------------------------------------------------


@pytest.fixture
def number(tenant):
    tenant.caller = mobile()
    answer = tenant.ticket(phone=tenant.caller, contact_name="Zoë Müller", summary="Heizung aus\n\x1b[31mrot\u202e\x9b2J",
                           metadata={"wo": "Keller\u202e\x9b2J"})
    assert answer.status_code == 201, answer.text
    return answer.json()["number"]


def test_tickets_are_listed_and_shown_with_their_history(command, tenant, number):
    listed = command.json("ticket", "list", tenant.slug)["items"]
    assert [(t["number"], t["status"], t["contact_name"]) for t in listed] == [(number, "NEW", "Zoë Müller")]
    assert tenant.caller not in json.dumps(listed)
    assert command.json("ticket", "list", tenant.slug, "--status", "DONE")["items"] == []
    shown = command.json("ticket", "show", tenant.slug, number, "--full")
    assert shown["contact_phone"] == tenant.caller and shown["summary"].startswith("Heizung aus\n")
    assert [e["event_type"] for e in shown["history"]][0] == "created"
    assert [e["seq"] for e in shown["history"]] == sorted(e["seq"] for e in shown["history"])
    assert [m["template"] for m in shown["messages"]] == ["ticket_confirmation"]
    assert command("ticket", "show", tenant.slug, "999999").returncode == NOT_FOUND


def test_a_ticket_of_a_firm_that_is_not_served_stays_as_it_is(command, tenant, number):
    assert command("tenant", "deactivate", tenant.slug).returncode == DONE
    out = command("ticket", "move", tenant.slug, number, "IN_PROGRESS")
    assert out.returncode == REFUSED and f"the firm {tenant.slug} is not active" in out.stderr, out.stderr
    assert command.json("ticket", "show", tenant.slug, number)["status"] == "NEW"


def test_what_strangers_wrote_does_not_reach_the_terminal_raw(command, tenant, number):
    for args in (["ticket", "show", tenant.slug, number, "--full"], ["ticket", "list", tenant.slug]):
        out = command(*args).stdout
        assert "\x1b" not in out and "\u202e" not in out
    assert "Heizung aus" in command("ticket", "show", tenant.slug, number).stdout
    assert tenant.caller not in command("ticket", "show", tenant.slug, number).stdout


def test_json_says_the_same_in_letters_that_do_nothing_to_a_terminal(command, tenant, number):
    for args in (["ticket", "show", tenant.slug, number, "--json"], ["contact", "export", tenant.slug, tenant.caller]):
        out = command(*args).stdout
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]", out), args
        assert "Zoë Müller" in out and r"\u202e" in out
        said = json.loads(out)
        ticket = said if "summary" in said else said["tickets"][0]
        assert ticket["summary"].endswith("rot\u202e 2J") and ticket["metadata"]["wo"] == "Keller\u202e\x9b2J"


def test_a_table_is_aligned_whatever_the_letters(command, tenant, number):
    tenant.ticket(contact_name="Bob")
    lines = command("ticket", "list", tenant.slug).stdout.splitlines()
    at = lines[0].index("PHONE")
    assert [line[at:at + 3] for line in lines[1:]] == ["+41", "+41"]


def test_a_ticket_is_moved_by_the_rules_of_the_route(command, tenant, number):
    out = command("ticket", "move", tenant.slug, number, "SCHEDULED", "--at", f"{YEAR}-01-05T08:00:00+01:00", "--who", "Hans")
    assert out.returncode == DONE, out.stderr
    assert out.stdout.startswith(f"ticket {number} of {tenant.slug}: NEW -> SCHEDULED, message ")
    shown = command.json("ticket", "show", tenant.slug, number)
    assert shown["status"] == "SCHEDULED"
    assert [(a["starts_at"], a["ends_at"], a["who"]) for a in shown["appointments"]] == [(f"{YEAR}-01-05T07:00:00Z", f"{YEAR}-01-05T08:00:00Z", "Hans")]
    event = shown["history"][-1]
    assert (event["event_type"], event["old_value"], event["new_value"]) == ("status_changed", "NEW", "SCHEDULED")
    assert event["metadata"]["actor"].startswith("command:")

    out = command("ticket", "move", tenant.slug, number, "NEW")
    assert out.returncode == REFUSED and "can go to" in out.stderr
    assert command("ticket", "move", tenant.slug, number, "FROB").returncode == REFUSED
    assert command("ticket", "move", tenant.slug, "999999", "DONE").returncode == NOT_FOUND
    moved = command.json("ticket", "move", tenant.slug, number, "DONE")
    assert moved["old_status"] == "SCHEDULED" and moved["status"] == "DONE"
    row = tenant.tickets()[0]
    assert row["job_completed_at"] is not None and row["review_due_at"] is not None


def test_two_appointments_of_one_person_are_refused(command, tenant, number):
    at = ["--at", f"{YEAR}-01-05T08:00:00+01:00", "--until", f"{YEAR}-01-05T10:00:00+01:00", "--who", "Hans"]
    assert command("ticket", "move", tenant.slug, number, "SCHEDULED", *at).returncode == DONE
    other = tenant.ticket().json()["number"]
    out = command("ticket", "move", tenant.slug, other, "SCHEDULED", *at)
    assert out.returncode == REFUSED and "another time or another person" in out.stderr
    assert command.json("ticket", "show", tenant.slug, other)["status"] == "NEW"


def test_pages_of_tickets(command, tenant):
    numbers = [tenant.ticket().json()["number"] for _ in range(5)]
    first = command.json("ticket", "list", tenant.slug, "--limit", "2")
    assert [t["number"] for t in first["items"]] == sorted(numbers, reverse=True)[:2]
    out = command("ticket", "list", tenant.slug, "--limit", "2").stdout
    following = re.search(r"^next page: opsfabric (.*)$", out, re.M).group(1).split()
    assert [t["number"] for t in command.json(*following)["items"]] == sorted(numbers, reverse=True)[2:4]


# ---- message ---------------------------------------------------------------------------


def test_messages_show_little_of_a_contact_unless_asked(command, tenant, number):
    for args in (["message", "list", "--tenant", tenant.slug], ["message", "list", "--tenant", tenant.slug, "--ticket", number]):
        masked = command(*args, "--json").stdout
        assert tenant.caller not in masked and tenant.sms_number not in masked and "body" not in masked
        item = json.loads(masked)["items"][0]
        assert item["ticket"] == number and item["to_number"] == tenant.caller[:3] + " " + tenant.caller[3:5] + " *** ** " + tenant.caller[-2:]
        assert tenant.caller not in command(*args).stdout
        full = command.json(*args, "--full")["items"][0]
        assert full["to_number"] == tenant.caller and str(number) in full["body"]
        assert full["body"] in command(*args, "--full").stdout


def test_messages_are_filtered_and_paged(command, stack, tenant):
    for _ in range(5):
        tenant.ticket()
    ids = [str(m["id"]) for m in stack.sql("select id from sms_log where customer_id = %s order by id desc", tenant.id)]
    seen, after = [], []
    while True:
        page = command.json("message", "list", "--tenant", tenant.slug, "--limit", "2", *after)
        seen += [m["id"] for m in page["items"]]
        if page["next"] is None:
            break
        after = ["--after", page["next"]]
    assert seen == ids
    assert command.json("message", "list", "--tenant", tenant.slug, "--status", "failed") == {"items": [], "next": None}
    assert command("message", "list", "--tenant", tenant.slug, "--ticket", "999999").returncode == NOT_FOUND


# ---- secret ----------------------------------------------------------------------------


def test_a_secret_is_sealed_and_never_shown(command, stack, tenant):
    value = "hunter2 " + uuid.uuid4().hex
    out = command("secret", "set", tenant.slug, "ecall.password", stdin=value + "\n")
    assert out.returncode == DONE and value not in out.stdout + out.stderr
    row = stack.one("select * from secrets where customer_id = %s", tenant.id)
    assert row["name"] == "ecall.password" and value.encode() not in bytes(row["sealed"])
    # set anew: one row, another box
    assert command.json("secret", "set", tenant.slug, "ecall.password", stdin=value) == {"name": "ecall.password"}
    again = stack.one("select * from secrets where customer_id = %s", tenant.id)
    assert again["id"] == row["id"] and bytes(again["sealed"]) != bytes(row["sealed"])
    [listed] = command.json("secret", "list", tenant.slug)["items"]
    assert set(listed) == {"name", "created_at", "updated_at"} and listed["name"] == "ecall.password"
    assert "ecall.password" in command("secret", "list", tenant.slug).stdout
    assert command("secret", "remove", tenant.slug, "ecall.password").returncode == DONE
    assert command("secret", "remove", tenant.slug, "ecall.password").returncode == NOT_FOUND
    assert command.json("secret", "list", tenant.slug)["items"] == []


@pytest.mark.parametrize("value", ["", "\n", "a\nb", "x" * 4001, "a\tb"])
def test_what_is_no_secret_is_refused(command, stack, tenant, value):
    out = command("secret", "set", tenant.slug, "twilio.auth_token", stdin=value)
    assert out.returncode == REFUSED and "one line" in out.stderr
    assert stack.sql("select 1 as one from secrets where customer_id = %s", tenant.id) == []


def test_nothing_is_sealed_without_a_key(command, tenant):
    out = command("secret", "set", tenant.slug, "twilio.auth_token", stdin="x", SECRETS_KEY="")
    assert out.returncode == REFUSED and "SECRETS_KEY" in out.stderr
    out = command("secret", "rotate")
    assert out.returncode == REFUSED and "SECRETS_KEY_OLD" in out.stderr


# ---- doctor ----------------------------------------------------------------------------


def checks(command, **env):
    out = command("doctor", "--json", **env)
    answer = json.loads(out.stdout)
    assert answer["ok"] == (out.returncode == DONE)
    return {(c["what"], c["level"]) for c in answer["checks"]}, out


def test_doctor_finds_a_running_stack_well(command):
    found, out = checks(command)
    assert not {c for c in found if c[1] == "FAIL"}, out.stdout
    for what in ("provider", "address", "clock", "state", "dispatcher", "opsfabric_web", "opsfabric_service", "opsfabric_owner", "postgres",
                 "connections", "durability", "schema", "firms", "outbox", "inbound"):
        assert (what, "ok") in found, what
    for line in command("doctor").stdout.splitlines():
        assert re.match(r"(ok  |warn|FAIL)  \S+ +\S", line), line
    assert command.env["CRON_SECRET"] not in out.stdout


def test_doctor_names_what_is_wrong(command, tmp_path):
    found, out = checks(
        command, SMS_PROVIDER="frob", CRON_SECRET="", OPSFABRIC_STATE=str(tmp_path / "none"),
        DATABASE_URL=command.env["DATABASE_SERVICE_URL"],
        DATABASE_OWNER_URL=command.env["DATABASE_OWNER_URL"].replace("opsfabric_owner@", "postgres@"))
    assert out.returncode == REFUSED
    for wrong in (("provider", "FAIL"), ("cron", "warn"), ("state", "FAIL"), ("dispatcher", "warn"), ("opsfabric_web", "FAIL"),
                  ("opsfabric_owner", "FAIL"), ("opsfabric_service", "ok")):
        assert wrong in found, out.stdout
    for networks in ("kannel", "kannel=", "kannel=127.0.0.1,", "nobody=127.0.0.1", "kannel=127.0.0.1 ecall=x", "=127.0.0.1"):
        found, out = checks(command, WEBHOOK_NETWORKS=networks)
        assert ("webhooks", "FAIL") in found and "WEBHOOK_NETWORKS" in out.stdout, networks
    assert ("webhooks", "FAIL") not in checks(command, WEBHOOK_NETWORKS=" kannel=127.0.0.1,::1  ecall=192.0.2.0/24 ")[0]
    for address in ("https://app.example.ch/", "app.example.ch", "htp://app.example.ch", "https://", "https:///x", "http://:8080",
                    "https://app.example.ch/?", "https://app.example.ch#x", "https://app.example .ch"):
        found, out = checks(command, APP_BASE_URL=address)
        assert ("address", "FAIL") in found and "APP_BASE_URL" in out.stdout, address
    for address in ("https://app.example.ch", "http://127.0.0.1:8080", "https://[::1]:8443", "https://example.ch/ops"):
        assert ("address", "ok") in checks(command, APP_BASE_URL=address)[0], address
    key = "0123456789abcdef" * 4
    for keys in ({"SECRETS_KEY": "TqRT2MTpbTdV2RW4jDiAHYIqBfrehF0H+z2n6oNXbLs="}, {"SECRETS_KEY": key[1:]}, {"SECRETS_KEY": key + "\n"},
                 {"SECRETS_KEY": key, "SECRETS_KEY_OLD": "x"}):
        found, out = checks(command, **keys)
        assert ("secrets", "FAIL") in found and f"{list(keys)[-1]} must be 64 hexadecimal digits" in out.stdout, keys
    for keys in ({"SECRETS_KEY": ""}, {"SECRETS_KEY": key, "SECRETS_KEY_OLD": key.upper()}):
        assert ("secrets", "FAIL") not in checks(command, **keys)[0]
    found, out = checks(command, SMS_PROVIDER="twilio", TWILIO_ACCOUNT_SID="AC00")
    assert ("provider", "FAIL") in found and "TWILIO_AUTH_TOKEN" in out.stdout
    found, out = checks(command, DATABASE_SERVICE_URL=f"postgresql://opsfabric_service@/opsfabric?host={tmp_path}")
    assert out.returncode == AWAY and ("opsfabric_service", "FAIL") in found and ("opsfabric_web", "ok") in found


def test_doctor_sees_a_moved_clock(command, clock):
    command("clock", "set", "2026-11-29T02:30:00+01:00")
    assert ("clock", "warn") in checks(command)[0]
    assert ("clock", "FAIL") in checks(command, SMS_PROVIDER="ecall")[0]


def test_doctor_sees_messages_that_do_not_leave(command, stack, tenant):
    row = stack.one(
        "insert into sms_log (id, customer_id, direction, template, from_number, to_number, body, segments, provider, status,"
        " not_before, expires_at, status_at, created_at)"
        " values (gen_random_uuid(), %s, 'outbound', 'alert', '+41790000001', '+41790000002', 'x', 1, 'nobody', 'queued',"
        " now() - interval '1 hour', now() + interval '1 hour', now(), now()) returning id", tenant.id)
    try:
        found, out = checks(command)
        assert ("outbox", "FAIL") in found and ("outbox", "warn") in found and out.returncode == REFUSED
        assert "nobody" in out.stdout and "overdue" in out.stdout
    finally:
        stack.sql("delete from sms_log where id = %s", row["id"])
