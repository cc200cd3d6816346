// relay: pipes one actor's reply into another. The first line of its message has two addresses; the rest goes to the first of
// them, whose reply goes to the second, whose reply is the relay's. It flows: nothing is held whole.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// One of the three ways that bytes go: from the message to the first actor, from there to the second, from there to the reply.
struct way {
  int from, to;
  bool over;  // there is nothing more to read, or nobody to write to
  size_t start, length;
  char bytes[16384];
};

static struct way ways[3];

static bool fail(const char *what) {
  fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
  return false;
}

// Reads the first line, and what comes with it, into the first way. Gives the two addresses.
static bool read_addresses(char **first, char **second) {
  struct way *way = &ways[0];
  static char line[sizeof way->bytes + 1];
  char *end = NULL;
  do {
    ssize_t count = read(STDIN_FILENO, way->bytes + way->length, sizeof way->bytes - way->length);
    if (count < 0) return fail("the message");
    if (count == 0) break;
    way->length += (size_t)count;
    end = memchr(way->bytes, '\n', way->length);
  } while (end == NULL);
  if (end == NULL && way->length == sizeof way->bytes) {
    fputs("relay: the first line of the message is too long\n", stderr);
    return false;
  }
  if (end == NULL) end = way->bytes + way->length;
  size_t taken = (size_t)(end - way->bytes);
  memcpy(line, way->bytes, taken);
  // The line of an earlier message may have been longer.
  line[taken] = '\0';
  *first = strtok(line, " \r");
  *second = strtok(NULL, " \r");
  if (*first == NULL || *second == NULL || strtok(NULL, " \r") != NULL) {
    fputs("relay: the first line of the message must be two addresses\n", stderr);
    return false;
  }
  way->start = taken < way->length ? taken + 1 : taken;
  way->length -= way->start;
  return true;
}

// Without O_NONBLOCK the first read would end the request: here the rest of it may come after some of the reply.
static int open_call(const char *address) {
  int fd = open(address, O_RDWR | O_NONBLOCK);
  if (fd < 0) fail(address);
  return fd;
}

// Moves what can be moved without waiting: a part in, or a part out.
static bool move(struct way *way) {
  if (way->length == 0) {
    ssize_t count = read(way->from, way->bytes, sizeof way->bytes);
    if (count < 0) return errno == EAGAIN || fail("a read");
    way->start = 0;
    way->length = (size_t)count;
    if (count > 0) return true;
    way->over = true;
    if (way->to != STDOUT_FILENO) shutdown(way->to, SHUT_WR);
    return true;
  }
  ssize_t count = write(way->to, way->bytes + way->start, way->length);
  if (count < 0 && errno == EPIPE) {
    // It has heard enough, and may still reply.
    way->over = true;
    way->length = 0;
    return true;
  }
  if (count < 0) return errno == EAGAIN || fail("a write");
  way->start += (size_t)count;
  way->length -= (size_t)count;
  return true;
}

static bool flow(void) {
  while (!ways[2].over) {
    struct pollfd waits[3];
    struct way *waiting[3];
    nfds_t count = 0;
    for (int i = 0; i < 3; i++) {
      struct way *way = &ways[i];
      if (way->over) continue;
      waits[count] = way->length > 0 ? (struct pollfd){way->to, POLLOUT, 0} : (struct pollfd){way->from, POLLIN, 0};
      waiting[count++] = way;
    }
    if (poll(waits, count, -1) < 0) return fail("poll");
    for (nfds_t i = 0; i < count; i++) {
      if (waits[i].revents != 0 && !move(waiting[i])) return false;
    }
  }
  return true;
}

__attribute__((export_name("relay"))) int relay(void) {
  char *first, *second;
  memset(ways, 0, sizeof ways);
  if (!read_addresses(&first, &second)) return 1;
  int one = open_call(first);
  int other = one < 0 ? -1 : open_call(second);
  ways[0].from = STDIN_FILENO;
  ways[0].to = ways[1].from = one;
  ways[1].to = ways[2].from = other;
  ways[2].to = STDOUT_FILENO;
  bool ok = other >= 0 && flow();
  // Closing cancels what is left of a call, if there is anything.
  if (one >= 0) close(one);
  if (other >= 0) close(other);
  return ok ? 0 : 1;
}
