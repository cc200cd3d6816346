// What programs in C do with files. Each method replies with nothing if all was as it should be, else with what was not.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define METHOD(name) __attribute__((export_name(#name))) int name(void)
#define CHECK(what)                                                                                                    \
  do {                                                                                                                 \
    errno = 0;                                                                                                         \
    if (!(what)) return wrong(#what, __LINE__);                                                                        \
  } while (0)
// A call that has to fail, and with what.
#define FAILS(call, error) CHECK((call) == -1 && errno == (error))

static int wrong(const char *what, int line) {
  printf("line %d: %s (errno %d, %s)\n", line, what, errno, strerror(errno));
  fflush(stdout);
  return 0;
}

static bool put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (fd < 0) return false;
  bool all = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  return close(fd) == 0 && all;
}

static bool holds(const char *path, const char *text) {
  char content[256] = {0};
  int fd = open(path, O_RDONLY);
  if (fd < 0) return false;
  ssize_t length = read(fd, content, sizeof content - 1);
  return close(fd) == 0 && length == (ssize_t)strlen(text) && strcmp(content, text) == 0;
}

METHOD(symlinks) {
  char target[64] = {0};
  struct stat info;
  CHECK(mkdir("/links", 0777) == 0);
  CHECK(put("/links/file", "content"));
  CHECK(symlink("file", "/links/near") == 0);
  CHECK(symlink("links/near", "/far") == 0);
  CHECK(holds("/far", "content"));
  CHECK(readlink("/far", target, sizeof target) == 10 && strcmp(target, "links/near") == 0);
  CHECK(lstat("/far", &info) == 0 && S_ISLNK(info.st_mode));
  CHECK(stat("/far", &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 7);
  CHECK(symlink("circle", "/circle") == 0);
  FAILS(open("/circle", O_RDONLY), ELOOP);
  FAILS(open("/far", O_RDONLY | O_NOFOLLOW), ELOOP);
  FAILS(symlink("x", "/far"), EEXIST);
  CHECK(symlink("nowhere", "/dangling") == 0);
  FAILS(open("/dangling", O_RDONLY), ENOENT);
  CHECK(put("/dangling", "made") && holds("/nowhere", "made"));
  CHECK(unlink("/far") == 0 && holds("/links/file", "content"));
  return 0;
}

METHOD(append) {
  int fd = open("/log", O_RDWR | O_CREAT | O_APPEND, 0666);
  CHECK(fd >= 0);
  CHECK(write(fd, "one ", 4) == 4);
  CHECK(lseek(fd, 0, SEEK_SET) == 0);
  CHECK(write(fd, "two ", 4) == 4);
  CHECK(holds("/log", "one two "));
  CHECK(fcntl(fd, F_GETFL) & O_APPEND);
  CHECK(fcntl(fd, F_SETFL, 0) == 0);
  CHECK(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "ONE", 3) == 3);
  CHECK(holds("/log", "ONE two "));
  CHECK(close(fd) == 0);
  FILE *stream = fopen("/log", "a+");
  CHECK(stream != NULL && fputs("three", stream) >= 0 && fclose(stream) == 0);
  CHECK(holds("/log", "ONE two three"));
  return 0;
}

METHOD(hard_links) {
  struct stat first, second;
  CHECK(put("/one", "same"));
  CHECK(link("/one", "/two") == 0);
  CHECK(stat("/one", &first) == 0 && stat("/two", &second) == 0);
  CHECK(first.st_ino == second.st_ino && first.st_nlink == 2);
  CHECK(put("/two", "changed") && holds("/one", "changed"));
  FAILS(link("/one", "/two"), EEXIST);
  FAILS(link("/tmp", "/three"), EPERM);
  FAILS(link("/one", "/data/one"), EXDEV);
  CHECK(unlink("/one") == 0 && holds("/two", "changed"));
  CHECK(stat("/two", &second) == 0 && second.st_nlink == 1);
  return 0;
}

METHOD(renames) {
  CHECK(mkdir("/from", 0777) == 0 && mkdir("/to", 0777) == 0);
  CHECK(put("/from/file", "moved") && put("/old", "old"));
  CHECK(rename("/from/file", "/old") == 0 && holds("/old", "moved"));
  CHECK(rename("/from/", "/to/") == 0);
  FAILS(access("/from", F_OK), ENOENT);
  CHECK(put("/to/inside", "x"));
  CHECK(mkdir("/empty", 0777) == 0);
  FAILS(rename("/empty", "/to"), ENOTEMPTY);
  FAILS(rename("/old", "/to"), EISDIR);
  FAILS(rename("/to", "/old"), ENOTDIR);
  FAILS(rename("/to", "/to/below"), EINVAL);
  FAILS(rename("/old/", "/new"), ENOTDIR);
  FAILS(rmdir("/to"), ENOTEMPTY);
  FAILS(unlink("/to"), EISDIR);
  FAILS(rmdir("/old"), ENOTDIR);
  CHECK(rename("/to/inside", "/to/../outside") == 0 && rmdir("/to/") == 0);
  return 0;
}

