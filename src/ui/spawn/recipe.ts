/** A whole actor in C, and the line that builds it. The line is the one of src/examples/README.md. */
export const RECIPE = `#include <stdio.h>
__attribute__((export_name("hello")))
void hello(void) { puts("hello"); fflush(stdout); }
// clang --target=wasm32-wasi -mexec-model=reactor -Oz -s hello.c -o hello.wasm`
