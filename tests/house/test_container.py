"""The container file is linted, since no engine builds it here."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LINT = ROOT / "node_modules" / ".bin" / "dockerfile-utils"


def complaints(file):
    done = subprocess.run([LINT, "lint", file], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def test_the_container_file_is_clean():
    assert complaints(ROOT / "Dockerfile") == ""


def test_the_lint_bites(tmp_path):
    broken = tmp_path / "Dockerfile"
    broken.write_text((ROOT / "Dockerfile").read_text().replace("RUN npm", "RUM npm"))

    assert "RUM" in complaints(broken)


def test_what_it_copies_exists():
    words = [
        word
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
    ]

    assert [word for word in words if not (ROOT / word).exists()] == []
