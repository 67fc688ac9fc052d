/* Counts a program's calls that change files below the folder $CALLS_BELOW, and kills it after the one with the number
   that calls_kill_after() was given. Loaded by LD_PRELOAD, so it sees the calls of every library in the process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long made, last;
static char below[PATH_MAX];

/* Counts from now on, below a folder; kills after that many calls, or never if it is 0. */
void calls_kill_after(const char *folder, long number) {
    snprintf(below, sizeof below, "%s", folder);
    last = number;
    made = 0;
}

long calls_made(void) { return made; }

static int is_below(const char *path) { return below[0] && !strncmp(path, below, strlen(below)); }

static int is_path_below(int folder, const char *path) {
    char whole[PATH_MAX], link[64];
    if (!below[0] || !path) return 0;
    if (path[0] == '/') return is_below(path);
    if (folder == AT_FDCWD) {
        if (!getcwd(whole, sizeof whole)) return 0;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t size = readlink(link, whole, sizeof whole - 1);
        if (size < 0) return 0;
        whole[size] = 0;
    }
    return is_below(whole);
}

static int is_file_below(int handle) {
    char link[64], path[PATH_MAX];
    if (!below[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return is_below(path);
}

static void done(const char *name) {
    long number = atomic_fetch_add(&made, 1) + 1;
    if (getenv("CALLS_LOG")) dprintf(2, "call %ld %s\n", number, name);
    if (number == last) kill(getpid(), SIGKILL);
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
#define PATH_CALL(name, parameters, arguments, path, ...) \
    int name parameters { \
        REAL(int, #name, __VA_ARGS__); \
        int counts = is_path_below(AT_FDCWD, path), result = real arguments; \
        if (counts) done(#name); \
        return result; \
    }
#define AT_CALL(name, parameters, arguments, folder, path, ...) \
    int name parameters { \
        REAL(int, #name, __VA_ARGS__); \
        int counts = is_path_below(folder, path), result = real arguments; \
        if (counts) done(#name); \
        return result; \
    }
#define HANDLE_CALL(type, name, parameters, arguments, handle, ...) \
    type name parameters { \
        REAL(type, #name, __VA_ARGS__); \
        int counts = is_file_below(handle); \
        type result = real arguments; \
        if (counts) done(#name); \
        return result; \
    }

PATH_CALL(mkdir, (const char *path, mode_t mode), (path, mode), path, const char *, mode_t)
PATH_CALL(rmdir, (const char *path), (path), path, const char *)
PATH_CALL(unlink, (const char *path), (path), path, const char *)
PATH_CALL(rename, (const char *from, const char *to), (from, to), to, const char *, const char *)
PATH_CALL(link, (const char *from, const char *to), (from, to), to, const char *, const char *)
PATH_CALL(truncate, (const char *path, off_t size), (path, size), path, const char *, off_t)
PATH_CALL(truncate64, (const char *path, off64_t size), (path, size), path, const char *, off64_t)
PATH_CALL(creat, (const char *path, mode_t mode), (path, mode), path, const char *, mode_t)
PATH_CALL(creat64, (const char *path, mode_t mode), (path, mode), path, const char *, mode_t)
AT_CALL(mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode), folder, path, int, const char *, mode_t)
AT_CALL(unlinkat, (int folder, const char *path, int flags), (folder, path, flags), folder, path, int, const char *, int)
AT_CALL(renameat, (int old, const char *from, int folder, const char *to), (old, from, folder, to), folder, to, int,
        const char *, int, const char *)
AT_CALL(renameat2, (int old, const char *from, int folder, const char *to, unsigned flags), (old, from, folder, to, flags),
        folder, to, int, const char *, int, const char *, unsigned)
AT_CALL(linkat, (int old, const char *from, int folder, const char *to, int flags), (old, from, folder, to, flags), folder,
        to, int, const char *, int, const char *, int)
HANDLE_CALL(ssize_t, write, (int handle, const void *data, size_t size), (handle, data, size), handle, int, const void *,
            size_t)
HANDLE_CALL(ssize_t, writev, (int handle, const struct iovec *parts, int count), (handle, parts, count), handle, int,
            const struct iovec *, int)
HANDLE_CALL(ssize_t, pwrite, (int handle, const void *data, size_t size, off_t at), (handle, data, size, at), handle, int,
            const void *, size_t, off_t)
HANDLE_CALL(ssize_t, pwrite64, (int handle, const void *data, size_t size, off64_t at), (handle, data, size, at), handle,
            int, const void *, size_t, off64_t)
HANDLE_CALL(int, ftruncate, (int handle, off_t size), (handle, size), handle, int, off_t)
HANDLE_CALL(int, ftruncate64, (int handle, off64_t size), (handle, size), handle, int, off64_t)
HANDLE_CALL(int, fallocate, (int handle, int mode, off_t at, off_t size), (handle, mode, at, size), handle, int, int, off_t,
            off_t)
HANDLE_CALL(int, fallocate64, (int handle, int mode, off64_t at, off64_t size), (handle, mode, at, size), handle, int, int,
            off64_t, off64_t)
HANDLE_CALL(int, posix_fallocate, (int handle, off_t at, off_t size), (handle, at, size), handle, int, off_t, off_t)
HANDLE_CALL(int, fsync, (int handle), (handle), handle, int)
HANDLE_CALL(int, fdatasync, (int handle), (handle), handle, int)
HANDLE_CALL(int, fchmod, (int handle, mode_t mode), (handle, mode), handle, int, mode_t)

#define OPEN(name, first, folder, call, ...) \
    int name(first const char *path, int flags, ...) { \
        REAL(int, #name, __VA_ARGS__); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        int counts = flags & (O_CREAT | O_TRUNC | __O_TMPFILE) && is_path_below(folder, path), result = real call; \
        if (counts) done(#name); \
        return result; \
    }
#define WITH_FOLDER int at,

OPEN(open, , AT_FDCWD, (path, flags, mode), const char *, int, ...)
OPEN(open64, , AT_FDCWD, (path, flags, mode), const char *, int, ...)
OPEN(openat, WITH_FOLDER, at, (at, path, flags, mode), int, const char *, int, ...)
OPEN(openat64, WITH_FOLDER, at, (at, path, flags, mode), int, const char *, int, ...)
