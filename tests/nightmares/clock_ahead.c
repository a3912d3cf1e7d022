/* Preloaded into a process: its wall clock is an hour ahead. The clock that only measures stays as it is, and a wait
   until a moment of the wall clock is set back for the kernel: otherwise every time-out would come an hour late. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define AHEAD 3600
#define IS_OF_THE_WALL_CLOCK 1000000000 /* the measuring clock counts seconds since the boot */

int clock_gettime(clockid_t which, struct timespec *moment) {
    int answer = syscall(SYS_clock_gettime, which, moment);
    if (!answer && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) moment->tv_sec += AHEAD;
    return answer;
}

int gettimeofday(struct timeval *moment, void *zone) {
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise)) return -1;
    moment->tv_sec = precise.tv_sec;
    moment->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *moment) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (moment) *moment = precise.tv_sec;
    return precise.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec moment = *until;
    if (!real) real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2"); /* x86 has an older one besides */
    if (!real) real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    if (moment.tv_sec > IS_OF_THE_WALL_CLOCK) moment.tv_sec -= AHEAD;
    return real(condition, mutex, &moment);
}

int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t which,
                           const struct timespec *until) {
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
    struct timespec moment = *until;
    if (!real) real = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
    if (which == CLOCK_REALTIME) moment.tv_sec -= AHEAD;
    return real(condition, mutex, which, &moment);
}
