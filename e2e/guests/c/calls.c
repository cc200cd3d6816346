// Calls others by opening files. The first line of each message is a path; what follows is for whom it names. Replies what came
// of it, in words: errors as the names of their numbers.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define METHOD(name) __attribute__((export_name(#name))) int name(void)

static char *path, *rest;
static size_t rest_length;
static int kept = -1;

static const char *error_name(int error) {
  switch (error) {
    case 0: return "ok";
    case EACCES: return "EACCES";
    case EAGAIN: return "EAGAIN";
    case EBADF: return "EBADF";
    case ECANCELED: return "ECANCELED";
    case EDEADLK: return "EDEADLK";
    case EEXIST: return "EEXIST";
    case EHOSTUNREACH: return "EHOSTUNREACH";
    case EIO: return "EIO";
    case EISDIR: return "EISDIR";
    case EMFILE: return "EMFILE";
    case ENOENT: return "ENOENT";
    case ENOTDIR: return "ENOTDIR";
    case ENOTSUP: return "ENOTSUP";
    case EPIPE: return "EPIPE";
    case ESPIPE: return "ESPIPE";
    case ETIMEDOUT: return "ETIMEDOUT";
    default: return strerror(error);
  }
}

static int say(const char *step, int error) {
  printf("%s: %s\n", step, error_name(error));
  return fflush(stdout);
}

// Reads the whole message: the path and the rest.
static void hear(void) {
  static char *message;
  size_t room = 65536, length = 0;
  free(message);
  message = malloc(room + 1);
  for (ssize_t got; (got = read(STDIN_FILENO, message + length, room - length)) > 0;) {
    length += (size_t)got;
    if (length == room) message = realloc(message, (room *= 2) + 1);
  }
  message[length] = '\0';
  path = message;
  rest = memchr(message, '\n', length);
  if (rest == NULL) {
    rest = message + length;
  } else {
    *rest++ = '\0';
  }
  rest_length = length - (size_t)(rest - message);
}

static bool write_all(int fd, const char *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t count = write(fd, bytes + done, length - done);
    if (count < 0) return false;
    done += (size_t)count;
  }
  return true;
}

// The reply of a call becomes this method's.
static int pass_reply(int fd) {
  static char buffer[16384];
  ssize_t got;
  while ((got = read(fd, buffer, sizeof buffer)) > 0) {
    if (!write_all(STDOUT_FILENO, buffer, (size_t)got)) return 1;
  }
  return got < 0 ? say("read", errno) : 0;
}

// The first read ends the request.
METHOD(ask) {
  hear();
  int fd = open(path, O_RDWR);
  if (fd < 0) return say("open", errno);
  if (!write_all(fd, rest, rest_length)) return say("write", errno);
  int result = pass_reply(fd);
  close(fd);
  return result;
}

// The same through stdio, with the flags of a file that is made anew.
METHOD(ask_stdio) {
  hear();
  FILE *file = fopen(path, "w+");
  if (file == NULL) return say("fopen", errno);
  if (fwrite(rest, 1, rest_length, file) < rest_length || fflush(file) != 0) return say("fwrite", errno);
  char line[256];
  while (fgets(line, sizeof line, file) != NULL) fputs(line, stdout);
  if (ferror(file)) say("fgets", errno);
  fclose(file);
  return fflush(stdout);
}

// shutdown ends the request; a write after it fails; and so does a seek.
METHOD(shut) {
  hear();
  int fd = open(path, O_RDWR);
  if (fd < 0) return say("open", errno);
  if (!write_all(fd, rest, rest_length)) return say("write", errno);
  if (shutdown(fd, SHUT_WR) < 0) return say("shutdown", errno);
  say("write after shutdown", write(fd, "x", 1) < 0 ? errno : 0);
  say("lseek", lseek(fd, 0, SEEK_SET) < 0 ? errno : 0);
  int result = pass_reply(fd);
  close(fd);
  return result;
}

// Only writes, as a shell's `>` does: closing sends the message and tells how it went.
METHOD(tell) {
  hear();
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return say("open", errno);
  if (!write_all(fd, rest, rest_length)) return say("write", errno);
  return say("close", close(fd) < 0 ? errno : 0);
}

// Writes and closes without having read: the call is cancelled.
METHOD(drop) {
  hear();
  int fd = open(path, O_RDWR);
  if (fd < 0) return say("open", errno);
  if (!write_all(fd, rest, rest_length)) return say("write", errno);
  return say("close", close(fd) < 0 ? errno : 0);
}

