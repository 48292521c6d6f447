"""opsfabric tenant: what a firm's document may hold, what a good page needs, files that go from one installation to another"""

import json
import re
import subprocess
import uuid

import pytest

from tests.support.stack import ROOT, landline, mobile

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


@pytest.mark.parametrize("config, pointer", [
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
])
def test_what_no_page_can_show_is_refused_by_its_pointer(command, stack, config, pointer):
    doc = document(config)
    out = command.add(doc)
    assert out.returncode == REFUSED and set(said(out.stderr)) == {pointer}, out.stderr
    assert stack.sql("select 1 from customers where slug = %s", doc["slug"]) == []


@pytest.mark.parametrize("config, pointer, meant", [
    ({"hero": {"clame": "x"}}, "/config/hero/clame", "claim"),
    ({"services": [{**SERVICE, "descripton": "x"}]}, "/config/services/0/descripton", "description"),
    ({"services": [{**SERVICE, "Features": []}]}, "/config/services/0/Features", "features"),
    ({"intents": [{**INTENT, "urgnecy": "LOW"}]}, "/config/intents/0/urgnecy", "urgency"),
    ({"primary_colour": "#000000"}, "/config/primary_colour", "primary_color"), ({"sevices": []}, "/config/sevices", "services"),
    ({"impressum": {"compnay": "x"}}, "/config/impressum/compnay", "company"), ({"on_call": [{"phone": "+41790000011", "nam": "x"}]},
                                                                              "/config/on_call/0/nam", "name"),
])
def test_a_member_that_is_misspelt_is_refused_with_the_right_one(command, config, pointer, meant):
    out = command.add(document(config))
    assert out.returncode == REFUSED
    assert said(out.stderr) == {pointer: f"is no setting that OpsFabric knows; did you mean {meant}?"}


@pytest.mark.parametrize("changes, pointer, meant", [
    ({"fone": "x"}, "/fone", "phone"), ({"sms_nummber": "x"}, "/sms_nummber", "sms_number"), ({"address": "x"}, "/address", "config.address"),
    ({"hero": {}}, "/hero", "config.hero"),
])
def test_so_is_one_beside_config(command, changes, pointer, meant):
    out = command.add(document(**changes))
    assert out.returncode == REFUSED and said(out.stderr) == {pointer: f"is no setting that OpsFabric knows; did you mean {meant}?"}


def test_a_member_that_is_like_no_other_is_refused_without_a_guess(command):
    out = command.add(document({"zeppelin": 1, "hero": {"a/b~c": 1, "*": 2}}))
    assert said(out.stderr) == {pointer: "is no setting that OpsFabric knows" for pointer in (
        "/config/zeppelin", "/config/hero/a~1b~0c", "/config/hero/*")}


LONG = "</script>\"'&<b> 🚿 שלום مرحبا " * 200


@pytest.mark.parametrize("plain", [True, False])
def test_texts_of_5000_characters_are_stored_as_they_are(command, plain):
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


def test_a_firm_with_many_services_has_room(command):
    doc = demo()
    doc["config"]["services"] = [{"slug": f"s-{n}", "name": f"Leistung {n}", "features": [f"f{i}" for i in range(30)]} for n in range(60)]
    out = command.add(doc)
    assert out.returncode == DONE, out.stderr
    assert len(command.json("tenant", "show", doc["slug"])["config"]["services"]) == 60


@pytest.mark.parametrize("assignment, path, value", [
    ("config.plz=8810", ("plz",), "8810"), ("config.hero.claim=true", ("hero", "claim"), "true"),
    ("config.impressum.phone=0442100010", ("impressum", "phone"), "0442100010"), ("config.founded_year=1974", ("founded_year",), 1974),
    ("config.google_rating=4.8", ("google_rating",), 4.8), ("config.hero.benefits=[\"1\"]", ("hero", "benefits"), ["1"]),
    ("config.texts={}", ("texts",), {}), ("config.sms_name=2000", ("sms_name",), "2000"),
])
def test_an_assignment_knows_which_settings_are_texts(command, tenant, assignment, path, value):
    out = command("tenant", "set", tenant.slug, assignment)
    assert out.returncode == DONE, out.stderr
    there = command.json("tenant", "show", tenant.slug)["config"]
    for name in path:
        there = there[name]
    assert there == value
