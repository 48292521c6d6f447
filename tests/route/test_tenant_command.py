"""opsfabric tenant: what a firm's document may hold, what a good page needs, files that go from one installation to another"""

import html
import json
import re
import subprocess
import uuid

import pytest

from tests.support.stack import ROOT, landline, mobile, wait_for

DONE, REFUSED, USAGE, NOT_FOUND = 0, 1, 2, 3


class Command:
    """The command, with the environment of a stack."""

    def __init__(self, stack):
        self.program = stack.state / "programs" / "bin" / "opsfabric"
        self.env = dict(stack.env)

    def __call__(self, *args, stdin=None):
        return subprocess.run([self.program, *map(str, args)], env=self.env, input=stdin, capture_output=True, text=True, timeout=60)

    def json(self, *args, **kwargs):
        out = self(*args, "--json", **kwargs)
        assert out.returncode == DONE, (args, out.stdout, out.stderr)
        return json.loads(out.stdout)

    def add(self, document):
        return self("tenant", "add", "--file", "-", stdin=json.dumps(document))


@pytest.fixture(scope="module")
def command(stack):
    return Command(stack)


def document(config=None, **changes):
    doc = {"slug": "d-" + uuid.uuid4().hex[:12], "name": "Muster Haustechnik AG", "phone": landline(), "sms_number": mobile(),
           "config": config or {}}
    doc.update(changes)
    return doc


def demo(**changes):
    """The first demo firm's document, as another firm's."""
    doc = json.loads((ROOT / "schema" / "demo" / "doerfler-ag.json").read_text())
    doc.update({"slug": "d-" + uuid.uuid4().hex[:12], "phone": landline(), "sms_number": mobile(), "email": f"{uuid.uuid4().hex}@example.ch"})
    doc.update(changes)
    return doc


def said(stderr):
    """What a refusal says of each pointer."""
    return dict(re.findall(r"^opsfabric: (/[^ :]*): (.*)$", stderr, re.M))


# ---- what is refused --------------------------------------------------------------------

SERVICE = {"slug": "bad", "name": "Bad"}
INTENT = {"value": "bad", "label": "Bad umbauen", "category": "offer"}


WRONG = [
    ({"address": 12}, "/config/address"), ({"plz": 8810}, "/config/plz"), ({"ort": "a\nb"}, "/config/ort"),
    ({"contact_person": ["x"]}, "/config/contact_person"), ({"address": "x" * 5001}, "/config/address"),
    ({"logo_url": "http://example.ch/logo.png"}, "/config/logo_url"), ({"logo_url": "/assets/logo.png"}, "/config/logo_url"),
    ({"logo_url": "https://example.ch/a b"}, "/config/logo_url"), ({"logo_url": "javascript:alert(1)"}, "/config/logo_url"),
    ({"primary_color": "#14508"}, "/config/primary_color"), ({"accent_color": "#14508g"}, "/config/accent_color"),
    ({"accent_color": "red;}"}, "/config/accent_color"),
    ({"hero": []}, "/config/hero"), ({"hero": {"claim": 1}}, "/config/hero/claim"), ({"hero": {"benefits": "x"}}, "/config/hero/benefits"),
    ({"hero": {"benefits": ["a", 2]}}, "/config/hero/benefits/1"), ({"hero": {"benefits": [" "]}}, "/config/hero/benefits/0"),
    ({"hero": {"benefits": ["x"] * 21}}, "/config/hero/benefits"),
    ({"services": {}}, "/config/services"), ({"services": ["x"]}, "/config/services/0"), ({"services": [None]}, "/config/services/0"),
    ({"services": [{"slug": "bad"}]}, "/config/services/0/name"), ({"services": [{"name": "Bad"}]}, "/config/services/0/slug"),
    ({"services": [{"slug": "Bad", "name": "Bad"}]}, "/config/services/0/slug"),
    ({"services": [{"slug": "../x", "name": "Bad"}]}, "/config/services/0/slug"),
    ({"services": [SERVICE, {"slug": "bad", "name": "Noch eines"}]}, "/config/services/1/slug"),
    ({"services": [{**SERVICE, "name": "  "}]}, "/config/services/0/name"),
    ({"services": [{**SERVICE, "features": "x"}]}, "/config/services/0/features"),
    ({"services": [{**SERVICE, "description": "a\tb"}]}, "/config/services/0/description"),
    ({"services": [{**SERVICE, "description": "x" * 5001}]}, "/config/services/0/description"),
    ({"services": [{**SERVICE, "cta_intent": "dusche"}], "intents": [INTENT]}, "/config/services/0/cta_intent"),
    ({"services": [{**SERVICE, "cta_intent": "bad"}]}, "/config/services/0/cta_intent"),
    ({"services": [{**SERVICE, "slug": f"s{n}"} for n in range(61)]}, "/config/services"),
    ({"intents": [INTENT, INTENT]}, "/config/intents/1/value"), ({"intents": [{**INTENT, "value": "Ä"}]}, "/config/intents/0/value"),
    ({"intents": [{**INTENT, "category": "emergenci"}]}, "/config/intents/0/category"),
    ({"intents": [{k: v for k, v in INTENT.items() if k != "category"}]}, "/config/intents/0/category"),
    ({"intents": [{**INTENT, "urgency": "high"}]}, "/config/intents/0/urgency"),
    ({"intents": [{**INTENT, "safety": "fire"}]}, "/config/intents/0/safety"),
    ({"intents": [{**INTENT, "label": ""}]}, "/config/intents/0/label"),
    ({"google_rating": 5.1}, "/config/google_rating"), ({"google_rating": 0}, "/config/google_rating"),
    ({"google_rating": "4.8"}, "/config/google_rating"), ({"google_review_count": -1}, "/config/google_review_count"),
    ({"google_review_count": 1.5}, "/config/google_review_count"), ({"certifications": [""]}, "/config/certifications/0"),
    ({"certifications": "x"}, "/config/certifications"), ({"founded_year": 999}, "/config/founded_year"),
    ({"founded_year": "1974"}, "/config/founded_year"), ({"generation": 0}, "/config/generation"),
    ({"reviews": [{"author": "A"}]}, "/config/reviews/0/text"), ({"reviews": [{"text": "Gut."}]}, "/config/reviews/0/author"),
    ({"reviews": [{"author": "A", "text": "Gut.", "rating": 6}]}, "/config/reviews/0/rating"),
    ({"service_area": [1]}, "/config/service_area/0"), ({"impressum": "x"}, "/config/impressum"),
    ({"impressum": {"email": "x"}}, "/config/impressum/email"), ({"impressum": {"phone": "12"}}, "/config/impressum/phone"),
    ({"texts": []}, "/config/texts"), ({"texts": ["x"]}, "/config/texts"),
]


