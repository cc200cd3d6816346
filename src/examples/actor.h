// What an actor needs to read messages, write replies and call others, as text. It is made for short programs.
#ifndef ACTOR_H
#define ACTOR_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** A method: `METHOD(greet) { reply("hello"); }` */
#define METHOD(name) __attribute__((export_name(#name))) void name(void)

/** Writes to the log of the process. */
static inline void actor_log(const char *format, ...) {
  va_list values;
  va_start(values, format);
  vfprintf(stderr, format, values);
  va_end(values);
  fputc('\n', stderr);
}

/** Ends the message as failed. The log has the text. */
#define fail(...) (actor_log(__VA_ARGS__), __builtin_trap())

static inline char *actor_read(int fd) {
  size_t length = 0, room = 4096;
  char *text = malloc(room);
  for (ssize_t count; (count = read(fd, text + length, room - length - 1)) != 0; length += (size_t)count) {
    if (count < 0) fail("reading failed");
    if (room - length - (size_t)count > 1) continue;
    text = realloc(text, room *= 2);
    if (text == NULL) fail("the text is too long");
  }
  text[length] = 0;
  return text;
}

static inline void actor_write(int fd, const char *text, size_t length) {
  for (ssize_t count; length > 0; text += count, length -= (size_t)count) {
    count = write(fd, text, length);
    if (count < 0) fail("writing failed");
  }
}

/** The whole message. It may be freed. */
static inline char *message(void) { return actor_read(STDIN_FILENO); }

/** Writes to the reply, as printf does. Several calls write one text behind the other. */
static inline void reply(const char *format, ...) {
  char *text = NULL;
  va_list values;
  va_start(values, format);
  int length = vasprintf(&text, format, values);
  va_end(values);
  if (length < 0) fail("the reply is too long");
  actor_write(STDOUT_FILENO, text, (size_t)length);
  free(text);
}

/** Calls a method of another process and returns its reply. The policy of this process must allow calls. */
static inline char *ask(const char *address, const char *text) {
  int fd = open(address, O_RDWR);
  if (fd < 0) fail("%s cannot be called", address);
  actor_write(fd, text, strlen(text));
  char *answer = actor_read(fd);
  close(fd);
  return answer;
}

#endif
