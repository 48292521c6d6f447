"""GET, POST /api/ticket/photo: a visitor adds photos to the ticket, the firm and nobody else sees them"""

import concurrent.futures
import contextlib
import fcntl
import io
import os
import pathlib
import re
import signal
import time
import uuid
import zipfile

import pytest

from tests.support import pictures, problems
from tests.support.pictures import Pictures, bomb, colour, form_of, metadata, png_of, size, token_of
from tests.support.stack import mobile, wait_for

PATH = "/api/ticket/photo"
ROUTE = "ticket_photo"
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def firm(stack):
    return stack.tenant(daily_segments=100000)


@pytest.fixture(scope="module")
def other(stack):
    return stack.tenant()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def ticket(firm):
    return new_ticket(firm)


@pytest.fixture(autouse=True)
def nothing_half_done(stack):
    """After each test: what lies on the disk is what the database says, and nothing waits."""
    yield
    known = {f"{r['customer_id']}/{r['id']}{end}"
             for r in stack.sql("select customer_id, id from photos") for end in (".jpg", ".thumb.jpg")}
    root = photo_dir(stack)
    assert {str(p.relative_to(root)) for p in root.glob("*/*") if p.parent.name != "pending"} == known
    assert not list(root.glob("pending/*"))


def photo_dir(stack):
    return pathlib.Path(stack.state) / "photos"


def new_ticket(firm):
    answer = firm.ticket()
    assert answer.status_code == 201, answer.text
    return answer.json()["ticket_id"]


def send(firm, ticket_id, data, headers=None, **kwargs):
    form = form_of(firm.stack, ticket_id, data, **kwargs)
    return firm.stack.post(PATH, headers={"Accept": "application/json", **(headers or {})}, **form)


def rows(firm, ticket_id):
    return firm.stack.sql("select * from photos where ticket_id = %s order by place", str(ticket_id))


def files_of(firm, photo_id):
    directory = photo_dir(firm.stack) / str(firm.id)
    return directory / f"{photo_id}.jpg", directory / f"{photo_id}.thumb.jpg"


def taken(firm, ticket_id, data, **kwargs):
    answer = send(firm, ticket_id, data, **kwargs)
    assert answer.status_code == 201, answer.text
    return answer.json()["photo_id"]


def refused(firm, ticket_id, data, slug, pointer="/photo", **kwargs):
    """Said in words, and nothing was kept."""
    answer = send(firm, ticket_id, data, **kwargs)
    document = problems.check(answer, slug, pointer, ROUTE)
    assert rows(firm, ticket_id) == []
    return document["detail"]


