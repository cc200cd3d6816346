// fanout: asks many actors at once. The first line of its message has their addresses; the rest goes to each of them. Its reply
// is theirs, one after the other, under a heading each.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CALLS 16
#define PART 16384

struct text {
  char *bytes;
  size_t length, room;
};

struct call {
  const char *address;
  int fd;        // -1 once it is over
  int error;     // why it failed; 0 if it did not
  size_t sent;   // how much of the message
  struct text reply;
};

static struct call calls[MAX_CALLS];
static nfds_t count;

// Adds what one read gives. Returns its count, 0 at the end, or -1.
static ssize_t read_more(int fd, struct text *text) {
  if (text->room - text->length < PART) {
    size_t room = text->room * 2 + PART;
    char *bytes = realloc(text->bytes, room);
    if (bytes == NULL) return -1;
    text->bytes = bytes;
    text->room = room;
  }
  ssize_t got = read(fd, text->bytes + text->length, text->room - text->length);
  if (got > 0) text->length += (size_t)got;
  return got;
}

static void end_call(struct call *call, int error) {
  if (call->fd >= 0) close(call->fd);
  call->fd = -1;
  call->error = error;
}

static void open_call(const char *address) {
  struct call *call = &calls[count++];
  *call = (struct call){.address = address};
  // Without O_NONBLOCK the first read would end the request.
  call->fd = open(address, O_RDWR | O_NONBLOCK);
  if (call->fd < 0) call->error = errno;
}

static void send_some(struct call *call, const char *message, size_t length) {
  ssize_t sent = write(call->fd, message + call->sent, length - call->sent);
  if (sent < 0 && errno == EPIPE) {
    call->sent = length;  // it has heard enough, and may still reply
    return;
  }
  if (sent < 0 && errno != EAGAIN) return end_call(call, errno);
  if (sent > 0) call->sent += (size_t)sent;
  if (call->sent == length) shutdown(call->fd, SHUT_WR);
}

static void hear_some(struct call *call) {
  ssize_t got = read_more(call->fd, &call->reply);
  if (got == 0) end_call(call, 0);
  if (got < 0 && errno != EAGAIN) end_call(call, errno);
}

static void ask_all(const char *message, size_t length) {
  for (;;) {
    struct pollfd waits[MAX_CALLS];
    struct call *waiting[MAX_CALLS];
    nfds_t open_calls = 0;
    for (nfds_t i = 0; i < count; i++) {
      struct call *call = &calls[i];
      if (call->fd < 0) continue;
      short events = call->sent < length ? POLLIN | POLLOUT : POLLIN;
      waits[open_calls] = (struct pollfd){call->fd, events, 0};
      waiting[open_calls++] = call;
    }
    if (open_calls == 0 || poll(waits, open_calls, -1) < 0) return;
    for (nfds_t i = 0; i < open_calls; i++) {
      struct call *call = waiting[i];
      if ((waits[i].revents & POLLOUT) != 0 && call->sent < length) send_some(call, message, length);
      if ((waits[i].revents & ~POLLOUT) != 0 && call->fd >= 0) hear_some(call);
    }
  }
}

static int print_replies(void) {
  int failed = 0;
  for (nfds_t i = 0; i < count; i++) {
    struct call *call = &calls[i];
    printf("==> %s <==\n", call->address);
    if (call->error != 0) {
      printf("failed: %s\n", strerror(call->error));
      failed = 1;
    } else {
      fwrite(call->reply.bytes, 1, call->reply.length, stdout);
      if (call->reply.length > 0 && call->reply.bytes[call->reply.length - 1] != '\n') putchar('\n');
    }
    free(call->reply.bytes);
  }
  return fflush(stdout) == 0 ? failed : 1;
}

// A call that failed is told in its place; the method fails only if it could not do its own part.
__attribute__((export_name("fanout"))) int fanout(void) {
  struct text message = {0};
  ssize_t got;
  while ((got = read_more(STDIN_FILENO, &message)) > 0) {
  }
  char *line_end = message.length > 0 ? memchr(message.bytes, '\n', message.length) : NULL;
  if (got < 0 || line_end == NULL) {
    fputs("fanout: the first line of the message must be addresses\n", stderr);
    free(message.bytes);
    return 1;
  }
  *line_end = '\0';
  const char *rest = line_end + 1;
  size_t length = message.length - (size_t)(rest - message.bytes);
  count = 0;
  for (char *address = strtok(message.bytes, " \r"); address != NULL; address = strtok(NULL, " \r")) {
    if (count == MAX_CALLS) {
      fprintf(stderr, "fanout: more than %d addresses; the others are not asked\n", MAX_CALLS);
      break;
    }
    open_call(address);
    struct call *call = &calls[count - 1];
    if (call->fd >= 0 && length == 0) shutdown(call->fd, SHUT_WR);
  }
  ask_all(rest, length);
  print_replies();
  free(message.bytes);
  return 0;
}
