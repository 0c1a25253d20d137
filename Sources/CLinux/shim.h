// What Swift's Glibc module leaves out: epoll, eventfd, and macros that it cannot import.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timex.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// Only declared with _GNU_SOURCE, which would make these headers differ from Swift's Glibc module.
extern void *memmem(const void *haystack, size_t length, const void *needle, size_t needle_length);
static inline const void *clinux_memmem(const void *haystack, size_t length, const void *needle, size_t needle_length) {
    return memmem(haystack, length, needle, needle_length);
}
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

/// epoll_event is packed and holds a union: these keep its layout out of Swift.
static inline int clinux_epoll_set(int epoll, int operation, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = data;
    return epoll_ctl(epoll, operation, fd, &event);
}
static inline uint32_t clinux_event_mask(const struct epoll_event *event) { return event->events; }
static inline uint64_t clinux_event_data(const struct epoll_event *event) { return event->data.u64; }

/// Waits at most `timeout_ns` (negative: for ever). Kernels before 5.11 and some sandboxes have no
/// epoll_pwait2: there the wait is rounded up to whole milliseconds.
static inline int clinux_epoll_wait(int epoll, struct epoll_event *events, int capacity, int64_t timeout_ns) {
    static int has_no_pwait2 = 0;
    if (timeout_ns < 0) return epoll_wait(epoll, events, capacity, -1);
    if (timeout_ns == 0) return epoll_wait(epoll, events, capacity, 0);
    if (!__atomic_load_n(&has_no_pwait2, __ATOMIC_RELAXED)) {
        struct timespec timeout = { timeout_ns / 1000000000, timeout_ns % 1000000000 };
        int count = epoll_pwait2(epoll, events, capacity, &timeout, NULL);
        if (count >= 0 || errno != ENOSYS) return count;
        __atomic_store_n(&has_no_pwait2, 1, __ATOMIC_RELAXED);
    }
    int64_t milliseconds = (timeout_ns + 999999) / 1000000;
    return epoll_wait(epoll, events, capacity, milliseconds > 1000000 ? 1000000 : (int)milliseconds);
}
static const uint32_t clinux_EPOLLIN = EPOLLIN;
static const uint32_t clinux_EPOLLOUT = EPOLLOUT;
static const uint32_t clinux_EPOLLERR = EPOLLERR;
static const uint32_t clinux_EPOLLHUP = EPOLLHUP;
static const uint32_t clinux_EPOLLRDHUP = EPOLLRDHUP;
static const int clinux_SFD_CLOEXEC = SFD_CLOEXEC;
static const int clinux_EPOLL_CLOEXEC = EPOLL_CLOEXEC;
static const int clinux_EPOLL_CTL_ADD = EPOLL_CTL_ADD;
static const int clinux_EPOLL_CTL_MOD = EPOLL_CTL_MOD;
static const int clinux_EPOLL_CTL_DEL = EPOLL_CTL_DEL;
static const uint32_t clinux_EPOLLET = EPOLLET;
static const int clinux_SOCK_STREAM = SOCK_STREAM;
static const int clinux_SOCK_NONBLOCK = SOCK_NONBLOCK;
static const int clinux_SOCK_CLOEXEC = SOCK_CLOEXEC;
static const int clinux_EFD_NONBLOCK = EFD_NONBLOCK;
static const int clinux_EFD_CLOEXEC = EFD_CLOEXEC;
static const int clinux_MSG_NOSIGNAL = MSG_NOSIGNAL;
static const int clinux_RLIMIT_NOFILE = RLIMIT_NOFILE;

static inline int clinux_getrlimit(int resource, struct rlimit *limit) { return getrlimit(resource, limit); }
static inline int clinux_setrlimit(int resource, const struct rlimit *limit) { return setrlimit(resource, limit); }
/// Names the calling thread; at most 15 bytes count.
static inline void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
/// The calling process gets the signal when the thread that started it ends.
static inline void clinux_end_with_parent(int signal) { prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
/// How late the kernel may wake the calling thread to save power (50 µs unless told).
static inline void clinux_set_timer_slack(unsigned long nanoseconds) { prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }
/// CPU time of the calling thread / of the process, in nanoseconds.
static inline int64_t clinux_thread_cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
static inline int64_t clinux_process_cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
static inline int64_t clinux_monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/// What a TCP socket has sent and received since its start, TLS included and what was sent again not;
/// 0 when the kernel does not tell. glibc's struct tcp_info ends before these fields: their offsets are
/// the kernel's own interface (linux/tcp.h: tcpi_bytes_received 128, tcpi_bytes_sent 200,
/// tcpi_bytes_retrans 208, since Linux 4.19).
static inline int clinux_tcp_bytes(int descriptor, int64_t *sent, int64_t *received) {
    unsigned char info[256];
    int64_t resent = 0;
    socklen_t length = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, info, &length) != 0 || length < 216) return 0;
    __builtin_memcpy(received, info + 128, 8);
    __builtin_memcpy(sent, info + 200, 8);
    __builtin_memcpy(&resent, info + 208, 8);
    *sent -= resent;
    return 1;
}

/// What the kernel knows of its clock's discipline: adjtimex(2) with nothing to change.
static inline int clinux_clock_state(int32_t *is_synchronized, int64_t *maximum_error_us) {
    struct timex state = {0};
    if (adjtimex(&state) < 0) return -1;
    *is_synchronized = (state.status & STA_UNSYNC) == 0;
    *maximum_error_us = state.maxerror;
    return 0;
}