def packed(cases):
    """Cases of (config, pointer) in as few documents as their members allow: all that is wrong is named at once."""
    documents = []
    for config, pointer in cases:
        for members, pointers in documents:
            if not set(members) & set(config):
                members.update(config)
                pointers.add(pointer)
                break
        else:
            documents.append((dict(config), {pointer}))
    return documents


@pytest.mark.parametrize("config, pointers", packed(WRONG))
def test_what_no_page_can_show_is_refused_by_its_pointer(command, stack, config, pointers):
    doc = document(config)
    out = command.add(doc)
    assert out.returncode == REFUSED and set(said(out.stderr)) == pointers, out.stderr
    assert stack.sql("select 1 from customers where slug = %s", doc["slug"]) == []


MISSPELT = [
    ({"hero": {"clame": "x"}}, "/config/hero/clame", "claim"),
    ({"services": [{**SERVICE, "descripton": "x"}]}, "/config/services/0/descripton", "description"),
    ({"services": [{**SERVICE, "Features": []}]}, "/config/services/0/Features", "features"),
    ({"intents": [{**INTENT, "urgnecy": "LOW"}]}, "/config/intents/0/urgnecy", "urgency"),
    ({"primary_colour": "#000000"}, "/config/primary_colour", "primary_color"), ({"sevices": []}, "/config/sevices", "services"),
    ({"impressum": {"compnay": "x"}}, "/config/impressum/compnay", "company"), ({"on_call": [{"phone": "+41790000011", "nam": "x"}]},
                                                                              "/config/on_call/0/nam", "name"),
]


def test_a_member_that_is_misspelt_is_refused_with_the_right_one(command):
    config = {}
    for members, _, _ in MISSPELT:
        config.update(members)
    config["services"] = [members["services"][0] | {"slug": f"s{n}"} for n, (members, _, _) in
                          enumerate(m for m in MISSPELT if "services" in m[0])]
    wanted = {pointer: meant for _, pointer, meant in MISSPELT} | {
        "/fone": "phone", "/sms_nummber": "sms_number", "/address": "config.address", "/hero": "config.hero"}
    wanted["/config/services/1/Features"] = wanted.pop("/config/services/0/Features")
    out = command.add(document(config, fone="x", sms_nummber="x", address="x", hero={}))
    assert out.returncode == REFUSED
    assert said(out.stderr) == {pointer: f"is no setting that OpsFabric knows; did you mean {meant}?" for pointer, meant in wanted.items()}


def test_so_is_a_text(command):
    out = command.add(document({"texts": {"de": {"mised_call": "x", "zeppelin": "x"}}}))
    assert said(out.stderr) == {
        "/config/texts/de/mised_call": "is no text that OpsFabric sends; did you mean missed_call?",
        "/config/texts/de/zeppelin": "is no text that OpsFabric sends"}


def test_a_member_that_is_like_no_other_is_refused_without_a_guess(command):
    out = command.add(document({"zeppelin": 1, "hero": {"a/b~c": 1, "*": 2}}))
    assert said(out.stderr) == {pointer: "is no setting that OpsFabric knows" for pointer in (
        "/config/zeppelin", "/config/hero/a~1b~0c", "/config/hero/*")}


LONG = "</script>\"'&<b> 🚿 שלום مرحبا " * 200


