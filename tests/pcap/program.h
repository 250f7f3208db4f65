/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * weirpcap, the program itself, over captures that are written here. What the core answers is read back from its output
 * and answered by the next, longer capture: the core's random numbers are fixed, so the same packets get the same answers.
 */
#ifndef WEIR_TESTS_PCAP_PROGRAM_H
#define WEIR_TESTS_PCAP_PROGRAM_H

#include "../unit/frame6.h"
#include "../unit/unit.h"

#define FRAMES_MAX 32

struct capture {
	unsigned int n;
	struct {
		uint64_t us;
		uint32_t len;
		uint8_t bytes[FRAME_ROOM];
	} at[FRAMES_MAX];
};

struct end {
	uint32_t addr;
	uint16_t port;
};

extern struct capture in, out;
extern char lines[16384], errors[4096]; /* what the program printed */
extern int status;
extern const struct end client, vip;

#define CLIENT_WEB "198.51.100.7:40000 > 192.0.2.80:80"
#define SIX        "2001:db8:a::1:203" /* of frame6_tcp() */
#define SIX_VIP    "2001:db8::201"

#define MAC_CLIENT "\x02\0\0\0\0\x02" /* of frame_tcp() */
#define MAC_ASKER  "\x02\0\0\0\0\x09"
#define MAC_FRONT  "\x02\0\0\x01\0\0"
#define MAC_BACK   "\x02\0\0\x01\0\x01"
#define MAC_HOP0   "\x02\0\0\x02\0\0"

/* Files of the directory that the program runs in. */
const char *in_dir(const char *name);
void put_file(const char *name, const void *bytes, size_t len);
void get_file(const char *name, char *text, size_t size);

/* An empty capture, and "conf" from that text, whose %s is the secret's file. */
void start(const char *config);

/* `in` as a file of that link type; `out` from "out.pcap". */
void write_in(int link, const char *name);
void read_out(void);

/* The program with these arguments: status, lines and errors. */
void run(const char *arguments);

/* The packets of `in` through the program: lines and `out`. */
void replay(void);

/* Appends a frame and returns its bytes, to be bent. */
uint8_t *add(uint64_t us, const void *bytes, size_t len);
uint8_t *add_tcp(uint64_t us, struct end from, struct end to, uint8_t flags, uint32_t seq,
	uint32_t ack, size_t payload_len);
void add_arp(uint64_t us, uint8_t op, uint32_t sender, uint32_t target);

void expect_lines(const char *expected);

/* The Ethernet addresses of what went out: synweir's port, and whom it is for. */
void expect_macs(unsigned int i, const char *dst, const char *src);

/* The i-th frame out is this segment; returns its sequence number. */
uint32_t expect_out(unsigned int i, uint64_t us, struct end from, struct end to, uint8_t flags,
	uint32_t ack);

/* A test program's main: its argument is weirpcap. */
int program_main(int argc, char **argv, const char *room, const struct unit_test *tests,
	unsigned int n);

#endif
