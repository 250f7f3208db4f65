/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A data path between two rings of frames instead of wires: what a test puts in at a port is what
 * the device receives, what the device sends is what the test takes out. Workers run where and when
 * the test says: a turn each, in one thread, or on lcores of their own.
 */
#ifndef WEIR_TESTS_RIG_H
#define WEIR_TESTS_RIG_H

#include "dp/dataplane.h"
#include "segment.h"
#include "shell.h"

#define RIG_QUEUES 3

struct rig {
	struct weir_policy *policy;
	struct weir_dataplane dp;
	struct rte_ring *in[2][RIG_QUEUES], *out[2][RIG_QUEUES];
	unsigned int n_rx, n_tx;
	/* Of each port, unless 0: frames come and go with its tag, which a test neither writes nor sees. */
	uint16_t vlan[2];
	uint32_t pool_size[WEIR_WORKERS_MAX];
};

/* Starts the EAL with four lcores that share the CPUs there are. Once per program. */
void rig_eal(const char *program);

/* Takes policy (not finished yet) and puts a device with so many queues behind both ports. */
void rig_open(struct rig *r, struct weir_policy *policy, unsigned int n_rx, unsigned int n_tx);

/*
 * Ends it. Every buffer must have come back to its pool, and nothing may be unaccounted for. What
 * has not been taken out is thrown away.
 */
void rig_close(struct rig *r);

/*
 * A frame arrives at a queue; ol_flags are what the device says of it. To segment_frame()'s
 * destination means to this port. false: the queue is full.
 */
bool rig_put(struct rig *r, unsigned int port, unsigned int queue, const uint8_t *frame, size_t len,
	uint64_t ol_flags);

/* The next frame that was sent by that port; 0 when there is none, else its length. */
size_t rig_take(struct rig *r, unsigned int port, uint8_t frame[SEGMENT_FRAME_MAX]);

/* Everybody has turns until nobody has anything to do. */
void rig_settle(struct rig *r);

/* Everything that was sent is thrown away; how much it was. */
unsigned int rig_discard(struct rig *r);

/* rig_open() with a usual policy, next hops known, announcements out of the way. */
void rig_open_quiet(struct rig *r, unsigned int workers, unsigned int n_rx, unsigned int n_tx);

/* The i-th client's SYN to a service. Its MAC address is 02:00:00:00:c1:<i>. */
struct segment rig_syn(unsigned int i, enum shell_service service);

/* Replaces the segment's options by timestamps. */
void rig_timestamps(struct segment *s, uint32_t tsval, uint32_t tsecr);

/* A frame of random bytes, many of which are nearly good. Returns its length. */
size_t rig_garbage(uint64_t *seed, uint8_t f[SEGMENT_FRAME_MAX]);

/* rig_put(), which must take it. */
void rig_put_segment(struct rig *r, unsigned int port, unsigned int queue, const struct segment *s);

/*
 * The next frame out of that port: its view, and the MAC address it is for. false: there is none, or
 * it is no good segment, checksums included, or it does not come from the port's MAC address.
 */
bool rig_take_segment(struct rig *r, unsigned int port, struct weir_seg *seg, uint8_t to[6]);

/* Sums over all workers. */
uint64_t rig_fate(const struct rig *r, enum weir_fate fate);
uint64_t rig_event(const struct rig *r, enum weir_event event);
uint64_t rig_handed(const struct rig *r);

/* What came minus what went (flow/counters.h), of one worker. */
int64_t rig_unaccounted(const struct rig *r, unsigned int worker);

/* What the control side knows of them. */
struct weir_neighs *rig_neighs(struct rig *r);

/* A next hop has just answered that it has that MAC. */
void rig_teach(struct weir_neighs *n, uint16_t nexthop, const uint8_t mac[6], uint64_t now_ns);

/* The next hops' addresses become known: their MAC is 02:00:00:00:bb:<index>. */
void rig_meet_neighbours(struct rig *r);

#endif