@pytest.mark.parametrize("plain", [True, False])
def test_texts_of_5000_characters_are_stored_as_they_are_and_shown(command, stack, plain):
    long = LONG[:5000] if not plain else "x" * 5000
    assert len(long) == 5000
    doc = demo()
    config = doc["config"]
    del config["logo_url"]
    config["hero"] = {"claim": long, "subclaim": long, "benefits": [long]}
    config["services"] = [{**config["services"][0], "name": long, "short_description": long, "description": long[:4990] + "\nA\n\nB",
                           "features": [long], "cta_text": long}]
    if plain:
        config.update(address=long, plz=long, ort=long, contact_person=long, certifications=[long], service_area=[long])
        config["reviews"] = [{"author": long, "ort": long, "rating": 4.5, "text": long}]
        config["impressum"] = {"company": long, "address": long}
        config["intents"][0]["label"] = long
    out = command.add(doc)
    assert out.returncode == DONE, out.stderr
    assert command.json("tenant", "show", doc["slug"])["config"] == config
    pages = pages_of(stack, doc)
    assert html.unescape(pages[""]).count(long) >= 3
    assert not any("</script>\"'" in page for page in pages.values())


def test_a_document_ends_somewhere(command, tenant):
    reviews = [{"author": "A", "text": "x" * 5000}] * 30
    out = command("tenant", "set", tenant.slug, "--file", "-", stdin=json.dumps({"config": {"reviews": reviews}}))
    assert out.returncode == REFUSED and "at most 128 KB" in out.stderr
    # nor does it grow beyond, piece by piece
    first = {"config": {"reviews": reviews[:15]}}
    second = {"config": {"services": [{"slug": f"s{n}", "name": "x", "description": "x" * 5000} for n in range(15)]}}
    assert command("tenant", "set", tenant.slug, "--file", "-", stdin=json.dumps(first)).returncode == DONE
    out = command("tenant", "set", tenant.slug, "--file", "-", stdin=json.dumps(second))
    assert out.returncode == REFUSED and "128 KB" in out.stderr
    assert "services" not in command.json("tenant", "show", tenant.slug)["config"]


def test_the_pages_stand_the_largest_document(command, stack):
    doc = demo()
    doc["config"]["reviews"] = [{"author": "\"'<&>" * 20, "text": "\"'<&>" * 1000} for _ in range(19)]
    out = command.add(doc)
    assert out.returncode == DONE, out.stderr
    assert len(pages_of(stack, doc)[""]) > 19 * 5000


def test_a_firm_with_many_services_has_room(command):
    doc = demo()
    doc["config"]["services"] = [{"slug": f"s-{n}", "name": f"Leistung {n}", "features": [f"f{i}" for i in range(30)]} for n in range(60)]
    out = command.add(doc)
    assert out.returncode == DONE, out.stderr
    assert len(command.json("tenant", "show", doc["slug"])["config"]["services"]) == 60


ASSIGNMENTS = {
    "config.plz=8810": "8810", "config.hero.claim=true": "true", "config.impressum.phone=0442100010": "0442100010",
    "config.founded_year=1974": 1974, "config.google_rating=4.8": 4.8, 'config.hero.benefits=["1"]': ["1"], "config.texts={}": {},
    "config.sms_name=2000": "2000",
}


def test_an_assignment_knows_which_settings_are_texts(command, tenant):
    out = command("tenant", "set", tenant.slug, *ASSIGNMENTS)
    assert out.returncode == DONE, out.stderr
    shown = command.json("tenant", "show", tenant.slug)
    for assignment, value in ASSIGNMENTS.items():
        there = shown
        for name in assignment.split("=")[0].split("."):
            there = there[name]
        assert there == value, assignment


# ---- tenant check ------------------------------------------------------------------------


def advices_of(command, slugs):
    """What it says of each firm, {(severity, pointer): line}; its exit status must be the one that follows."""
    out = command("tenant", "check", *slugs, "--json")
    assert out.stderr == "", out.stderr
    answer = json.loads(out.stdout)
    assert [firm["slug"] for firm in answer["firms"]] == slugs
    for firm in answer["firms"]:
        assert firm["good"] == all(line["severity"] == "weak" for line in firm["advice"])
    assert answer["good"] == all(firm["good"] for firm in answer["firms"]) == (out.returncode == DONE)
    return [{(line["severity"], line["pointer"]): line for line in firm["advice"]} for firm in answer["firms"]]


def advice_of(command, slug):
    return advices_of(command, [slug])[0]


def stored(stack, doc):
    """As `tenant add` would store it, without looking; many of them are quick that way."""
    columns = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in doc.items()}
    stack.sql(f"insert into customers (id, {', '.join(columns)}, created_at, updated_at)"
              f" values (gen_random_uuid(), {', '.join(['%s'] * len(columns))}, now(), now())", *columns.values())
    return doc["slug"]


def test_the_demo_firms_lack_nothing(command):
    out = command("tenant", "check", "doerfler-ag", "salon-lumiere")
    assert out.returncode == DONE and out.stderr == ""
    assert out.stdout == "doerfler-ag: nothing to say\nsalon-lumiere: nothing to say\n"


def change(doc, path, value):
    """The member at a path, taken away where value is None."""
    *way, last = [int(part) if part.isdigit() else part for part in path.strip("/").split("/")]
    for part in way:
        doc = doc[part]
    if value is None and not isinstance(doc, list):
        del doc[last]
    else:
        doc[last] = value


