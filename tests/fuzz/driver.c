/* libFuzzer as a shared library, for tests/fuzz/guided.py: it is preloaded, so that the instrumented extension modules find the functions
 * that report coverage here.  The target is a Python function, called back through ctypes. */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *, size_t));

int fuzz(int argc, char **argv, int (*target)(const uint8_t *, size_t)) { return LLVMFuzzerRunDriver(&argc, &argv, target); }