METHOD(times) {
  struct stat info;
  CHECK(put("/dated", "x"));
  const struct timespec given[2] = {{.tv_sec = 1000, .tv_nsec = 1}, {.tv_sec = 2000, .tv_nsec = 999999999}};
  CHECK(utimensat(AT_FDCWD, "/dated", given, 0) == 0);
  CHECK(stat("/dated", &info) == 0);
  CHECK(info.st_atim.tv_sec == 1000 && info.st_atim.tv_nsec == 1);
  CHECK(info.st_mtim.tv_sec == 2000 && info.st_mtim.tv_nsec == 999999999);
  const struct timespec now[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
  int fd = open("/dated", O_RDWR);
  CHECK(fd >= 0 && futimens(fd, now) == 0 && close(fd) == 0);
  CHECK(stat("/dated", &info) == 0 && info.st_atim.tv_sec == 1000 && info.st_mtim.tv_sec > 1600000000);
  return 0;
}

// Grows a file of 32 MiB by small writes, cuts it off, and writes behind its end.
METHOD(grow) {
  static char part[4096];
  struct stat info;
  int fd = open("/tmp/large", O_RDWR | O_CREAT, 0666);
  CHECK(fd >= 0);
  for (int i = 0; i < 8192; i++) {
    memset(part, i, sizeof part);
    CHECK(write(fd, part, sizeof part) == sizeof part);
  }
  CHECK(pread(fd, part, 1, 8191 * 4096) == 1 && part[0] == (char)8191);
  CHECK(ftruncate(fd, 10) == 0 && fstat(fd, &info) == 0 && info.st_size == 10);
  CHECK(pwrite(fd, "x", 1, 20) == 1 && fstat(fd, &info) == 0 && info.st_size == 21);
  CHECK(pread(fd, part, 11, 10) == 11 && part[0] == 0 && part[9] == 0 && part[10] == 'x');
  CHECK(posix_fallocate(fd, 0, 100) == 0 && fstat(fd, &info) == 0 && info.st_size == 100);
  FAILS(ftruncate(fd, 1LL << 40), ENOSPC);
  CHECK(close(fd) == 0 && unlink("/tmp/large") == 0);
  return 0;
}

// Lists a directory of 300 files and removes each as it comes.
METHOD(listing) {
  char name[32];
  int found = 0;
  CHECK(mkdir("/many", 0777) == 0);
  for (int i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "/many/file-%d", i);
    CHECK(put(name, ""));
  }
  DIR *directory = opendir("/many");
  CHECK(directory != NULL);
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    CHECK(entry->d_type == DT_REG && unlinkat(dirfd(directory), entry->d_name, 0) == 0);
    found++;
  }
  CHECK(found == 300 && closedir(directory) == 0 && rmdir("/many") == 0);
  return 0;
}

// What is not allowed, and that a descriptor which was closed is used again.
METHOD(refusals) {
  char byte;
  CHECK(put("/plain", "x"));
  int fd = open("/plain", O_RDONLY);
  CHECK(fd > 2);
  FAILS(write(fd, "x", 1), EBADF);
  CHECK(close(fd) == 0);
  FAILS(close(fd), EBADF);
  CHECK(open("/plain", O_WRONLY) == fd);
  FAILS(read(fd, &byte, 1), EBADF);
  CHECK(close(fd) == 0);
  FAILS(open("/plain", O_RDONLY | O_DIRECTORY), ENOTDIR);
  FAILS(open("/plain/", O_RDONLY), ENOTDIR);
  FAILS(open("/tmp", O_WRONLY), EISDIR);
  FAILS(open("/plain", O_CREAT | O_EXCL | O_WRONLY, 0666), EEXIST);
  FAILS(lseek(0, 0, SEEK_SET), ESPIPE);
  CHECK(!isatty(0) && !isatty(1) && !isatty(2) && !isatty(fd));
  return 0;
}

// Says each time that 20 ms pass without a message, and in the end how much of it came.
METHOD(wait) {
  char byte;
  int length = 0;
  for (;;) {
    struct pollfd polled = {.fd = 0, .events = POLLIN};
    int ready = poll(&polled, 1, 20);
    if (ready < 0) return wrong("poll", __LINE__);
    if (ready == 0) {
      puts("nothing yet");
    } else {
      if (!(polled.revents & POLLIN)) return wrong("POLLIN", __LINE__);
      ssize_t count = read(0, &byte, 1);
      if (count < 0) return wrong("read", __LINE__);
      if (count == 0) break;
      length++;
    }
    fflush(stdout);
  }
  printf("%d bytes\n", length);
  fflush(stdout);
  return 0;
}

// Counts its calls in /data.
METHOD(count) {
  int calls = 0;
  FILE *file = fopen("/data/calls", "r");
  if (file) {
    CHECK(fscanf(file, "%d", &calls) == 1);
    fclose(file);
  }
  file = fopen("/data/calls", "w");
  CHECK(file != NULL && fprintf(file, "%d", calls + 1) > 0 && fclose(file) == 0);
  printf("%d", calls + 1);
  fflush(stdout);
  return 0;
}

static int held = -1;

// Replies how often it was called, and what is in the file that the message names.
METHOD(show) {
  static int calls = 0;
  char path[256], content[256];
  ssize_t length = read(0, path, sizeof path - 1);
  CHECK(length >= 0);
  path[length] = 0;
  dprintf(1, "%d ", ++calls);
  int fd = open(path, O_RDONLY);
  if (fd < 0) {
    dprintf(1, "errno %d", errno);
    return 0;
  }
  while ((length = read(fd, content, sizeof content)) > 0) CHECK(write(1, content, length) == length);
  close(fd);
  return 0;
}

// Opens a file, and replies in later messages what is in it.
METHOD(hold) {
  char content[256];
  if (held < 0) held = open("/data/held", O_RDONLY);
  CHECK(held >= 0 && lseek(held, 0, SEEK_SET) == 0);
  ssize_t length = read(held, content, sizeof content);
  CHECK(length >= 0 && write(1, content, length) == length);
  return 0;
}

METHOD(crash) { __builtin_trap(); }
