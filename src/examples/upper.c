// upper: ASCII letters in upper case, as they arrive.
#include <stddef.h>
#include <unistd.h>

static char buffer[65536];

// read(2) and write(2) and not stdio: one copy fewer, and no end-of-file flag that would have to be cleared (clearerr) before the next message.
__attribute__((export_name("upper"))) int upper(void) {
  for (;;) {
    ssize_t length = read(STDIN_FILENO, buffer, sizeof buffer);
    if (length <= 0) return length == 0 ? 0 : 1;
    for (ssize_t i = 0; i < length; i++) {
      unsigned char letter = (unsigned char)buffer[i] - 'a';
      if (letter < 26) buffer[i] ^= 0x20;
    }
    for (ssize_t done = 0; done < length;) {
      ssize_t written = write(STDOUT_FILENO, buffer + done, (size_t)(length - done));
      if (written < 0) return 1;
      done += written;
    }
  }
}
