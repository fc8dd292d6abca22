// Loaded before other libraries, makes every write of a place in a file, and every change of a length, take SLOW_US
// microseconds longer, as a disk does that has too much to do.
// usage: LD_PRELOAD=slow_disk.so SLOW_US=5000 PROGRAM
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>

static void be_slow(void) {
    const char *said = getenv("SLOW_US");
    long us = said ? atol(said) : 0;
    struct timespec rest = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&rest, NULL);
}

ssize_t pwrite64(int file, const void *from, size_t octets, off64_t place) {
    static ssize_t (*next)(int, const void *, size_t, off64_t);
    if (!next) next = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    be_slow();
    return next(file, from, octets, place);
}

int ftruncate64(int file, off64_t octets) {
    static int (*next)(int, off64_t);
    if (!next) next = (int (*)(int, off64_t))dlsym(RTLD_NEXT, "ftruncate64");
    be_slow();
    return next(file, octets);
}
