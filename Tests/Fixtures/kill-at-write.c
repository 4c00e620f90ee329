// Loaded before the program's libraries (LD_PRELOAD): ends the process with SIGKILL just before the n-th time that it
// writes or syncs a file whose name ends in KILL_FILE (such as "-wal"), n being KILL_AT. Without KILL_AT it only
// counts, into the file KILL_COUNT, so that a loop knows where to stop. The program under test needs no hook.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long count;

static void step(int descriptor) {
    const char *ending = getenv("KILL_FILE");
    if (!ending) return;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < (ssize_t)strlen(ending)) return;
    path[length] = 0;
    if (strcmp(path + length - strlen(ending), ending) != 0) return;
    long number = atomic_fetch_add(&count, 1) + 1;
    const char *at = getenv("KILL_AT");
    if (at && number == atol(at)) kill(getpid(), SIGKILL);
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("KILL_COUNT");
    if (!path || !getenv("KILL_FILE") || atomic_load(&count) == 0) return;
    FILE *file = fopen(path, "w");
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&count));
    fclose(file);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite");
    step(descriptor);
    return real(descriptor, bytes, length, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    step(descriptor);
    return real(descriptor, bytes, length, offset);
}

int fdatasync(int descriptor) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    step(descriptor);
    return real(descriptor);
}

int fsync(int descriptor) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    step(descriptor);
    return real(descriptor);
}