LACKING = [
    ("/phone", None, "missing", "/phone"), ("/sms_number", None, "missing", "/sms_number"),
    ("/google_review_link", None, "missing", "/google_review_link"), ("/config/hours", None, "missing", "/config/hours"),
    ("/config/hours", {"monday": [], "sunday": []}, "missing", "/config/hours"), ("/config/hours", {}, "missing", "/config/hours"),
    ("/config/hero/claim", None, "missing", "/config/hero/claim"), ("/config/hero/claim", "", "missing", "/config/hero/claim"),
    ("/config/hero/subclaim", None, "missing", "/config/hero/subclaim"), ("/config/hero/benefits", [], "missing", "/config/hero/benefits"),
    ("/config/hero/benefits", ["Eines"], "weak", "/config/hero/benefits"), ("/config/services", [], "missing", "/config/services"),
    ("/config/services/1/description", None, "missing", "/config/services/1/description"),
    ("/config/services/1/description", "Wir reparieren.", "weak", "/config/services/1/description"),
    ("/config/services/2/short_description", "", "missing", "/config/services/2/short_description"),
    ("/config/services/2/features", None, "weak", "/config/services/2/features"),
    ("/config/services/2/cta_intent", None, "weak", "/config/services/2/cta_intent"),
    ("/config/ort", None, "missing", "/config/ort"), ("/config/on_call", None, "missing", "/config/on_call"),
    ("/config/google_review_count", None, "missing", "/config/google_review_count"),
    ("/config/google_review_count", 0, "missing", "/config/google_review_count"),
    ("/config/google_rating", None, "missing", "/config/google_rating"), ("/config/reviews", None, "weak", "/config/reviews"),
    ("/config/service_area", None, "weak", "/config/service_area"), ("/config/primary_color", None, "weak", "/config/primary_color"),
    ("/config/impressum/company", None, "weak", "/config/impressum/company"),
    ("/config/accent_color", "#e2571e", "weak", "/config/accent_color"), ("/config/primary_color", "#c9973b", None, None),
    ("/config/services/0/icon", "zeppelin", "weak", "/config/services/0/icon"),
    ("/config/wizard", {"ways": {"offer": {"label": "Kostenvoranschlag"}}}, None, None),
    ("/config/texts", {"fr": {"reply_stop": "{{firm}}: plus aucun SMS. START pour en recevoir."}}, "weak", "/config/texts/de/reply_stop"),
]


def test_what_a_page_lacks_is_named(command, stack):
    slugs = []
    for path, value, _, _ in LACKING:
        doc = demo()
        change(doc, path, value)
        slugs.append(stored(stack, doc))
    for (path, value, severity, pointer), said in zip(LACKING, advices_of(command, slugs)):
        if "/texts" in path:  # in each of the languages that it is not in
            assert set(said) == {("weak", f"/config/texts/{language}/reply_stop") for language in ("de", "it", "en")}
        else:
            assert set(said) == ({(severity, pointer)} if severity else set()), (path, value)


TOO_LONG = [
    ("/config/hero/claim", 60), ("/config/hero/subclaim", 140), ("/config/hero/benefits/1", 50), ("/config/services/0/name", 40),
    ("/config/services/0/short_description", 90), ("/config/services/0/description", 800), ("/config/services/0/features/1", 60),
    ("/config/services/0/cta_text", 30), ("/config/intents/3/label", 45), ("/config/reviews/0/text", 300), ("/config/certifications/0", 40),
    ("/config/wizard/ways/offer/label", 40), ("/name", 40),
]


def test_what_is_too_long_is_named_with_both_lengths(command, stack):
    slugs = []
    for path, good in TOO_LONG:
        for length in (good, good + 1):
            doc = demo()
            doc["config"]["sms_name"] = "Muster"
            doc["config"]["wizard"] = {"ways": {"offer": {}}}
            change(doc, path, "ü" * length)
            slugs.append(stored(stack, doc))
    said = advices_of(command, slugs)
    for (path, good), short, long in zip(TOO_LONG, said[::2], said[1::2]):
        assert short == {}, path
        line = long.pop(("too long", path))
        assert (line["length"], line["advised"]) == (good + 1, good) and long == {}


def test_a_list_may_be_too_long_as_well(command):
    doc = demo()
    doc["config"]["hero"]["benefits"] = ["Einer der Gründe"] * 7
    assert command.add(doc).returncode == DONE
    said = advice_of(command, doc["slug"])
    assert [(key, line["length"], line["advised"]) for key, line in said.items()] == [(("too long", "/config/hero/benefits"), 7, 4)]


def test_the_law_asks_for_name_address_and_mail(command):
    doc = demo()
    del doc["email"], doc["config"]["impressum"]["email"], doc["config"]["impressum"]["address"]
    assert command.add(doc).returncode == DONE
    assert set(advice_of(command, doc["slug"])) == {("missing", "/email")}
    # the address of the pages serves for the impressum, if it is whole
    command("tenant", "set", doc["slug"], "config.plz=", f"website_domain={uuid.uuid4().hex}.example.ch")
    assert set(advice_of(command, doc["slug"])) == {
        ("missing", "/email"), ("missing", "/config/plz"), ("missing", "/config/impressum/address"), ("missing", "/website_domain")}


