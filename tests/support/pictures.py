"""pictures - real files of pictures, made with the tools of libvips, libheif and exiftool, and the form that sends one"""

import hmac
import pathlib
import struct
import subprocess
import zlib


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (command, done.stdout + done.stderr)
    return done.stdout


class Pictures:
    """Made in a directory of its own, each once."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def path(self, name):
        return self.directory / name

    def read(self, name):
        return self.path(name).read_bytes()

    def plain(self, name, width, height, colour):
        black = self.path(f"black-{name}.v")
        run("vips", "black", black, width, height, "--bands", 3)
        run("vips", "linear", black, self.path(name), "1 1 1", " ".join(map(str, colour)), "--uchar")
        return self.path(name)

    def flag(self):
        """400 x 200: red on the left, blue on the right, as the camera's chip sees it."""
        flag = self.path("flag.v")
        if not flag.exists():
            red = self.plain("red.v", 200, 200, (255, 0, 0))
            blue = self.plain("blue.v", 200, 200, (0, 0, 255))
            run("vips", "join", red, blue, flag, "horizontal")
        return flag

    def flag_as(self, name):
        """In the format that the name says."""
        path = self.path(name)
        if not path.exists():
            if path.suffix == ".heic":
                run("heif-enc", "-q", 90, self._saved("heic-source.png"), "-o", path)
            else:
                self._saved(name)
        return path.read_bytes()

    def _saved(self, name):
        run("vips", "copy", self.flag(), self.path(name))
        return self.path(name)

    def with_metadata(self, name, orientation=1):
        """Taken by Anna in Zürich, with the camera turned."""
        self.flag_as(name)
        run("exiftool", "-q", "-overwrite_original", f"-Orientation#={orientation}", "-GPSLatitude=47.3769",
            "-GPSLatitudeRef=N", "-GPSLongitude=8.5417", "-GPSLongitudeRef=E", "-Artist=Anna Muster",
            "-Make=Testfon", "-XMP:Creator=Anna Muster", "-Comment=geheim", self.path(name))
        assert "47" in run("exiftool", "-GPSLatitude", self.path(name))
        return self.read(name)

    def noise(self, name, width, height):
        """What compresses badly: large files."""
        raw, whole = self.path("noise.v"), self.path("noise-byte.v")
        run("vips", "gaussnoise", raw, width, height, "--mean", 128, "--sigma", 60)
        run("vips", "cast", raw, whole, "uchar")
        run("vips", "copy", whole, self.path(name))
        return self.read(name)


def png_of(width, height, rows):
    """A PNG of 8 bits grey whose data is what the caller says."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def bomb(width, height):
    """A few KB that become width x height pixels."""
    packer = zlib.compressobj(9)
    row = bytes(width + 1)
    return png_of(width, height, b"".join(packer.compress(row) for _ in range(height)) + packer.flush())


def metadata(path):
    """What exiftool finds beyond what a JPEG must say of itself."""
    must = {"File Type", "File Type Extension", "MIME Type", "Image Width", "Image Height", "Encoding Process", "Image Size",
            "Bits Per Sample", "Color Components", "Y Cb Cr Sub Sampling", "Megapixels", "JFIF Version", "Resolution Unit",
            "X Resolution", "Y Resolution"}
    lines = run("exiftool", "--System:All", "--ExifTool:All", path).splitlines()
    return [line for line in lines if line.split(":")[0].strip() not in must]


def size(path):
    return int(run("vipsheader", "-f", "width", path)), int(run("vipsheader", "-f", "height", path))


def colour(path, x, y):
    """red, blue or what else it is there."""
    r, g, b = (float(v) for v in run("vips", "getpoint", path, x, y).split())
    if r > 200 > 60 > b and g < 60:
        return "red"
    if b > 200 > 60 > r and g < 60:
        return "blue"
    return (r, g, b)


def token_of(stack, ticket_id):
    """What the thank-you page gives to whoever opened the ticket (lib/photo.h)."""
    key = hmac.digest(bytes.fromhex(stack.env["SECRETS_KEY"]), b"sign photo", "sha256")
    return hmac.digest(key, str(ticket_id).encode(), "sha256")[:16].hex()


def form_of(stack, ticket_id, data, name="photo.jpg", kind="image/jpeg", **fields):
    """A form as a browser sends it: the fields in their order, the file last."""
    fields = {"ticket_id": str(ticket_id), "photo_token": token_of(stack, ticket_id), **fields}
    parts = [(k, (None, v)) for k, v in fields.items() if v is not None]
    return {"files": [*parts, ("photo", (name, data, kind))]}
