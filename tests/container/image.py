"""image - a Debian with systemd for containers, of two kinds

bare      nothing but what boots; what the package depends on lies in apt's cache, as there is no network inside
stocked   the same with those packages installed, which takes a minute less

Built once for each list of dependencies, into build/container; what later runs add lies in their overlays.
"""

import hashlib
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "container"
SUITE = "bookworm"
# What a Debian that boots has besides the package manager; nothing that OpsFabric needs.
BARE = ["systemd", "systemd-sysv", "dbus", "iproute2"]


class NoImage(Exception):
    """It cannot be built here; the words say why."""


def field(deb, name):
    return subprocess.run(["dpkg-deb", "--field", deb, name], check=True, capture_output=True, text=True).stdout.strip()


def dependencies(deb):
    """Its Depends and Recommends as apt-get takes them: of alternatives the first, without versions."""
    relations = ", ".join(filter(None, (field(deb, "Depends"), field(deb, "Pre-Depends"), field(deb, "Recommends"))))
    names = {relation.split("|")[0].split("(")[0].strip() for relation in relations.split(",")}
    return sorted(name for name in names if name)


def build(target, packages, stocked):
    half = target.with_suffix(".new")
    shutil.rmtree(half, ignore_errors=True)
    command = ["mmdebstrap", "--variant=minbase", "--format=directory", "--dpkgopt=force-unsafe-io"]
    if stocked:
        # But for what only people read.
        command += [f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in ("doc", "info", "locale", "man")]
        command += [f"--include={','.join(BARE + packages)}"]
    else:
        fetch = 'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --download-only -o APT::Install-Recommends=true install '
        command += [f"--include={','.join(BARE)}", "--skip=cleanup/apt", f"--customize-hook={fetch}{' '.join(packages)}"]
    # A machine of its own each time it boots.
    command += ['--customize-hook=: >"$1/etc/machine-id"; echo opsfabric >"$1/etc/hostname"', SUITE, str(half)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500)
    if done.returncode != 0:
        shutil.rmtree(half, ignore_errors=True)
        raise NoImage("mmdebstrap cannot make a Debian here: " + " ".join(done.stderr.split("\n")[-12:]))
    half.chmod(0o755)
    half.rename(target)


def ready(deb, stocked):
    """The image for this package, bare or with what it depends on installed; built if it is not there."""
    packages = dependencies(deb)
    recipe = "\n".join([pathlib.Path(__file__).read_text(), *packages])
    kind = "stocked" if stocked else "bare"
    target = CACHE / f"{kind}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
    if not target.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        for old in CACHE.glob(f"{kind}-*"):
            shutil.rmtree(old, ignore_errors=True)
        build(target, packages, stocked)
    return target
