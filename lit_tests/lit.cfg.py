# How lit runs the files of this folder. RUN lines may use these words:
#
#   tyrex-opt, tyrex, filecheck, not, cat, mkdir, rm    run inside lit (inprocess.py)
#   ROUNDTRIP      the file prints and parses back, and what it prints passes its CHECK lines
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

config.name = "tyrex"  # noqa: F821
config.suffixes = [".mlir", ".test"]  # noqa: F821
config.excludes = ["Inputs"]  # noqa: F821
config.test_source_root = HERE  # noqa: F821
# Temporary files stay out of the source tree.
config.test_exec_root = os.path.join(os.path.dirname(HERE), "build", "lit")  # noqa: F821
os.makedirs(config.test_exec_root, exist_ok=True)  # noqa: F821
# The tools of the environment that runs lit come first.
config.environment["PATH"] = os.pathsep.join(  # noqa: F821
    (os.path.dirname(sys.executable), os.environ["PATH"])
)
config.substitutions += [  # noqa: F821
    (
        r"\bROUNDTRIP\b",
        "tyrex-opt %s --print-op-generic --split-input-file"
        " | tyrex-opt --split-input-file | filecheck %s",
    ),
    (r"\bDIAGNOSTICS\b", "tyrex-opt %s --split-input-file --show-diagnostics | filecheck %s"),
    (r"\bEXPECTED\b", "tyrex-opt %s --split-input-file --verify-diagnostics -t none"),
]

if lit_config.params.get("shell", "0") == "1":  # noqa: F821
    config.test_format = lit.formats.ShTest()  # noqa: F821
else:
    from inprocess import InProcess, preload

    config.test_format = InProcess(  # noqa: F821
        {"tyrex-opt": "tyrex.driver.opt:main", "tyrex": "tyrex.driver.cli:main"}
    )
    # Before lit forks its workers: they share what is imported here.
    preload()
    gc.freeze()
