// The least that a C relay can pay: two shared, unconnected sockets, recvmmsg and sendmmsg once a 20 ms tick. Leg i's
// phone sends from port SOURCE+i; its packets go to the phone of leg i^1. No RTP is read and nothing is checked.
// usage: c_relay ADDRESS PORT PHONES_ADDRESS SOURCE LEGS SECONDS     prints: packets, CPU seconds
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { SOCKETS = 2, BATCH = 1024, OCTETS = 2048, TICK_NS = 20000000 };

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static struct sockaddr_in senders[BATCH];
static uint8_t packets[BATCH][OCTETS];

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static double cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + 1e-6 * (used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static int open_socket(const char *address, int port) {
    int sock = socket(AF_INET, SOCK_DGRAM, 0), room = 32 << 20;
    setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(address)};
    if (bind(sock, (void *)&name, sizeof name)) { perror("bind"); exit(1); }
    return sock;
}

static int relay_batch(int from, int to, int source, int legs) {
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){packets[i], OCTETS};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &senders[i], .msg_namelen = sizeof senders[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    int count = recvmmsg(from, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        int leg = ntohs(senders[i].sin_port) - source;
        vectors[i].iov_len = messages[i].msg_len;
        senders[i].sin_port = htons(source + ((leg ^ 1) % legs));
    }
    for (int sent = 0, more; sent < count; sent += more)
        if ((more = sendmmsg(to, messages + sent, count - sent, 0)) <= 0) break;
    return count;
}

int main(int argc, char **argv) {
    if (argc < 7) return 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);  /* it stands still between its turns, and would hold its ports for ever */
    int source = atoi(argv[4]), legs = atoi(argv[5]), sockets[SOCKETS];
    for (int i = 0; i < SOCKETS; i++) sockets[i] = open_socket(argv[1], atoi(argv[2]) + i);
    puts("ready"); fflush(stdout);
    uint64_t tick = now_ns(), end = tick + (uint64_t)(atof(argv[6]) * 1e9), total = 0;
    double before = cpu_s();
    while ((tick += TICK_NS) < end) {
        struct timespec until = {tick / 1000000000, tick % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        for (int i = 0, count; i < SOCKETS; i++)
            do if ((count = relay_batch(sockets[i], sockets[i ^ 1], source, legs)) > 0) total += count;
            while (count == BATCH);
    }
    printf("%lu %.6f\n", total, cpu_s() - before);
}
