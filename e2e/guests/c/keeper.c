// Keeps what it is told in a list on its heap, and in a file under /tmp that stays open.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct note {
  struct note *next;
  char text[];
};

static struct note *newest;
static int count;
static int file = -1;
static unsigned long long started;

static unsigned long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (unsigned long long)time.tv_sec * 1000000000ull + (unsigned long long)time.tv_nsec;
}

// Keeps the message, and replies with the number of notes, all of them with the newest first, and the file.
__attribute__((export_name("note"))) int note(void) {
  char text[256];
  ssize_t length = 0;
  for (ssize_t got; (got = read(0, text + length, sizeof text - 1 - (size_t)length)) > 0;) length += got;
  text[length] = 0;
  if (started == 0) started = now();
  if (now() < started) return 2;
  if (file < 0) file = open("/tmp/notes", O_RDWR | O_CREAT, 0600);
  if (file < 0) return errno;
  if (length > 0) {
    struct note *made = malloc(sizeof *made + (size_t)length + 1);
    memcpy(made->text, text, (size_t)length + 1);
    made->next = newest;
    newest = made;
    count++;
    // At the offset that the write before left.
    if (write(file, text, (size_t)length) != length) return errno;
  }
  dprintf(1, "%d", count);
  for (const struct note *at = newest; at; at = at->next) dprintf(1, " %s", at->text);
  char kept[1024];
  ssize_t bytes = pread(file, kept, sizeof kept, 0);
  dprintf(1, " | %.*s", (int)bytes, kept);
  return 0;
}

// Takes 1 MiB of memory, and writes all of it.
__attribute__((export_name("fill"))) int fill(void) {
  static unsigned round;
  static unsigned *room;
  if (!room) room = malloc(1 << 20);
  round++;
  for (unsigned at = 0; at < (1 << 18); at++) room[at] = at * 2654435761u + round;
  return 0;
}

__attribute__((export_name("nothing"))) void nothing(void) {}

__attribute__((export_name("trap"))) void trap(void) {
  count = -1;
  if (file >= 0 && write(file, "lost", 4) != 4) return;
  __builtin_trap();
}

__attribute__((export_name("leave"))) void leave(void) { _Exit(0); }
