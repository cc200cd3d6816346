// supervisor: starts three workers, and starts each again that ends, as a supervisor of OTP does (one for one). If that happens too
// often, it ends its workers and itself. It needs the right to make processes: policy.spawn. With policy.memory 'resident' it begins
// anew after its end; kept memory would have workers that are gone.
//
//   start     the message is the module of the workers; the reply has their PIDs, a line each
//   children  replies the PIDs of the workers and how often each was started again
//   ended     is told by Glia when a worker has ended
//
// Environment: WORKERS (3), and MAX_RESTARTS (3) within PERIOD_SECONDS (5).
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_WORKERS = 16, MOST_RESTARTS = 100, PID_LENGTH = 32, REPLY_LENGTH = 65536 };

struct worker {
  char pid[PID_LENGTH];
  int restarts;
};

static struct worker workers[MOST_WORKERS];
static int worker_count;
// When workers were started again, the last ones, in seconds.
static time_t restarts[MOST_RESTARTS];
static int restart_count;
// The workers that it has ended, and of whose end it was not told yet.
static int ending;
// The module of the workers.
static char *module;
static size_t module_length;
static char reply[REPLY_LENGTH];

static int setting(const char *name, int otherwise, int most) {
  const char *text = getenv(name);
  int value = text == NULL ? otherwise : atoi(text);
  return value < 0 ? 0 : value > most ? most : value;
}

static bool write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = write(fd, bytes, length);
    if (count < 0) return false;
    bytes += count;
    length -= (size_t)count;
  }
  return true;
}

// Reads the message, with a zero at its end. The bytes are the caller's.
static char *read_message(size_t *length) {
  size_t capacity = 65536;
  char *bytes = malloc(capacity);
  *length = 0;
  while (bytes != NULL) {
    if (*length + 1 == capacity) {
      char *more = realloc(bytes, capacity *= 2);
      if (more == NULL) break;
      bytes = more;
    }
    ssize_t count = read(STDIN_FILENO, bytes + *length, capacity - 1 - *length);
    if (count == 0) {
      bytes[*length] = '\0';
      return bytes;
    }
    if (count < 0) break;
    *length += (size_t)count;
  }
  free(bytes);
  return NULL;
}

// Sends a message to the system process of this peer: a line of JSON, and a body. The reply is a line of JSON.
static bool ask(const char *method, const char *head, const char *body, size_t length) {
  char path[64];
  snprintf(path, sizeof path, "/ww/0.1.0/self/sys/%s", method);
  int fd = open(path, O_RDWR);
  bool ok = fd >= 0 && write_all(fd, head, strlen(head)) && write_all(fd, "\n", 1) && write_all(fd, body, length);
  size_t total = 0;
  while (ok && total < sizeof reply - 1) {
    ssize_t count = read(fd, reply + total, sizeof reply - 1 - total);
    if (count <= 0) {
      ok = count == 0;
      break;
    }
    total += (size_t)count;
  }
  reply[total] = '\0';
  // The log has the reason of the other side, too.
  if (!ok) fprintf(stderr, "supervisor: %s: %s\n", method, strerror(errno));
  if (fd >= 0) close(fd);
  return ok;
}

// The text behind "pid":" in a line of JSON. PIDs have no characters that JSON would change.
static bool read_pid(const char *json, char *pid) {
  const char *start = strstr(json, "\"pid\":\"");
  if (start == NULL) return false;
  start += strlen("\"pid\":\"");
  size_t length = strcspn(start, "\"");
  if (length == 0 || length >= PID_LENGTH) return false;
  memcpy(pid, start, length);
  pid[length] = '\0';
  return true;
}

// Makes a worker. It is dead after its first bad end: this supervisor decides what follows.
static bool spawn_worker(struct worker *worker) {
  char head[256];
  snprintf(head, sizeof head,
           "{\"name\":\"worker-%d\",\"watch\":\"ended\","
           "\"restart\":{\"type\":\"permanent\",\"intensity\":0,\"counts\":\"anyone\"}}",
           (int)(worker - workers) + 1);
  return module != NULL && ask("spawn", head, module, module_length) && read_pid(reply, worker->pid);
}

static bool tell(const char *method, const char *pid) {
  char head[64];
  snprintf(head, sizeof head, "{\"pid\":\"%s\"}", pid);
  return ask(method, head, "", 0);
}

// Ends all workers. It will be told of each, but for the one of which it was told just now.
static void end_workers(const struct worker *ended) {
  for (int i = 0; i < worker_count; i++) {
    if (tell("kill", workers[i].pid) && &workers[i] != ended) ending++;
  }
  worker_count = 0;
}

// Whether a worker may be started once more.
static bool note_restart(void) {
  time_t now = time(NULL);
  time_t period = setting("PERIOD_SECONDS", 5, 24 * 3600);
  int kept = 0;
  for (int i = 0; i < restart_count; i++) {
    if (now - restarts[i] <= period) restarts[kept++] = restarts[i];
  }
  restart_count = kept;
  if (restart_count >= setting("MAX_RESTARTS", 3, MOST_RESTARTS)) return false;
  restarts[restart_count++] = now;
  return true;
}

__attribute__((export_name("start"))) int start(void) {
  size_t length;
  char *bytes = read_message(&length);
  if (bytes == NULL) return 1;
  // What is in memory may be lost, and the workers may live on.
  if (!ask("list", "{}", "", 0) || strstr(reply, "\"pid\"") != NULL) {
    fputs("supervisor: its workers run already\n", stderr);
    free(bytes);
    return 1;
  }
  free(module);
  module = bytes;
  module_length = length;
  worker_count = restart_count = ending = 0;
  int wanted = setting("WORKERS", 3, MOST_WORKERS);
  while (worker_count < wanted) {
    struct worker *worker = &workers[worker_count];
    worker->restarts = 0;
    if (!spawn_worker(worker)) {
      end_workers(NULL);
      ending = 0;
      return 1;
    }
    worker_count++;
    printf("%s\n", worker->pid);
  }
  fflush(stdout);
  return 0;
}

__attribute__((export_name("children"))) void children(void) {
  for (int i = 0; i < worker_count; i++) printf("%s %d\n", workers[i].pid, workers[i].restarts);
  fflush(stdout);
}

static struct worker *find(const char *pid) {
  for (int i = 0; i < worker_count; i++) {
    if (strcmp(workers[i].pid, pid) == 0) return &workers[i];
  }
  return NULL;
}

static bool supervise(const char *message) {
  char pid[PID_LENGTH];
  if (!read_pid(message, pid)) return false;
  struct worker *worker = find(pid);
  // The last one that it has ended itself.
  if (worker == NULL && ending > 0 && --ending == 0) exit(1);
  // If it is not the final end, it comes back by itself.
  if (worker == NULL || strstr(message, "\"final\":true") == NULL) return true;
  fprintf(stderr, "supervisor: worker %d has ended: %s\n", (int)(worker - workers) + 1, message);
  if (!note_restart()) {
    fputs("supervisor: too many restarts, so it ends\n", stderr);
    end_workers(worker);
    if (ending == 0) exit(1);
    return true;
  }
  worker->restarts++;
  // A worker that somebody has killed is gone. Another one takes its place.
  bool is_killed = strstr(message, "\"type\":\"killed\"") != NULL;
  return is_killed ? spawn_worker(worker) : tell("restart", pid);
}

__attribute__((export_name("ended"))) int ended(void) {
  size_t length;
  char *message = read_message(&length);
  bool ok = message != NULL && supervise(message);
  free(message);
  return ok ? 0 : 1;
}