def test_a_domain_of_its_own_wants_the_module_that_fills_it(command):
    doc = demo(website_domain=f"{uuid.uuid4().hex}.example.ch", modules={"website": False})
    assert command.add(doc).returncode == DONE
    assert set(advice_of(command, doc["slug"])) == {("weak", "/modules/website")}


def test_a_way_of_the_form_needs_intents(command):
    doc = demo()
    doc["config"]["intents"] = [i for i in doc["config"]["intents"] if i["category"] != "offer"]
    doc["config"]["services"] = doc["config"]["services"][:2]
    assert command.add(doc).returncode == DONE
    assert set(advice_of(command, doc["slug"])) == {("weak", "/config/intents")}
    command("tenant", "set", doc["slug"], "config.wizard.ways.offer.label=Kostenvoranschlag")
    assert set(advice_of(command, doc["slug"])) == {("missing", "/config/wizard/ways/offer")}


def test_what_would_be_refused_today_is_named_as_wrong(command, stack):
    doc = demo()
    assert command.add(doc).returncode == DONE
    # as it may have been stored before anybody looked
    stack.sql("update customers set config = jsonb_set(config, '{services,0,cta_intent}', '\"rohr\"') || '{\"primary_color\": \"blue\"}'"
              " where slug = %s", doc["slug"])
    said = advice_of(command, doc["slug"])
    assert set(said) == {("wrong", "/config/services/0/cta_intent"), ("wrong", "/config/primary_color")}
    assert "rohr is the value of no intent" in said["wrong", "/config/services/0/cta_intent"]["text"]


@pytest.mark.parametrize("config", ["[]", '{"texts": [1], "services": {"a": 1}, "intents": "x", "hero": 3, "hours": [], "on_call": {"a": null}}',
                                    '{"texts": {"de": [1, {}], "fr": "x"}, "languages": "de", "wizard": [], "impressum": [[]]}'])
def test_whatever_stands_in_the_database_is_looked_at(command, stack, config):
    doc = demo()
    assert command.add(doc).returncode == DONE
    stack.sql("update customers set config = %s where slug = %s", config if config != "[]" else "{}", doc["slug"])
    said = advice_of(command, doc["slug"])
    assert ("missing", "/config/hero/claim") in said


def test_an_address_that_leads_elsewhere_is_named(command, stack):
    doc = demo(website_domain=f"{uuid.uuid4().hex}.example.ch")
    assert command.add(doc).returncode == DONE
    stack.sql("delete from tenant_addresses where address = %s", doc["website_domain"])
    assert set(advice_of(command, doc["slug"])) == {("missing", "/website_domain")}
    assert command("tenant", "set", doc["slug"], f"website_domain={doc['website_domain']}").returncode == DONE
    assert advice_of(command, doc["slug"]) == {}


def test_all_firms_are_looked_at_and_one_that_is_not_there_is_3(command, tenant):
    off = document()
    assert command.add(off).returncode == DONE
    command("tenant", "deactivate", off["slug"])
    out = command("tenant", "check", "--all", "--json")
    assert out.returncode == REFUSED and out.stderr == ""
    slugs = [firm["slug"] for firm in json.loads(out.stdout)["firms"]]
    assert tenant.slug in slugs and "doerfler-ag" in slugs and off["slug"] not in slugs and len(slugs) == len(set(slugs))
    out = command("tenant", "check", "no-such-firm", "doerfler-ag")
    assert out.returncode == NOT_FOUND and out.stdout == "doerfler-ag: nothing to say\n"
    for args in ([], ["--all", "doerfler-ag"]):
        assert command("tenant", "check", *args).returncode == USAGE


# ---- tenant export, tenant import --------------------------------------------------------


def exported(command, slug):
    out = command("tenant", "export", slug)
    assert out.returncode == DONE, out.stderr
    assert "tokens, sealed credentials and tickets are not in it" in out.stderr
    return out.stdout


def changes(command, text, *args):
    """What an import would do: (outcome, {pointer: (before, after)})."""
    answer = command.json("tenant", "import", "-", "--dry-run", *args, stdin=text)
    assert answer["dry_run"] is True
    return answer["outcome"], {c["pointer"]: (c["before"], c["after"]) for c in answer["changes"]}


def test_what_is_exported_is_the_document_in_a_fixed_order(command):
    wanted = json.loads((ROOT / "schema" / "demo" / "doerfler-ag.json").read_text())
    text = exported(command, "doerfler-ag")
    doc = json.loads(text)
    assert doc == {**{k: v for k, v in wanted.items() if v is not None}, "config": {k: v for k, v in wanted["config"].items() if v is not None}}
    assert list(doc)[:4] == ["name", "slug", "phone", "email"] and list(doc["config"])[:2] == ["language", "languages"]
    assert list(doc["config"]["hours"]) == ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    assert list(doc["config"]["hours"]["monday"][0]) == ["from", "to"] and list(doc["config"]["services"][0])[:2] == ["slug", "name"]
    assert text == json.dumps(doc, ensure_ascii=False, indent=2) + "\n"
    assert exported(command, "doerfler-ag") == text


