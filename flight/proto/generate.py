"""Generate `flight/gen/` from the .proto files beside this script.

Run from the repository root after editing a .proto: `.venv/bin/python flight/proto/generate.py`. A folder given as the
only argument is written instead of `flight/gen`: the test that keeps the checked-in code current uses it.
"""

import sys
import sysconfig
from importlib import resources
from pathlib import Path

from grpc_tools import protoc  # type: ignore[import-untyped]

PROTO = Path(__file__).resolve().parent
GEN = PROTO.parent / "gen"
DOCSTRING = '"""Generated from the files in `flight/proto` by `flight/proto/generate.py`. Do not edit."""\n'


def generate(target: Path) -> None:
    """Write a _pb2.py and a _pb2.pyi for each .proto into `target`; raises RuntimeError if protoc refuses one."""
    target.mkdir(parents=True, exist_ok=True)
    well_known = resources.files("grpc_tools") / "_proto"
    sources = sorted(path.name for path in PROTO.glob("*.proto"))
    # mypy-protobuf's stubs pass strict mypy; protoc's own --pyi_out leaves Mapping without its type arguments.
    stubs = Path(sysconfig.get_path("scripts")) / "protoc-gen-mypy"
    options = [f"--plugin=protoc-gen-mypy={stubs}", f"--mypy_out=quiet:{target}", f"--python_out={target}"]
    if protoc.main(["protoc", f"-I{PROTO}", f"-I{well_known}", *options, *sources]) != 0:
        raise RuntimeError(f"protoc refused {', '.join(sources)}")
    (target / "__init__.py").write_text(DOCSTRING, encoding="utf-8")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else GEN)
