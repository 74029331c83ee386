# How lit runs the files of this folder. RUN lines may use these words:
#
#   tyrex-opt, tyrex, filecheck, not, cat, mkdir, rm    run inside lit (inprocess.py)
#   ROUNDTRIP      the file prints and parses back in both forms, and passes its CHECK lines then
#   DIAGNOSTICS    every part of the file (split at `// -----`) runs; its errors, printed as
#                  `file:line:col: error: ...`, pass the CHECK lines
#   EXPECTED       every part of the file produces exactly its `expected-error` annotations
#
# `lit -Dshell=1 lit_tests` runs everything as processes, to compare.
import gc
import os
import sys

import lit.formats

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

config.name = "tyrex"
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = HERE
# Temporary files stay out of the source tree.
config.test_exec_root = os.path.join(os.path.dirname(HERE), "build", "lit")
os.makedirs(config.test_exec_root, exist_ok=True)
# The tools of the environment that runs lit come first.
config.environment["PATH"] = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))
config.substitutions += [
    (
        r"\bROUNDTRIP\b",
        "tyrex-opt %s --split-input-file | tyrex-opt --split-input-file --print-op-generic"
        " | tyrex-opt --split-input-file | filecheck %s",
    ),
    (r"\bDIAGNOSTICS\b", "tyrex-opt %s --split-input-file --show-diagnostics | filecheck %s"),
    (r"\bEXPECTED\b", "tyrex-opt %s --split-input-file --verify-diagnostics -t none"),
]

if lit_config.params.get("shell", "0") == "1":
    config.test_format = lit.formats.ShTest()
else:
    from inprocess import InProcess, preload

    config.test_format = InProcess(
        {"tyrex-opt": "tyrex.driver.opt:main", "tyrex": "tyrex.driver.cli:main"}
    )
    # Before lit forks its workers: they share what is imported here.
    preload()
    gc.freeze()
