/* Preloaded into a process: its files lie on a mount that lacks something. ODD_MOUNT=flush:<errno>,link:<errno>,
   lock:<errno>,room — flush is of folders alone, room answers zeros. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static int lacks(const char *what) {
    const char *all = getenv("ODD_MOUNT"), *at = all ? strstr(all, what) : 0;
    if (!at) return 0;
    at += strlen(what);
    return *at == ':' ? atoi(at + 1) : 1;
}

int fsync(int file) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    struct stat status;
    int code = lacks("flush");
    if (code && !fstat(file, &status) && S_ISDIR(status.st_mode)) { errno = code; return -1; }
    return real(file);
}

int linkat(int from, const char *name, int to, const char *other, int flags) {
    int (*real)(int, const char *, int, const char *, int) = dlsym(RTLD_NEXT, "linkat");
    int code = lacks("link");
    if (code) { errno = code; return -1; }
    return real(from, name, to, other, flags);
}

int flock(int file, int operation) {
    int (*real)(int, int) = dlsym(RTLD_NEXT, "flock");
    int code = lacks("lock");
    if (code) { errno = code; return -1; }
    return real(file, operation);
}

int statvfs(const char *path, struct statvfs *room) {
    int (*real)(const char *, struct statvfs *) = dlsym(RTLD_NEXT, "statvfs");
    int answer = real(path, room);
    if (lacks("room")) room->f_blocks = room->f_bfree = room->f_bavail = 0;
    return answer;
}

int statvfs64(const char *path, struct statvfs64 *room) {
    int (*real)(const char *, struct statvfs64 *) = dlsym(RTLD_NEXT, "statvfs64");
    int answer = real(path, room);
    if (lacks("room")) room->f_blocks = room->f_bfree = room->f_bavail = 0;
    return answer;
}
