"""Where and of what a result was measured: versions, processor, memory, load, commit. No names of people or hosts."""

import importlib.metadata
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from server.version import VERSION

PACKAGES = (
    "duckdb",
    "duckdb-extension-quack",
    "pysail",
    "pyarrow",
    "adbc-driver-flightsql",
    "faiss-cpu",
    "ctranslate2",
    "numpy",
)
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Machine:
    cpu: str
    cores: int
    memory_bytes: int
    system: str
    load_at_start: tuple[float, float, float]
    commit: str
    versions: dict[str, str]

    @classmethod
    def here(cls) -> "Machine":
        return cls(
            cpu=_cpu(),
            cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            system=f"{platform.system()} {platform.machine()}",
            load_at_start=os.getloadavg(),
            commit=_commit(),
            versions={"lakehouse": VERSION, "python": platform.python_version()}
            | {package: _version(package) for package in PACKAGES},
        )

    @property
    def name(self) -> str:
        """For the name of a file: the processor and its cores, not the host."""
        words = re.sub(r"\([^)]*\)", " ", self.cpu.lower())
        return "-".join([*re.findall(r"[a-z0-9]+", words), f"{self.cores}cores"])


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _commit() -> str:
    """The commit, '+' behind it if the working tree differs from it; '' outside a repository."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        return f"{commit}+" if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
