// Phones without ears: LEGS legs of 50 packets a second, leg i sent at its own moment of the 20 ms, with up to 1 ms of
// jitter where JITTER_US says so. A packet carries the time at which it was sent, so the delay is known when it comes
// back at the phone of leg i^1. Arrivals carry the kernel's time stamps: how late this program reads does not count.
// An eighth argument: what comes back was made anew; it is counted, and its delays mean nothing. With two more, only
// TALKING of each PEOPLE legs that follow each other speak; the others send silence (PCMU).
// FILE holds the packets to send instead, a record of OCTETS each: its length (16 bits, as this machine writes them),
// then the packet; those of the first 20 ms by leg, then those of the next.
// usage: c_generator PHONES_ADDRESS SOURCE LEGS SECONDS JITTER_US PPM SETTLING_FRAMES [blind [PEOPLE TALKING [FILE OCTETS]]]
//        < "ADDRESS PORT" a line, one a leg
// prints: sent received, then a line of delay percentiles in microseconds: mean p50 p99 max
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

enum { OCTETS = 172, FRAME_NS = 20000000, SLOTS = 80, SLOT_NS = FRAME_NS / SLOTS };

static int *sockets, legs, reading, blind, people = 1, talking = 1, record;
static const uint8_t *made;
static uint32_t *delays_us;
static uint64_t count, sent, limit;

static uint64_t now_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void open_phone(int leg, const char *phones, int port, const char *address, int to) {
    int one = 1, sock = sockets[leg] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(phones)};
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(to), .sin_addr.s_addr = inet_addr(address)};
    if (bind(sock, (void *)&here, sizeof here) || connect(sock, (void *)&there, sizeof there)) { perror("phone"); exit(1); }
    setsockopt(sock, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
}

static void read_phone(int sock) {
    uint8_t packet[2048], control[256];
    struct iovec vector = {packet, sizeof packet};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    for (;;) {
        message.msg_control = control; message.msg_controllen = sizeof control;
        if (recvmsg(sock, &message, 0) < (made ? 13 : OCTETS)) return;
        uint64_t sent_at, came_at = 0;
        memcpy(&sent_at, packet + 12, sizeof sent_at);
        for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part))
            if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
                struct timespec stamp;
                memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
                came_at = stamp.tv_sec * 1000000000ull + stamp.tv_nsec;
            }
        if ((blind ? reading : packet[20]) && count < limit) delays_us[count++] = came_at > sent_at ? (came_at - sent_at) / 1000 : 0;
    }
}

static void send_made(int leg, uint32_t number) {
    const uint8_t *at = made + ((uint64_t)number * legs + leg) * record;
    uint16_t length;
    memcpy(&length, at, sizeof length);
    if (send(sockets[leg], at + sizeof length, length, 0) == length) sent += reading;
}

static void read_made(const char *path, uint64_t octets) {
    made = mmap(NULL, octets, PROT_READ, MAP_PRIVATE | MAP_POPULATE, open(path, O_RDONLY), 0);
    if (made == MAP_FAILED) { perror("packets"); exit(1); }
}

static void send_packet(int leg, uint32_t number) {
    uint8_t packet[OCTETS];
    uint16_t sequence = htons(number);
    uint32_t timestamp = htonl(number * 160), ssrc = htonl(0x1000 + leg);
    memset(packet, leg % people < talking ? 0x55 : 0xFF, sizeof packet);
    packet[0] = 0x80; packet[1] = 0;
    memcpy(packet + 2, &sequence, 2); memcpy(packet + 4, &timestamp, 4); memcpy(packet + 8, &ssrc, 4);
    if (!blind) {
        uint64_t now = now_ns(CLOCK_REALTIME);
        memcpy(packet + 12, &now, sizeof now);
        packet[20] = reading;
    }
    if (send(sockets[leg], packet, sizeof packet, 0) == sizeof packet) sent += reading;
}

// SETTLING_FRAMES of 20 ms to latch and settle, then SECONDS that count. Each leg belongs to a slot and moves to a neighbouring one
// by chance (the jitter); the frame is longer or shorter than 20 ms by PPM (a clock that drifts against the switch's).
int main(int argc, char **argv) {
    if (argc < 8) return 2;
    legs = atoi(argv[3]);
    blind = argc > 8;
    if (argc > 10) { people = atoi(argv[9]); talking = atoi(argv[10]); }
    double seconds = atof(argv[4]), scale = 1 + atof(argv[6]) * 1e-6;
    int jitter = atoi(argv[5]) * 1000 / SLOT_NS, *slot_of = malloc(sizeof(int) * legs), phones_port = atoi(argv[2]), to;
    char address[64];
    uint32_t settling = atoi(argv[7]), frames = settling + (uint32_t)(50 * seconds);
    sockets = malloc(sizeof(int) * legs);
    if (argc > 12) { record = atoi(argv[12]); read_made(argv[11], (uint64_t)record * legs * frames); }
    limit = (uint64_t)legs * frames;
    delays_us = malloc(4 * limit);
    for (int leg = 0; leg < legs; leg++) {
        if (scanf("%63s %d", address, &to) != 2) return 2;
        open_phone(leg, argv[1], phones_port + leg, address, to);
    }
    srandom(1);
    uint64_t start = now_ns(CLOCK_MONOTONIC) + 5000000;
    for (uint32_t frame = 0; frame < frames; frame++) {
        reading = frame >= settling;
        for (int leg = 0; leg < legs; leg++) slot_of[leg] = (leg * 37 % SLOTS) + (jitter ? random() % (jitter + 1) : 0);
        for (int slot = 0; slot < SLOTS; slot++) {
            uint64_t due = start + (uint64_t)(scale * (frame * (double)FRAME_NS + slot * (double)SLOT_NS));
            struct timespec until = {due / 1000000000, due % 1000000000};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
            for (int leg = 0; leg < legs; leg++)
                if (slot_of[leg] == slot || (slot == SLOTS - 1 && slot_of[leg] > slot)) (made ? send_made : send_packet)(leg, frame);
            for (int leg = slot; leg < legs; leg += SLOTS) read_phone(sockets[leg]);
        }
    }
    struct timespec rest = {0, 200000000};
    nanosleep(&rest, NULL);
    for (int leg = 0; leg < legs; leg++) read_phone(sockets[leg]);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++) sum += delays_us[i];
    qsort(delays_us, count, sizeof *delays_us, by_value);
    printf("%lu %lu\n", sent, count);
    if (count) printf("%.1f %u %u %u\n", (double)sum / count, delays_us[count / 2], delays_us[count * 99 / 100], delays_us[count - 1]);
}
