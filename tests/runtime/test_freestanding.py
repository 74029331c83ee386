"""The C library of targets that have none: its messages are those of the system's snprintf."""

import shutil
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "runtime" / "native" / "freestanding"

PROGRAM = r"""
#include <stdint.h>
#undef snprintf
#undef vsnprintf
#include_next <stdio.h>
#include <string.h>
int own_snprintf(char *text, size_t size, const char *format, ...);

#define CHECK(size, ...)                                                       \
  do {                                                                         \
    char own[80] = {0}, known[80] = {0};                                       \
    int a = own_snprintf(own, size, __VA_ARGS__);                              \
    int b = snprintf(known, size, __VA_ARGS__);                                \
    if (a != b || strcmp(own, known)) {                                        \
      printf("%d '%s', expected %d '%s'\n", a, own, b, known);                 \
      failures++;                                                              \
    }                                                                          \
  } while (0)

int main(void) {
  int failures = 0, place = 0;
  for (size_t size = 0; size < 70; size++) {
    CHECK(size, "%s[%d] '%s': expected %lld in dimension %d, %s; found %lld", "inputs", 0, "x",
          -9223372036854775807ll - 1, -2147483647 - 1, "", 9223372036854775807ll);
    CHECK(size, "no memory for a block of %llu bytes, 100%%", 18446744073709551615ull);
    CHECK(size, "%u %p", 4294967295u, (void *)&place);
  }
  CHECK(80, "");
  return failures;
}
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
def test_messages_are_those_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(PROGRAM.replace("#include_next", "#include"))
    names = ["-Dsnprintf=own_snprintf", "-Dvsnprintf=own_vsnprintf"]
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined"]
    own = ["gcc", *flags, *names, f"-I{NATIVE}", "-c", str(NATIVE / "format.c"), "-o", "format.o"]
    subprocess.run(own, cwd=tmp_path, check=True)
    command = ["gcc", *flags, "-Wno-format-truncation", "main.c", "format.o", "-o", "main"]
    subprocess.run([*command, "-Wno-format-zero-length"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "main"], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr
