"""package - the .deb of this tree, and two that come after it: one more migration, then other files for nginx and systemd

package.py          builds them and prints where they are

From a copy of the tree under build/container, so that both come from one build directory and a second run
builds only what has changed.
"""

import hashlib
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "container"
COPY = CACHE / "source"
BUILD = COPY / "build" / "release"
# Additive, as every migration: programs of the version before do not know it.
MIGRATION = "alter table heartbeats add column container_note text;\n"
# What the last one brings: file, and what is done to its text.
CHANGES = (
    ("DEBIAN/control", lambda text: re.sub(r"(?m)^Version: .*$", r"\g<0>+changed", text)),
    ("usr/share/opsfabric/nginx/headers.conf", lambda text: text + "add_header X-Container-Note changed always;\n"),
    ("lib/systemd/system/opsfabric-ticket@.service", lambda text: text.replace("TasksMax=16", "TasksMax=17")),
    ("etc/nginx/sites-available/opsfabric", lambda text: text + "# changed by the package\n"),
    ("etc/opsfabric/nginx/listen_local.conf", lambda text: text + "# changed by the package\n"),
)


def listed():
    """What the package is made of."""
    names = ["CMakeLists.txt", "CMakePresets.json", "NEWS.md", "README.md"]
    for part in ("bin", "cgi-bin", "cmake", "deploy", "docs", "lib", "nginx", "schema"):
        names += [str(path.relative_to(ROOT)) for path in (ROOT / part).rglob("*")
                  if path.is_file() and "__pycache__" not in path.parts]
    return sorted(names)


def fingerprint(names):
    """Of all of it, and of how it is built."""
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    for name in names:
        digest.update(f"{name}\0{(ROOT / name).stat().st_mode}\0".encode() + (ROOT / name).read_bytes() + b"\0")
    return digest.hexdigest()


def copy(names):
    """Only what differs gets a new time: the build looks at those."""
    wanted, removed = set(names), False
    for path in COPY.rglob("*"):
        inside = path.relative_to(COPY)
        if path.is_file() and inside.parts[0] != "build" and str(inside) not in wanted:
            path.unlink()
            removed = True
    if removed:
        # What is made of a list of files is made again only when one of them is newer.
        for script in (COPY / "cmake").glob("*.cmake"):
            script.touch()
    for name in names:
        source, target = ROOT / name, COPY / name
        if target.is_file() and target.read_bytes() == source.read_bytes() and target.stat().st_mode == source.stat().st_mode:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def version():
    return re.search(r"project\(opsfabric VERSION ([0-9.]+)", (COPY / "CMakeLists.txt").read_text())[1]


def build(target, number):
    for command in (["cmake", "--preset", "release", f"-DOPSFABRIC_PACKAGE_VERSION={number}"],
                    ["cmake", "--build", "build/release", "-j2"],
                    ["cpack", "--config", "build/release/CPackConfig.cmake", "-G", "DEB", "-B", "build/release/deb"]):
        done = subprocess.run(command, cwd=COPY, capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stdout[-4000:], done.stderr[-4000:])
    made = (BUILD / "deb").glob("*.deb")
    shutil.copy(max(made, key=lambda path: path.stat().st_mtime_ns), target)


def add_migration():
    number = len(list((COPY / "schema").glob("[0-9]*.sql"))) + 1
    (COPY / "schema" / f"{number:04}_container.sql").write_text(MIGRATION)


def change(deb, target):
    """A package of the same programs with CHANGES."""
    tree = CACHE / "changed"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--raw-extract", deb, tree], check=True)
    for name, changed in CHANGES:
        before = (tree / name).read_text()
        (tree / name).write_text(changed(before))
        assert (tree / name).read_text() != before, name
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, target], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)


def build_all(begin=lambda deb: None):
    """this.deb, next.deb and changed.deb in CACHE; the first of them is handed to begin() as soon as it is there."""
    COPY.mkdir(parents=True, exist_ok=True)
    this, following, stamp = CACHE / "this.deb", CACHE / "next.deb", CACHE / "packages.stamp"
    names = listed()
    state = fingerprint(names)
    is_built = stamp.is_file() and stamp.read_text() == state
    if not is_built:
        stamp.unlink(missing_ok=True)
        copy(names)
        build(this, version())
    begin(this)
    if not is_built:
        add_migration()
        build(following, version() + "+next")
        change(following, CACHE / "changed.deb")
        stamp.write_text(state)
    return this


if __name__ == "__main__":
    print(build_all(), "and beside it next.deb and changed.deb")
