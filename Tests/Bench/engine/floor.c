// The least that an upload can cost: epoll, one writev per turn, one read of the answer, nothing looked at.
//   floor PORT CONNECTIONS BODY-BYTES SECONDS
// Prints the uploads made. The request is the same each time, and only the answer's end is waited for.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, TURN_BYTES = 256 * 1024 };

struct connection {
    int socket;
    size_t sent;
};

static char head[512], answer[4096], *body;
static size_t head_bytes, body_bytes;
static long uploads;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void flush(struct connection *c) {
    size_t total = head_bytes + body_bytes, turn = TURN_BYTES;
    while (c->sent < total) {
        struct iovec pieces[2];
        int count = 0;
        size_t offset = c->sent < head_bytes ? 0 : c->sent - head_bytes;
        if (c->sent < head_bytes) pieces[count++] = (struct iovec){ head + c->sent, head_bytes - c->sent };
        size_t part = body_bytes - offset < turn ? body_bytes - offset : turn;
        if (part) pieces[count++] = (struct iovec){ body + offset, part };
        ssize_t written = writev(c->socket, pieces, count);
        if (written < 0) {
            if (errno == EAGAIN) return;
            perror("floor: writev");
            exit(1);
        }
        c->sent += written;
    }
}

static void ready(struct connection *c, unsigned events) {
    if (events & EPOLLIN) {
        ssize_t count = read(c->socket, answer, sizeof answer);
        if (count <= 0) {
            fprintf(stderr, "floor: the server closed a connection\n");
            exit(1);
        }
        if (memmem(answer, count, "\r\n\r\n", 4)) {
            uploads++;
            c->sent = 0;
        }
    }
    flush(c);
}

int main(int count, char **arguments) {
    if (count != 5) return 64;
    int connections = atoi(arguments[2]), one = 1;
    body_bytes = atol(arguments[3]);
    double end = now() + atof(arguments[4]);
    body = malloc(body_bytes + 1);
    for (size_t i = 0; i < body_bytes; i++) body[i] = (char)(i * 2654435761u >> 24);
    head_bytes = snprintf(head, sizeof head,
        "PUT /uploads/bench.jpg HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: image/jpeg\r\n"
        "Content-Length: %zu\r\n\r\n", arguments[1], body_bytes);
    int epoll = epoll_create1(0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) },
                                   .sin_port = htons(atoi(arguments[1])) };
    struct connection *all = calloc(connections, sizeof *all);
    for (int i = 0; i < connections; i++) {
        all[i].socket = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(all[i].socket, (struct sockaddr *)&address, sizeof address)) {
            perror("floor: connect");
            return 1;
        }
        setsockopt(all[i].socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        fcntl(all[i].socket, F_SETFL, O_NONBLOCK);
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &all[i] };
        epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].socket, &event);
    }
    struct epoll_event events[EVENTS];
    while (now() < end) {
        int told = epoll_wait(epoll, events, EVENTS, 1000);
        for (int i = 0; i < told; i++) ready(events[i].data.ptr, events[i].events);
    }
    printf("%ld\n", uploads);
    return 0;
}
