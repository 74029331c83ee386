/* The weights of an exported model as a file beside it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include "weights_file.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES 512
#define PATH_BYTES 4096

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int32_t refuse(const char *path, const char *what) {
  char message[MESSAGE_BYTES];
  snprintf(message, sizeof message, "%.300s: %s", path, what);
  tyrex_error_set(TYREX_ERROR_ABI, message);
  return TYREX_ERROR_ABI;
}

static int32_t map(const tyrex_weights_file *file, int fd, const char *path) {
  off_t end = lseek(fd, 0, SEEK_END);
  if (end < 0 || (uint64_t)end != file->bytes) {
    return refuse(path, "has another size than the weights of this model");
  }
  int32_t code = tyrex_weights_map(fd, 0, file->memory, file->bytes);
  if (code) {
    return code;
  }
  if (memcmp(file->memory, file->header, TYREX_WEIGHTS_HEADER_BYTES) != 0) {
    return refuse(path, "has the weights of another model");
  }
  if (tyrex_checksum(file->memory, file->bytes) != file->checksum) {
    return refuse(path, "is damaged: its checksum differs");
  }
  return TYREX_OK;
}

int32_t tyrex_weights_load(const tyrex_weights_file *file, int32_t *loaded, const char *path) {
  int32_t code = TYREX_OK;
  tyrex_error_clear();
  pthread_mutex_lock(&mutex);
  if (!*loaded) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      char message[MESSAGE_BYTES];
      snprintf(message, sizeof message, "the weights cannot be read: %s", strerror(errno));
      code = refuse(path, message);
    } else {
      code = map(file, fd, path);
      close(fd);
      *loaded = code == TYREX_OK;
    }
  }
  pthread_mutex_unlock(&mutex);
  return code;
}

int32_t tyrex_weights_require(const tyrex_weights_file *file, int32_t *loaded) {
  char path[PATH_BYTES];
  Dl_info info;
  const char *place = dladdr(file->memory, &info) && info.dli_fname ? info.dli_fname : "";
  const char *slash = strrchr(place, '/');
  int folder = slash ? (int)(slash - place) + 1 : 0;
  if (snprintf(path, sizeof path, "%.*s%s", folder, place, file->name) >= (int)sizeof path) {
    return refuse(file->name, "lies in a folder whose name is too long");
  }
  return tyrex_weights_load(file, loaded, path);
}