def test_export_to_a_file(command, tmp_path):
    out = command("tenant", "export", "doerfler-ag", "--output", tmp_path / "d.json")
    assert out.returncode == DONE and out.stdout == ""
    assert (tmp_path / "d.json").read_text() == exported(command, "doerfler-ag")
    for path in (tmp_path / "none" / "d.json", "/dev/full"):
        out = command("tenant", "export", "doerfler-ag", "--output", path)
        assert out.returncode == REFUSED and f"{path}: " in out.stderr


@pytest.mark.parametrize("slug", ["doerfler-ag", "salon-lumiere"])
def test_export_into_import_changes_nothing(command, stack, slug):
    before = stack.one("select * from customers where slug = %s", slug)
    text = exported(command, slug)
    assert changes(command, text) == ("unchanged", {})
    out = command("tenant", "import", "-", stdin=text)
    assert out.returncode == DONE and out.stdout == f"unchanged {slug}\n"
    assert stack.one("select * from customers where slug = %s", slug) == before


def test_secrets_and_tokens_stay_behind(command, stack, tenant):
    token = tenant.token
    stack.command("secret", "set", tenant.slug, "twilio.auth_token", stdin="sesame-open-sesame\n")
    out = command("tenant", "export", tenant.slug)
    assert token not in out.stdout + out.stderr and "sesame" not in out.stdout + out.stderr
    assert str(tenant.id) not in out.stdout and "created_at" not in out.stdout


def test_a_trial_shows_every_member_that_would_change_and_changes_none(command, stack):
    doc = demo()
    assert command.add(doc).returncode == DONE
    before = stack.one("select * from customers where slug = %s", doc["slug"])
    doc = json.loads(exported(command, doc["slug"]))
    del doc["google_review_link"], doc["config"]["services"][3], doc["config"]["holidays"], doc["plan"]
    doc["timezone"] = "Europe/Berlin"
    doc["config"]["hero"]["claim"] = "Neu"
    doc["config"]["services"][0]["features"].append("Neues")
    doc["config"]["impressum"]["legal_form"] = None
    text = json.dumps(doc)
    outcome, said = changes(command, text)
    assert outcome == "changed" and set(said) == {
        "/google_review_link", "/config/services/3", "/config/holidays", "/plan", "/timezone", "/config/hero/claim",
        "/config/services/0/features/3", "/config/impressum/legal_form"}
    assert said["/timezone"] == ("Europe/Zurich", "Europe/Berlin") and said["/plan"] == ("pro", "pilot")
    assert said["/config/services/0/features/3"] == (None, "Neues") and said["/config/impressum/legal_form"] == ("Aktiengesellschaft", None)
    assert said["/config/services/3"][0]["slug"] == "bad" and said["/config/services/3"][1] is None
    out = command("tenant", "import", "-", "--dry-run", stdin=text)
    assert re.search(r'^~ /config/hero/claim: "Wenn .*" -> "Neu"$', out.stdout, re.M)
    assert re.search(r'^\+ /config/services/0/features/3: "Neues"$', out.stdout, re.M)
    assert re.search(r'^- /google_review_link: "https', out.stdout, re.M)
    assert out.stdout.endswith(f"would be changed {doc['slug']}\n")
    assert stack.one("select * from customers where slug = %s", doc["slug"]) == before

    out = command("tenant", "import", "-", stdin=text)
    assert out.returncode == DONE and out.stdout == f"changed {doc['slug']}\n"
    # what the document does not name has its default again: it is the whole firm
    after = stack.one("select * from customers where slug = %s", doc["slug"])
    assert after["id"] == before["id"] and after["google_review_link"] is None and after["plan"] == "pilot" and "holidays" not in after["config"]
    assert changes(command, text) == ("unchanged", {})


def test_a_firm_that_is_new_is_added(command, stack, tmp_path):
    doc = demo()
    (tmp_path / "firm.json").write_text(json.dumps(doc))
    outcome, said = changes(command, json.dumps(doc))
    assert outcome == "added" and said["/phone"] == (None, doc["phone"])
    assert stack.sql("select 1 from customers where slug = %s", doc["slug"]) == []
    out = command("tenant", "import", tmp_path / "firm.json")
    assert out.returncode == DONE and out.stdout == f"added {doc['slug']}\n"
    assert stack.one("select phone from customers where slug = %s", doc["slug"])["phone"] == doc["phone"]


@pytest.mark.parametrize("args", [[], ["--dry-run"]])
def test_a_number_of_another_firm_is_refused_with_its_name(command, stack, tenant, args):
    doc = demo(phone=tenant.phone, sms_number=tenant.sms_number)
    out = command("tenant", "import", "-", *args, stdin=json.dumps(doc))
    assert out.returncode == REFUSED and out.stdout == ""
    assert said(out.stderr) == {"/phone": f"{tenant.phone} belongs to the firm {tenant.slug} already",
                                "/sms_number": f"{tenant.sms_number} belongs to the firm {tenant.slug} already"}
    assert stack.sql("select 1 from customers where slug = %s", doc["slug"]) == []


def test_an_import_is_checked_whole(command, stack, tenant):
    before = stack.one("select * from customers where slug = %s", tenant.slug)
    doc = json.loads(exported(command, tenant.slug))
    doc.update(timezone="Mars/Olympus", name="Anders")
    doc["config"]["hero"] = {"clame": "x"}
    out = command("tenant", "import", "-", stdin=json.dumps(doc))
    assert out.returncode == REFUSED and set(said(out.stderr)) == {"/timezone", "/config/hero/clame"}
    assert stack.one("select * from customers where slug = %s", tenant.slug) == before