# ---- what is taken -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.heic"])
def test_the_four_kinds_become_a_jpeg_and_a_thumbnail(firm, ticket, made, name):
    # The name and the type that a browser sends say nothing: the bytes do.
    answer = send(firm, ticket, made.flag_as(name), name="x.exe", kind="text/html")
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body == {"ticket_id": ticket, "photo_id": body["photo_id"], "photos": 1, "photos_max": 5}
    row, = rows(firm, ticket)
    photo, thumb = files_of(firm, row["id"])
    assert (str(row["id"]), str(row["customer_id"]), row["place"]) == (body["photo_id"], str(firm.id), 1)
    assert (row["width"], row["height"]) == size(photo) == (400, 200)
    assert size(thumb) == (320, 160)
    assert row["bytes"] == photo.stat().st_size + thumb.stat().st_size
    for path in (photo, thumb):
        assert path.read_bytes()[:3] == b"\xff\xd8\xff"
        assert path.stat().st_mode & 0o777 == 0o600
        assert metadata(path) == []
        width, height = size(path)
        assert (colour(path, width // 4, height // 2), colour(path, width * 3 // 4, height // 2)) == ("red", "blue")
    assert photo.parent.stat().st_mode & 0o777 == 0o700
    event, = [e for e in firm.events(ticket) if e["event_type"] == "photo_added"]
    assert event["metadata"] == {"photo_id": body["photo_id"]}


def test_where_it_was_taken_and_by_whom_is_gone_and_it_stands_upright(firm, ticket, made):
    sent = made.with_metadata("turned.jpg", orientation=6)
    assert b"Anna Muster" in sent and b"geheim" in sent
    photo, thumb = files_of(firm, taken(firm, ticket, sent))
    for path in (photo, thumb):
        assert metadata(path) == []
        data = path.read_bytes()
        assert not [word for word in (b"Exif", b"Anna", b"geheim", b"Testfon", b"xap") if word in data]
    # Turned by a quarter: what the chip saw on the left is above.
    assert size(photo) == (200, 400)
    assert (colour(photo, 100, 100), colour(photo, 100, 300)) == ("red", "blue")


def test_metadata_of_png_and_webp_is_gone_too(firm, ticket, made):
    for name in ("meta.png", "meta.webp"):
        photo, _ = files_of(firm, taken(firm, ticket, made.with_metadata(name)))
        assert metadata(photo) == []
        assert b"Anna" not in photo.read_bytes()


def test_large_ones_become_smaller(firm, ticket, made):
    photo, thumb = files_of(firm, taken(firm, ticket, made.noise("large.jpg", 3000, 4000)))
    assert size(photo) == (1536, 2048)
    assert size(thumb) == (240, 320)


def test_the_transparent_becomes_white(firm, ticket, made):
    pictures.run("vips", "black", made.path("clear.png"), 40, 40, "--bands", 4)
    photo, _ = files_of(firm, taken(firm, ticket, made.read("clear.png")))
    assert colour(photo, 20, 20) == (255, 255, 255)


def test_the_same_sent_again_is_the_same_photo(firm, ticket, made):
    data = made.flag_as("a.jpg")
    first = send(firm, ticket, data)
    again = send(firm, ticket, data)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(rows(firm, ticket)) == 1
    # On another ticket it is another photo.
    assert taken(firm, new_ticket(firm), data) != first.json()["photo_id"]


def test_five_and_no_more(firm, ticket, made):
    for n in range(5):
        answer = send(firm, ticket, png_like(made, n))
        assert (answer.status_code, answer.json()["photos"]) == (201, n + 1)
    problems.check(send(firm, ticket, png_like(made, 5)), "photo-full", None, ROUTE)
    assert [r["place"] for r in rows(firm, ticket)] == [1, 2, 3, 4, 5]
    # Whoever did not hear the answer to the last one is not told that it was too many.
    assert send(firm, ticket, png_like(made, 4)).status_code == 200


def png_like(made, n):
    """Pictures that differ from each other: a comment behind the end of each, which no decoder minds."""
    return made.flag_as("a.png") + b"%d" % n


# ---- what is not a photo -------------------------------------------------------------------------


def zip_file():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.html", "<script>alert(1)</script>")
    return out.getvalue()


TAILS = {
    "zip": zip_file(),
    "html": b"<html><script>alert(document.cookie)</script></html>",
    "php": b"<?php system($_GET['c']); ?>",
    "pdf": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>",
}


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.heic"])
def test_a_second_file_behind_the_picture_does_not_get_through(firm, ticket, made, tail, name):
    sent = made.flag_as(name) + TAILS[tail]
    for path in files_of(firm, taken(firm, ticket, sent, name="photo.php")):
        data = path.read_bytes()
        assert data.endswith(b"\xff\xd9")
        assert TAILS[tail] not in data and b"alert" not in data and b"<?php" not in data and b"PK\x03\x04" not in data


def test_nor_one_inside_its_comment(firm, ticket, made):
    made.flag_as("comment.jpg")
    pictures.run("exiftool", "-q", "-overwrite_original", "-Comment=<script>alert(1)</script>", made.path("comment.jpg"))
    sent = made.read("comment.jpg")
    assert b"<script>" in sent
    assert all(b"script" not in p.read_bytes() for p in files_of(firm, taken(firm, ticket, sent)))


NO_PHOTOS = {
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "svg-named-png": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "pdf": b"%PDF-1.7\n%%EOF\n",
    "gif-and-script": b"GIF89a/*\x01\x00\x01\x00*/=1;alert(1)//;",
    "zip": zip_file(),
    "postscript": b"%!PS\n(/etc/passwd) run\n",
    "mvg": b"push graphic-context\nimage over 0,0 0,0 'url(http://127.0.0.1/)'\npop graphic-context\n",
    "tiff": b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00",
    "bmp": b"BM" + bytes(60),
    "vips": b"\xb6\xa6\xf2\x08" + bytes(100),
    "one byte": b"\xff",
    "jpeg that is html": b"\xff\xd8\xff<html><script>alert(1)</script>",
    "png that is nothing": b"\x89PNG\r\n\x1a\n" + b"nothing",
    "webp that is nothing": b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(8),
    "heic that is nothing": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(40),
    "avif": b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1avifmiaf" + bytes(40),
    "video": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(40),
    "text": b"Der Boiler tropft." * 100,
}


@pytest.mark.parametrize("what", NO_PHOTOS)
def test_what_is_no_photo_is_refused_whatever_it_is_called(firm, ticket, what):
    assert refused(firm, ticket, NO_PHOTOS[what], "photo-unreadable") == "Send a photo as JPEG, PNG, HEIC or WebP"


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.heic"])
def test_half_a_picture_is_none(firm, ticket, made, name):
    data = made.flag_as(name)
    refused(firm, ticket, data[:len(data) // 2], "photo-unreadable")


def test_an_empty_file(firm, ticket):
    assert "empty" in refused(firm, ticket, b"", "field-missing")


def test_too_many_pixels_are_counted_before_any_is_unpacked(firm, ticket):
    packed = bomb(10_001, 10_000)
    assert len(packed) < 200_000
    begun = time.monotonic()
    assert refused(firm, ticket, packed, "photo-pixels") == "At most 50 megapixels"
    assert time.monotonic() - begun < 12  # to unpack it takes the converter's twelve seconds of the processor, and more


def test_a_header_that_lies_about_its_size(firm, ticket):
    refused(firm, ticket, png_of(900_000, 900_000, b""), "photo-pixels")
    refused(firm, ticket, png_of(0x7fffffff, 0x7fffffff, b""), "photo-unreadable")
    refused(firm, ticket, png_of(3, 3, b"\x78\x9c" + bytes(20)), "photo-unreadable")


def test_a_bomb_below_the_limit_is_unpacked_within_bounds(firm, ticket, stack):
    """50 megapixels of nothing: taken, in the converter's memory and time."""
    begun = time.monotonic()
    photo, _ = files_of(firm, taken(firm, ticket, bomb(9_990, 5_000)))
    assert time.monotonic() - begun < 25
    assert size(photo) == (2048, 1025)


def test_eleven_megabytes(firm, ticket, made, stack):
    """Refused in words, by nginx where it is far too much and by the program at the edge of it."""
    answer = send(firm, ticket, b"\xff\xd8\xff" + os.urandom(11 * MEGABYTE))
    document = answer.json()
    assert (answer.status_code, document["status"], document["detail"]) == (413, 413, "A photo has at most 10 MB")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert refused(firm, ticket, b"\xff\xd8\xff" + os.urandom(10 * MEGABYTE), "too-large") == "A photo has at most 10 MB"
    # Exactly as much as is allowed is read, and then looked at.
    refused(firm, ticket, b"\xff\xd8\xff" + os.urandom(10 * MEGABYTE - 3), "photo-unreadable")


def test_a_form_without_a_program_gets_a_page_for_eleven_megabytes(firm, ticket):
    answer = send(firm, ticket, os.urandom(11 * MEGABYTE), headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "höchstens 10 MB" in answer.content.decode()


# ---- without JavaScript ---------------------------------------------------------------------------


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def page_of(answer, status):
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    return answer.text


def inputs(page):
    """What the form on the page would send, without the file."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def test_a_plain_form_is_led_on_by_pages(firm, made, stack):
    """Each photo is answered with the form for the next one, until there are five."""
    ticket, back = new_ticket(firm), f"/{firm.slug}/anfrage/danke?nr=12&t=ab"
    fields = {"back": back}
    for n in range(1, 6):
        answer = send(firm, ticket, png_like(made, n), headers=BROWSER, **fields)
        page = page_of(answer, 201)
        assert f"{n} von 5 Fotos" in page and "Danke, das Foto ist da." in page
        assert f'<a href="{back.replace("&", "&amp;")}">Zurück</a>' in page
        assert ("/api/ticket/photo" in page) == (n < 5)
        if n < 5:
            sent = inputs(page)
            assert (sent["ticket_id"], sent["photo_token"]) == (ticket, token_of(stack, ticket))
            fields = {"back": sent["back"].replace("&amp;", "&")}
            assert fields == {"back": back}
    assert "Mehr als 5 Fotos gehen nicht." in page_of(send(firm, ticket, png_like(made, 6), headers=BROWSER), 409)


def test_a_plain_form_is_told_in_plain_words_what_went_wrong(firm, ticket, made, stack):
    for data, status, words in (
        (NO_PHOTOS["svg"], 422, "Das ist kein Bild, das wir lesen können."),
        (bomb(10_001, 10_000), 422, "höchstens 50 Megapixel"),
        (b"", 422, "Die Datei ist leer"),
        (b"\xff\xd8\xff" + os.urandom(10 * MEGABYTE), 413, "höchstens 10 MB"),
    ):
        page = page_of(send(firm, ticket, data, headers=BROWSER), status)
        assert words in page and inputs(page)["ticket_id"] == ticket
    stack.sql("update tickets set created_at = created_at - interval '2 days' where id = %s", ticket)
    page = page_of(send(firm, ticket, made.flag_as("a.jpg"), headers=BROWSER), 410)
    assert "keine Fotos mehr" in page and "<form" not in page
    assert rows(firm, ticket) == []


def test_the_page_is_in_the_language_of_the_contact(firm, made, stack):
    ticket = firm.ticket(language="fr").json()["ticket_id"]
    assert '<html lang="fr">' in page_of(send(firm, ticket, NO_PHOTOS["text"], headers=BROWSER), 422)


@pytest.mark.parametrize("back", ["//example.org", "https://example.org/", "/\\example.org", "javascript:alert(1)", "/a b", '/"><script>', "x"])
def test_the_way_back_stays_on_this_site(firm, ticket, made, back):
    refused(firm, ticket, made.flag_as("a.jpg"), "field-invalid", "/back", back=back)


# ---- who may add one, and when --------------------------------------------------------------------


def test_the_token_of_another_ticket(firm, ticket, made, stack):
    data = made.flag_as("a.jpg")
    foreign = token_of(stack, new_ticket(firm))
    for wrong in (foreign, "0" * 32, token_of(stack, ticket).upper(), ticket):
        slug, pointer = ("field-too-long", "/photo_token") if len(wrong) > 32 else ("forbidden", None)
        refused(firm, ticket, data, slug, pointer, photo_token=wrong)
    refused(firm, ticket, data, "field-missing", "/photo_token", photo_token=None)
    form = {"files": [("photo_token", (None, foreign)), ("photo", ("a.jpg", data, "image/jpeg"))]}
    problems.check(stack.post(PATH, **form), "field-missing", "/ticket_id", ROUTE)


def test_a_ticket_that_is_not_there(firm, made, stack):
    nobody = str(uuid.uuid4())
    problems.check(send(firm, nobody, made.flag_as("a.jpg")), "ticket-unknown", "/ticket_id", ROUTE)
    problems.check(send(firm, "../../etc", made.flag_as("a.jpg")), "forbidden", None, ROUTE)


def test_after_a_day_and_after_its_end_nothing_is_added(firm, made, stack):
    late, early, closed = (new_ticket(firm) for _ in range(3))
    stack.sql("update tickets set created_at = created_at - interval '25 hours' where id = %s", late)
    stack.sql("update tickets set created_at = created_at - interval '23 hours' where id = %s", early)
    stack.sql("update tickets set status = 'CLOSED' where id = %s", closed)
    refused(firm, late, made.flag_as("a.jpg"), "link-expired", None)
    refused(firm, closed, made.flag_as("a.jpg"), "link-expired", None)
    taken(firm, early, made.flag_as("a.jpg"))


def test_a_firm_that_is_not_served_any_more(stack, made):
    gone = stack.tenant()
    ticket = new_ticket(gone)
    stack.sql("update customers set active = false where id = %s", gone.id)
    problems.check(send(gone, ticket, made.flag_as("a.jpg")), "ticket-unknown", "/ticket_id", ROUTE)


def test_nobody_without_a_ticket_writes_to_the_disk(firm, ticket, made, stack):
    """The file before the fields that vouch for it: refused before any of it is stored."""
    form = {"files": [("photo", ("a.jpg", made.flag_as("a.jpg"), "image/jpeg")), ("ticket_id", (None, ticket)),
                      ("photo_token", (None, token_of(stack, ticket)))]}
    problems.check(stack.post(PATH, **form), "field-missing", "/ticket_id", ROUTE)
    assert rows(firm, ticket) == []


# ---- forms that are none --------------------------------------------------------------------------


def test_other_bodies(firm, ticket, stack):
    problems.check(stack.post(PATH, {"ticket_id": ticket}), "media-type", None, ROUTE)
    problems.check(stack.post(PATH, form={"ticket_id": ticket}), "media-type", None, ROUTE)
    kind = {"Content-Type": "multipart/form-data"}
    problems.check(stack.post(PATH, headers=kind, data=b"x"), "bad-form", None, ROUTE)
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    for body in (b"x", b"--b\r\n\r\nx\r\n--b--", b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\nx'):
        answer = stack.post(PATH, headers=kind, data=body)
        assert answer.json()["type"].removeprefix(problems.TYPE) in ("bad-form", "field-missing"), answer.text
    two = form_of(stack, ticket, NO_PHOTOS["text"])
    two["files"].append(("photo", ("b.jpg", b"x", "image/jpeg")))
    problems.check(stack.post(PATH, **two), "field-invalid", "/photo", ROUTE)
    assert stack.request("PUT", PATH).status_code == 405


# ---- many at once ----------------------------------------------------------------------------------


def test_fifty_at_once_make_exactly_five(firm, ticket, made, stack):
    """The others are told why, and the machine keeps its memory: two convert at a time."""
    big = made.noise("fifty.jpg", 2000, 1500)
    forms = [form_of(stack, ticket, big + b"%d" % n) for n in range(50)]

    def one(form):
        return stack.session.post(stack.base + PATH, headers={"Accept": "application/json"}, timeout=60, **form)

    peak = 0
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        pending = [pool.submit(one, form) for form in forms]
        while not all(f.done() for f in pending):
            converters = [p for p in pathlib.Path("/proc").glob("[0-9]*") if is_converter(p, stack)]
            # One may have ended, and another begun, while it was looked for.
            converters = [p for p in converters if is_converter(p, stack) and lives(p.name)]
            peak = max(peak, len(converters))
            concurrent.futures.wait(pending, timeout=0.02)
    answers = [f.result() for f in pending]
    by_status = {}
    for answer in answers:
        by_status.setdefault(answer.status_code, []).append(answer)
    assert set(by_status) <= {201, 409, 503}, by_status.keys()
    for answer in by_status.get(409, []):
        problems.check(answer, "photo-full", None, ROUTE)
    for answer in by_status.get(503, []):
        assert int(answer.headers["Retry-After"]) > 0
    assert len(by_status[201]) == 5
    assert [r["place"] for r in rows(firm, ticket)] == [1, 2, 3, 4, 5]
    assert len([e for e in firm.events(ticket) if e["event_type"] == "photo_added"]) == 5
    assert 1 <= peak <= 2


def test_while_two_convert_on_this_machine_others_wait(firm, ticket, made, stack):
    """However many workers there are: the locks are what counts."""
    taken(firm, new_ticket(firm), made.flag_as("a.jpg"))  # the locks are files that exist by now
    with contextlib.ExitStack() as locks, concurrent.futures.ThreadPoolExecutor(1) as pool:
        for n in range(2):
            slot = locks.enter_context((photo_dir(stack) / f"slot.{n}").open())
            fcntl.flock(slot, fcntl.LOCK_EX)
        answer = pool.submit(send, firm, ticket, made.flag_as("a.jpg"))
        wait_for(lambda: len(list(photo_dir(stack).glob("pending/*.jpg"))) == 2, what="the photo to be made")
        assert converter(stack) is None and not answer.done()
        locks.close()
        assert answer.result().status_code == 201


def is_converter(process, stack):
    try:
        return (process / "comm").read_text() == "photo_convert\n" and str(stack.state) in os.readlink(process / "cwd")
    except OSError:
        return False


def test_the_program_that_reads_strangers_bytes_has_nothing_in_its_hands(firm, ticket, made, stack):
    """No environment, no connection, few files: looked at while it works."""
    seen = {}

    def look():
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            if not is_converter(process, stack):
                continue
            try:
                seen["environ"] = (process / "environ").read_bytes()
                seen["limits"] = (process / "limits").read_text()
                seen["fds"] = sorted(os.readlink(f) for f in (process / "fd").iterdir())
            except OSError:
                seen.clear()
        return "fds" in seen and "Max address space" in seen["limits"] and "1073741824" in seen["limits"]

    slow = made.noise("slow.png", 3000, 2500)
    answers = []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        def looked():
            """On a busy machine one may be over before anybody looks."""
            if not answers or answers[-1].done():
                answers.append(pool.submit(send, firm, new_ticket(firm), slow))
            return look()

        wait_for(looked, 120, "the converter at work")
        assert {answer.result().status_code for answer in answers} == {201}
    assert seen["environ"] == b""
    assert not [fd for fd in seen["fds"] if fd.startswith("socket:")], seen["fds"]
    limits = {line[:25].strip(): line[26:46].strip() for line in seen["limits"].splitlines()}
    assert limits["Max file size"] == "8388608"
    assert limits["Max core file size"] == "0"
    assert limits["Max cpu time"] == "12"


# ---- who sees them ---------------------------------------------------------------------------------


def see(stack, token, query):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return stack.get(f"{PATH}?{query}", headers=headers)


def test_the_firm_sees_them_as_files_to_save(firm, ticket, made, stack):
    photo_id = taken(firm, ticket, made.noise("seen.jpg", 2500, 1500))
    photo, thumb = files_of(firm, photo_id)
    for query, path in ((f"id={photo_id}", photo), (f"id={photo_id}&size=thumb", thumb)):
        answer = see(stack, firm.token, query)
        assert (answer.status_code, answer.content) == (200, path.read_bytes())
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{path.name}"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cache-Control"] == "no-store"
    listed = see(stack, firm.token, f"ticket_id={ticket}").json()["photos"]
    row, = rows(firm, ticket)
    assert [(p["photo_id"], p["width"], p["height"], p["bytes"]) for p in listed] == [(photo_id, 2048, 1229, row["bytes"])]
    head = stack.request("HEAD", f"{PATH}?id={photo_id}", headers={"Authorization": f"Bearer {firm.token}"})
    assert (head.status_code, int(head.headers["Content-Length"])) == (200, photo.stat().st_size)


def test_nobody_else_does(firm, other, ticket, made, stack):
    photo_id = taken(firm, ticket, made.flag_as("a.jpg"))
    problems.check(see(stack, None, f"id={photo_id}"), "unauthorized", None, ROUTE)
    problems.check(see(stack, token_of(stack, ticket), f"id={photo_id}"), "unauthorized", None, ROUTE)
    problems.check(see(stack, other.token, f"id={photo_id}"), "not-found", None, ROUTE)
    problems.check(see(stack, firm.token, f"id={uuid.uuid4()}"), "not-found", None, ROUTE)
    assert see(stack, other.token, f"ticket_id={ticket}").json() == {"photos": []}
    for query, pointer in ((f"id={photo_id}&size=large", "/size"), ("id=../../x", "/id"), ("ticket_id=x", "/ticket_id")):
        problems.check(see(stack, firm.token, query), "field-invalid", pointer, ROUTE)
    problems.check(see(stack, firm.token, ""), "field-missing", "/id", ROUTE)


def alert_path(firm, ticket):
    row = firm.stack.sql("select body from sms_log where ticket_id = %s and template = 'alert'", ticket)[0]
    return re.search(r"/a/[0-9A-Za-z]{16}$", row["body"])[0]


def test_whoever_is_on_call_sees_them_by_the_link_of_the_alert(stack, made):
    firm = stack.tenant(daily_segments=100000, config={"language": "de", "on_call": [{"phone": mobile()}]})
    tickets = [firm.ticket(urgency="HIGH", token=firm.token, source="wizard").json()["ticket_id"] for _ in range(2)]
    paths = [alert_path(firm, t) for t in tickets]
    ids = [taken(firm, tickets[0], made.flag_as(name)) for name in ("a.jpg", "a.png")]
    page = stack.get(paths[0])
    assert "img-src 'self'" in page.headers["Content-Security-Policy"]
    assert re.findall(r'<a href="([^"]+)"><img src="([^"]+)" alt="([^"]+)"></a>', page.text) == [
        (f"{paths[0]}/photo/{i}", f"{paths[0]}/photo/{i}/thumb", f"Foto {n}") for n, i in enumerate(ids, 1)]
    assert "<img" not in stack.get(paths[1]).text
    photo, thumb = files_of(firm, ids[1])
    for path, file in ((f"{paths[0]}/photo/{ids[1]}", photo), (f"{paths[0]}/photo/{ids[1]}/thumb", thumb)):
        answer = stack.get(path)
        assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, file.read_bytes(), "image/jpeg")
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # Another ticket's link, no link, no photo: nothing. Nor does a photo answer an alert.
    for path in (f"{paths[1]}/photo/{ids[0]}", f"/a/{'x' * 16}/photo/{ids[0]}", f"{paths[0]}/photo/{uuid.uuid4()}",
                 f"{paths[0]}/photo/", f"{paths[0]}/photo/..%2f{ids[0]}", f"{paths[0]}/{ids[0]}"):
        assert stack.session.get(stack.base + path, timeout=20).status_code == 404, path
    assert stack.session.post(f"{stack.base}{paths[0]}/photo/{ids[0]}", timeout=20).status_code == 404
    assert stack.one("select answered_at from alerts where ticket_id = %s", tickets[0])["answered_at"] is None
    stack.sql("update alerts set told_at = told_at - interval '25 hours' where ticket_id = %s", tickets[0])
    assert stack.get(f"{paths[0]}/photo/{ids[0]}").status_code == 410


def test_no_address_leads_to_a_file(firm, ticket, made, stack):
    photo_id = taken(firm, ticket, made.flag_as("a.jpg"))
    for path in (f"/photos/{firm.id}/{photo_id}.jpg", f"/{firm.id}/{photo_id}.jpg", f"/api/ticket/photo/{photo_id}.jpg",
                 f"/api/ticket/photo/{photo_id}", f"/.run/photos/{firm.id}/{photo_id}.jpg", "/photos/", "/photos/pending/",
                 f"/%2e%2e/photos/{firm.id}/{photo_id}.jpg", f"/.error/../photos/{firm.id}/{photo_id}.jpg",
                 f"/assets/..%2f..%2fphotos/{firm.id}/{photo_id}.jpg"):
        answer = stack.session.get(stack.base + path, timeout=20)
        assert answer.status_code in (400, 404), path
        assert b"\xff\xd8\xff" not in answer.content


def test_the_command_shows_them(firm, ticket, made, stack):
    photo_id = taken(firm, ticket, made.flag_as("a.jpg"))
    number = stack.one("select number from tickets where id = %s", ticket)["number"]
    out = stack.command("ticket", "show", firm.slug, str(number)).stdout
    assert re.search(rf"\nphotos\n.*{photo_id}", out, re.S)


# ---- what a crash leaves -----------------------------------------------------------------------------


def converter(stack):
    """The process id of the converter that works for this stack, its limits set; or None."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        if is_converter(process, stack) and lives(process.name):
            with contextlib.suppress(OSError):
                if "1073741824" in (process / "limits").read_text():
                    return int(process.name)
    return None


def lives(pid):
    """Whoever has ended may wait for somebody to take notice."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
def held(firm, made, stack):
    """A photo under way whose converter is stopped in the middle: (its process id, the answer to come, the ticket)."""
    slow = made.noise("held.png", 3000, 2500)
    answers = []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        def stopped():
            """On a busy machine one may be over before anybody looks."""
            if not answers or answers[-1][0].done():
                ticket = new_ticket(firm)
                answers.append((pool.submit(send, firm, ticket, slow), ticket))
            pid = converter(stack)
            if pid is None:
                return None
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
            return pid if lives(pid) else None

        pid = wait_for(stopped, 120, "the converter")
        yield pid, *answers[-1]
        if lives(pid):
            os.kill(pid, signal.SIGKILL)


def test_one_that_takes_for_ever_is_ended(firm, stack, held):
    """As long as a visitor is made to wait, and not a moment longer."""
    pid, answer, ticket = held
    problems.check(answer.result(), "photo-unreadable", "/photo", ROUTE)
    assert not lives(pid)
    assert rows(firm, ticket) == []


def test_a_worker_that_dies_takes_the_converter_along(firm, made, stack, held):
    """The visitor is told to come again; what lies about is swept like any other."""
    pid, answer, ticket = held
    os.kill(int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]), signal.SIGKILL)
    told = answer.result()
    assert (told.status_code, int(told.headers["Retry-After"]) > 0) == (503, True)
    wait_for(lambda: not lives(pid), what="its end")
    assert rows(firm, ticket) == []
    left = list((photo_dir(stack) / "pending").iterdir())
    assert len(left) == 2
    for path in left:
        path.unlink()
    taken(firm, ticket, made.flag_as("a.jpg"))


def test_what_was_left_half_done_is_swept(firm, ticket, made, stack):
    """Files without a row go, those with one stay, an hour later; the next worker that starts does it."""
    kept = taken(firm, ticket, made.flag_as("a.jpg"))
    lost, fresh = str(uuid.uuid4()), str(uuid.uuid4())
    pending, own = photo_dir(stack) / "pending", photo_dir(stack) / str(firm.id)
    for photo_id in (kept, lost, fresh):
        for end in (".jpg", ".thumb.jpg"):
            final = own / (photo_id + end)
            if photo_id != kept:
                final.write_bytes(b"x")
            os.link(final, pending / f"{firm.id}_{photo_id}{end}")
    (pending / "in.AbCdEf").write_bytes(b"x")
    for path in pending.iterdir():
        if fresh not in path.name:
            os.utime(path, (time.time() - 3700,) * 2)
    stack.run("--restart", ROUTE)

    def swept():
        taken(firm, new_ticket(firm), made.flag_as("a.png"))
        return {p.name for p in pending.iterdir()} == {f"{firm.id}_{fresh}{end}" for end in (".jpg", ".thumb.jpg")}

    wait_for(swept, what="the sweep")
    assert (own / f"{kept}.jpg").exists() and (own / f"{kept}.thumb.jpg").exists()
    assert not (own / f"{lost}.jpg").exists() and not (own / f"{lost}.thumb.jpg").exists()
    for path in [*pending.iterdir(), own / f"{fresh}.jpg", own / f"{fresh}.thumb.jpg"]:
        path.unlink()
