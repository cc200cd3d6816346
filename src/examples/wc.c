// wc: an ordinary command with a main(), as any program that is compiled to WASI. Each message runs it afresh.
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static char buffer[65536];

int main(void) {
  unsigned long long lines = 0, words = 0, bytes = 0;
  bool in_word = false;
  ssize_t length;
  while ((length = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
    bytes += (unsigned long long)length;
    for (ssize_t i = 0; i < length; i++) {
      char c = buffer[i];
      bool space = c == ' ' || (c >= '\t' && c <= '\r');
      if (c == '\n') lines++;
      if (!space && !in_word) words++;
      in_word = !space;
    }
  }
  if (length < 0) return 1;
  printf("%llu %llu %llu\n", lines, words, bytes);
  return 0;
}