@pytest.fixture(scope="module")
def second(stack, command):
    """An empty installation: its database beside the stack's."""
    import psycopg2

    name = "second_" + uuid.uuid4().hex[:8]
    stack.sql(f"create database {name} owner opsfabric_owner")
    db = psycopg2.connect(host=str(stack.state / "postgres"), dbname=name, user="postgres")
    db.autocommit = True
    with db.cursor() as cursor:
        cursor.execute((ROOT / "schema" / "roles.sql").read_text())
    other = Command(stack)
    for url in ("DATABASE_URL", "DATABASE_SERVICE_URL", "DATABASE_OWNER_URL"):
        other.env[url] = other.env[url].replace("/opsfabric?", f"/{name}?")
    assert other("migrate").returncode == DONE
    yield other
    db.close()
    stack.sql(f"drop database {name} with (force)")


@pytest.mark.parametrize("slug", ["doerfler-ag", "salon-lumiere"])
def test_a_firm_moves_to_an_empty_installation_byte_for_byte(command, second, slug):
    text = exported(command, slug)
    assert second("tenant", "import", "-", stdin=text).stdout == f"added {slug}\n"
    assert exported(second, slug) == text
    mine, theirs = (c.json("tenant", "show", slug) for c in (command, second))
    house = ("id", "created_at", "updated_at")
    assert {k: v for k, v in mine.items() if k not in house and k != "config"} == {
        k: v for k, v in theirs.items() if k not in house and k != "config"}
    assert {k: v for k, v in mine["config"].items() if v is not None} == theirs["config"]


def pages_of(stack, doc):
    """Every page of a firm as it is made now: a query that says nothing is not cached."""
    paths = ["", "/leistungen", "/kontakt", "/impressum", "/datenschutz"]
    paths += [f"/leistungen/{service['slug']}" for service in doc["config"]["services"]]
    answers = {path: stack.get(f"/{doc['slug']}{path}?fresh={uuid.uuid4().hex}") for path in paths}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {path: re.sub(r"fresh=\w+", "", answer.text) for path, answer in answers.items()}


def test_a_firm_that_was_lost_has_the_same_pages_after_an_import(command, stack):
    doc = demo()
    assert command.add(doc).returncode == DONE
    before, text = pages_of(stack, doc), exported(command, doc["slug"])
    assert doc["config"]["hero"]["claim"] in before[""]
    stack.sql("delete from customers where slug = %s", doc["slug"])

    def status():
        return stack.get(f"/{doc['slug']}?fresh={uuid.uuid4().hex}").status_code

    # each worker remembers it for at most five seconds
    wait_for(lambda: all(status() == 404 for _ in range(12)), what="the firm to be forgotten")
    assert command("tenant", "import", "-", stdin=text).returncode == DONE
    wait_for(lambda: all(status() == 200 for _ in range(12)), what="the firm to be there again")
    assert pages_of(stack, doc) == before


@pytest.mark.parametrize("name", ["crafts", "restaurant", "beauty", "general"])
def test_the_pages_of_a_preset_say_what_it_says(command, stack, name):
    doc = document(preset(command, name, "it")["config"])
    stored(stack, doc)
    pages = {path: html.unescape(page) for path, page in pages_of(stack, doc).items()}
    hero = doc["config"]["hero"]
    assert all(text in pages[""] for text in (hero["claim"], hero["subclaim"], *hero["benefits"]))
    for service in doc["config"]["services"]:
        page = pages[f"/leistungen/{service['slug']}"]
        assert all(text in page for text in (service["name"], service["description"], service["cta_text"], *service["features"]))
        assert service["short_description"] in pages["/leistungen"]


@pytest.mark.parametrize("name", ["crafts", "restaurant", "beauty", "general"])
def test_the_form_of_a_preset_has_its_ways_in_its_words(command, stack, name):
    doc = document(preset(command, name, "fr")["config"])
    stored(stack, doc)
    config, form = doc["config"], f"/{doc['slug']}/anfrage"
    page = html.unescape(stack.get(form).text)
    for way in config["wizard"].get("ways", {}).values():
        assert way["label"] in page and way["text"] in page
    for category in ("emergency", "request", "offer"):
        page = html.unescape(stack.get(f"{form}?flow={category}").text)
        labels = [i["label"] for i in config["intents"] if i["category"] == category]
        assert labels and all(label in page for label in labels)
    # gas and water are said what to do before all else, and only where there is any
    page = html.unescape(stack.get(f"{form}?flow=emergency&intent=gas").text)
    assert ('href="tel:118"' in page) == (name == "crafts")


# ---- tenant preset -----------------------------------------------------------------------

PRESETS = [line.split()[0] for line in (ROOT / "schema" / "presets" / "PRESETS").read_text().splitlines() if not line.startswith("#")]
LANGUAGES = ["de", "fr", "it", "en"]
# What no preset can know of a firm.
ONLY_THE_FIRM = {"/phone", "/sms_number", "/email", "/google_review_link", "/config/on_call", "/config/hours", "/config/address", "/config/plz",
                 "/config/ort", "/config/impressum/address"}