// Reads one byte of the reply and closes.
METHOD(peek) {
  hear();
  int fd = open(path, O_RDWR);
  if (fd < 0) return say("open", errno);
  if (!write_all(fd, rest, rest_length)) return say("write", errno);
  char byte;
  if (read(fd, &byte, 1) != 1) return say("read", errno);
  return say("close", close(fd) < 0 ? errno : 0);
}

// Leaves a call open.
METHOD(keep) {
  hear();
  kept = open(path, O_RDWR);
  return say("open", kept < 0 ? errno : 0);
}

// Reads from the call that was left open by another message.
METHOD(kept_read) {
  char byte;
  say("read", read(kept, &byte, 1) < 0 ? errno : 0);
  say("write", write(kept, "x", 1) < 0 ? errno : 0);
  return say("close", close(kept) < 0 ? errno : 0);
}

// Opens a path again and again until that fails.
METHOD(many) {
  hear();
  int fds[64], count = 0;
  while (count < 64 && (fds[count] = open(path, O_RDWR)) >= 0) count++;
  printf("%d ", count);
  say("open", errno);
  while (count > 0) close(fds[--count]);
  return 0;
}

// Sleeps for a minute, or until its call is over.
METHOD(doze) {
  return poll(NULL, 0, 60000) < 0 ? 1 : 0;
}

METHOD(list) {
  hear();
  DIR *directory = opendir(path);
  if (directory == NULL) return say("opendir", errno);
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    const char *type = entry->d_type == DT_DIR ? "directory" : entry->d_type == DT_CHR ? "device" : "other";
    printf("%s %s\n", type, entry->d_name);
  }
  closedir(directory);
  return fflush(stdout);
}

METHOD(look) {
  hear();
  struct stat info;
  if (stat(path, &info) < 0) return say("stat", errno);
  puts(S_ISDIR(info.st_mode) ? "directory" : S_ISCHR(info.st_mode) ? "device" : "other");
  return fflush(stdout);
}

// Asks all paths of the first line at once, and replies in the order in which they answer.
METHOD(race) {
  hear();
  struct pollfd waits[16];
  int numbers[16];
  nfds_t count = 0;
  for (char *name = strtok(path, " "); name != NULL && count < 16; name = strtok(NULL, " ")) {
    int fd = open(name, O_RDWR);
    if (fd < 0) return say("open", errno);
    if (!write_all(fd, rest, rest_length) || shutdown(fd, SHUT_WR) < 0) return say("write", errno);
    numbers[count] = (int)count;
    waits[count++] = (struct pollfd){fd, POLLIN, 0};
  }
  while (count > 0) {
    if (poll(waits, count, -1) < 0) return say("poll", errno);
    for (nfds_t i = 0; i < count; i++) {
      if (waits[i].revents == 0) continue;
      char buffer[256];
      ssize_t got = read(waits[i].fd, buffer, sizeof buffer - 1);
      if (got > 0) {
        buffer[got] = '\0';
        printf("%d: %s\n", numbers[i], buffer);
        continue;
      }
      if (got < 0) printf("%d: %s\n", numbers[i], error_name(errno));
      close(waits[i].fd);
      waits[i] = waits[--count];
      numbers[i--] = numbers[count];
    }
    fflush(stdout);
  }
  return 0;
}

// Writes and reads in turns, without waiting in either: poll waits.
METHOD(converse) {
  hear();
  int fd = open(path, O_RDWR | O_NONBLOCK);
  if (fd < 0) return say("open", errno);
  char byte;
  say("read", read(fd, &byte, 1) < 0 ? errno : 0);
  struct pollfd wait = {fd, POLLIN, 0};
  printf("poll: %d\n", poll(&wait, 1, 20));
  for (size_t i = 0; i < rest_length; i++) {
    if (write(fd, rest + i, 1) != 1) return say("write", errno);
    if (poll(&wait, 1, -1) != 1) return say("poll", errno);
    if (read(fd, &byte, 1) != 1) return say("read", errno);
    putchar(byte);
  }
  putchar('\n');
  shutdown(fd, SHUT_WR);
  poll(&wait, 1, -1);
  printf("end: %d\n", (int)read(fd, &byte, 1));
  close(fd);
  return fflush(stdout);
}
