// A server that costs next to nothing: it reads HTTP/1.1 requests, throws their bodies away, and answers
// each with 200 once its body has arrived whole. Every client of the benchmark talks to the same one.
//   sink PORT [CERTIFICATE KEY]     TLS 1.3 with the two files
// It prints its port. Not a web server: it looks for Content-Length and nothing else.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_BYTES = 256 * 1024, HEAD_BYTES = 8192, EVENTS = 512, TURN_BYTES = 1024 * 1024 };
static const char ANSWER[] = "HTTP/1.1 200 OK\r\nETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n"
                             "Connection: keep-alive\r\nContent-Length: 0\r\n\r\n";

struct connection {
    int socket;
    SSL *ssl;
    int is_shaking;
    size_t head_count;
    long long body_left;
    char *head;
};

static char buffer[BUFFER_BYTES];

static void end(struct connection *c) {
    if (c->ssl) SSL_free(c->ssl);
    close(c->socket);
    free(c->head);
    free(c);
}

static void answer(struct connection *c) {
    // A few answers of 100 bytes always fit into an empty send buffer.
    if (c->ssl) SSL_write(c->ssl, ANSWER, sizeof ANSWER - 1);
    else if (send(c->socket, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0) return;
}

static long long content_length(const char *head) {
    const char *field = strcasestr(head, "\r\ncontent-length:");
    return field ? atoll(field + 17) : 0;
}

// Takes bytes that belong to a head; returns how many it took, -1 to end the connection.
static long take_head(struct connection *c, const char *bytes, size_t count) {
    if (!c->head && !(c->head = malloc(HEAD_BYTES))) return -1;
    size_t before = c->head_count;
    size_t room = HEAD_BYTES - 1 - before;
    size_t taken = count < room ? count : room;
    memcpy(c->head + before, bytes, taken);
    c->head[before + taken] = 0;
    size_t from = before > 3 ? before - 3 : 0;
    char *blank = strstr(c->head + from, "\r\n\r\n");
    if (!blank) {
        c->head_count = before + taken;
        return taken == room ? -1 : (long)taken;
    }
    size_t head_bytes = blank + 4 - c->head;
    blank[2] = 0;
    c->body_left = content_length(c->head);
    c->head_count = 0;
    if (c->body_left == 0) answer(c);
    return (long)(head_bytes - before);
}

// Returns 0 when the connection is to end.
static int take(struct connection *c, const char *bytes, size_t count) {
    while (count > 0) {
        if (c->body_left > 0) {
            size_t part = (long long)count < c->body_left ? count : (size_t)c->body_left;
            c->body_left -= part;
            bytes += part;
            count -= part;
            if (c->body_left == 0) answer(c);
            continue;
        }
        long taken = take_head(c, bytes, count);
        if (taken < 0) return 0;
        bytes += taken;
        count -= taken;
    }
    return 1;
}

static int read_plain(struct connection *c) {
    long long turn = TURN_BYTES;
    while (turn > 0) {
        // The kernel drops what is known to be body, uncopied (tcp(7), MSG_TRUNC).
        int drops = c->body_left > 0;
        size_t want = drops && c->body_left < (1 << 30) ? (size_t)c->body_left : BUFFER_BYTES;
        ssize_t count = recv(c->socket, buffer, want, drops ? MSG_TRUNC : 0);
        if (count == 0) return 0;
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        turn -= count;
        if (drops) {
            c->body_left -= count;
            if (c->body_left == 0) answer(c);
        } else if (!take(c, buffer, count)) {
            return 0;
        }
        if ((size_t)count < want) return 1;
    }
    return 1;
}

static int read_secure(struct connection *c) {
    if (c->is_shaking) {
        int result = SSL_accept(c->ssl);
        if (result <= 0) {
            int error = SSL_get_error(c->ssl, result);
            ERR_clear_error();
            return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
        }
        c->is_shaking = 0;
    }
    while (1) {
        int count = SSL_read(c->ssl, buffer, 16384);
        if (count <= 0) {
            int error = SSL_get_error(c->ssl, count);
            ERR_clear_error();
            return error == SSL_ERROR_WANT_READ;
        }
        if (!take(c, buffer, count)) return 0;
    }
}

static void welcome(int epoll, int listener, SSL_CTX *context) {
    int one = 1, socket;
    while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *c = calloc(1, sizeof *c);
        if (!c) exit(1);
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        c->socket = socket;
        if (context) {
            c->ssl = SSL_new(context);
            SSL_set_fd(c->ssl, socket);
            SSL_set_accept_state(c->ssl);
            c->is_shaking = 1;
        }
        struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = c };
        epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
    }
}

static SSL_CTX *secure_context(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) ||
        SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    return context;
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *context = count > 3 ? secure_context(arguments[2], arguments[3]) : NULL;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) },
                                   .sin_port = htons(count > 1 ? atoi(arguments[1]) : 0) };
    socklen_t length = sizeof address;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096)) {
        perror("sink");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS], event = { .events = EPOLLIN, .data.ptr = NULL };
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    // It never sleeps: a client that is slower than it would otherwise pay for waking it, which over a
    // network nobody pays.
    while (1) {
        int ready = epoll_wait(epoll, events, EVENTS, 0);
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c) welcome(epoll, listener, context);
            else if (!(c->ssl ? read_secure(c) : read_plain(c))) end(c);
        }
    }
}