def preset(command, name, language="de"):
    out = command("tenant", "preset", "show", name, "--language", language)
    assert out.returncode == DONE, out.stderr
    return json.loads(out.stdout)


def test_presets_are_listed_and_shown(command):
    assert [item["name"] for item in command.json("tenant", "preset", "list")["items"]] == PRESETS == ["crafts", "restaurant", "beauty", "general"]
    out = command("tenant", "preset", "list")
    assert [line.split()[0] for line in out.stdout.splitlines()] == PRESETS
    for name in PRESETS:
        for language in LANGUAGES:
            assert preset(command, name, language)["config"]["language"] == language
    assert command("tenant", "preset", "show", "astronaut").returncode == NOT_FOUND
    assert command("tenant", "preset", "show", "crafts", "--language", "rm").returncode == USAGE
    assert command("tenant", "preset").returncode == USAGE
    assert command("tenant", "add", "--preset", "astronaut", "--slug", "ab", "--name", "AB").returncode == USAGE


def test_every_preset_makes_a_firm_that_lacks_only_what_the_firm_can_say(command, stack):
    slugs = []
    for name in PRESETS:
        for language in LANGUAGES:
            doc = document(preset(command, name, language)["config"])
            slugs.append(stored(stack, {k: v for k, v in doc.items() if k not in ("phone", "sms_number")}))
    for slug, said in zip(slugs, advices_of(command, slugs)):
        assert {pointer for severity, pointer in said if severity == "missing"} == ONLY_THE_FIRM, slug
        assert {severity for severity, _ in said} == {"missing", "weak"}, said
    # and with that, nothing but what could be better is left
    doc = demo()
    for name in PRESETS:
        config = {**{k: doc["config"][k] for k in ("hours", "address", "plz", "ort", "on_call")}, **preset(command, name)["config"]}
        slug = stored(stack, document(config, google_review_link=doc["google_review_link"], email=f"{uuid.uuid4().hex}@example.ch"))
        assert {severity for severity, _ in advice_of(command, slug)} == {"weak"}


def shape(v):
    """What a value is made of, without its words."""
    if isinstance(v, dict):
        return {k: shape(m) for k, m in v.items()}
    return [shape(e) for e in v] if isinstance(v, list) else type(v).__name__


def test_a_preset_says_the_same_in_every_language(command):
    for name in PRESETS:
        de, *others = [preset(command, name, language)["config"] for language in LANGUAGES]
        for language, other in zip(LANGUAGES[1:], others):
            assert shape({**other, "texts": other.get("texts", {}).get(language)}) == shape({**de, "texts": de.get("texts", {}).get("de")})
            for key in ("value", "category", "urgency", "safety"):
                assert [i.get(key) for i in other["intents"]] == [i.get(key) for i in de["intents"]]
            for one, two in zip(de["services"], other["services"]):
                assert (one["icon"], one["cta_intent"]) == (two["icon"], two["cta_intent"])
                assert one["description"] != two["description"]
        assert "ß" not in json.dumps(de, ensure_ascii=False)
        assert {i["category"] for i in de["intents"]} == {"emergency", "request", "offer"}


def test_crafts_know_where_safety_comes_first(command):
    safety = {i["value"]: i.get("safety") for i in preset(command, "crafts")["config"]["intents"]}
    assert safety["gas"] == "gas" and safety["water"] == "water" and safety["repair"] is None


def test_a_new_firm_begins_with_a_preset_and_what_it_says_itself_wins(command):
    doc = document({"language": "fr", "hero": {"claim": "À votre service."}, "services": [SERVICE], "accent_color": None})
    out = command("tenant", "add", "--preset", "beauty", "--file", "-", "config.hero.subclaim=Chez vous.", stdin=json.dumps(doc))
    assert out.returncode == DONE, out.stderr
    config, base = command.json("tenant", "show", doc["slug"])["config"], preset(command, "beauty", "fr")["config"]
    assert config["hero"] == {**base["hero"], "claim": "À votre service.", "subclaim": "Chez vous."}
    assert config["services"] == [SERVICE] and config["intents"] == base["intents"] and config["wizard"] == base["wizard"]
    assert "accent_color" not in config and config["primary_color"] == base["primary_color"] and config["texts"] == base["texts"]


def test_a_preset_is_in_the_firms_language(command):
    for args, language in (([], "de"), (["config.language=it"], "it")):
        doc = document()
        out = command("tenant", "add", "--preset", "general", "--slug", doc["slug"], "--name", doc["name"], "--phone", doc["phone"], *args)
        assert out.returncode == DONE, out.stderr
        assert command.json("tenant", "show", doc["slug"])["config"] == preset(command, "general", language)["config"]


def test_a_firm_that_is_there_takes_a_preset_as_a_patch(command, tenant):
    out = command("tenant", "set", tenant.slug, "--file", "-", stdin=json.dumps(preset(command, "crafts", "en")))
    assert out.returncode == DONE, out.stderr
    assert command.json("tenant", "show", tenant.slug)["config"]["hero"]["claim"].startswith("When it leaks")
