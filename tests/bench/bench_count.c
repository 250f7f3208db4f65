// SPDX-License-Identifier: BSD-3-Clause
/*
 * The rows of bench_core without a clock, for counting instructions of (scripts/bench_budget.sh): some
 * packets of each kind, whole connections among them, with 1000 connections established. The product's
 * own part is through_core() in world.c. mark() is called right before and right after what counts. Last,
 * in worlds of their own, come the dearest packets of hostile states.
 *
 *	bench_count    prints what it did, in order: kind and number
 */
#include <stdio.h>

#include "base/siphash.h"
#include "hostile.h"

#define ESTABLISHED 1000u
#define BURSTS      64u /* of packets; a quarter as many of connections */

static const struct {
	const char *name;
	frame_maker *make;
	unsigned int before; /* bursts, before those that count */
} kinds[] = {
	{"syn", frame_make_syn,
		BURSTS / 2}, /* so many that the ring of SYN-ACKs has noticed a flood */
	{"bad_ack", frame_make_bad_ack, 1},
	{"established_client", frame_make_client, 1},
	{"established_backend", frame_make_backend, 1},
};

__attribute__((noinline)) static void mark(void)
{
	__asm__ volatile("" ::: "memory");
}

static void run_packets(struct world *w, struct frame *frames, unsigned int bursts)
{
	for (unsigned int i = 0; i < bursts; i++)
		world_burst(w, frames + i * WEIR_BURST, WEIR_BURST);
}

static void run_dialogues(struct world *w, uint32_t first, unsigned int bursts)
{
	static struct dialogue d;

	for (unsigned int i = 0; i < bursts; i++) {
		dialogue_begin(&d, w, first + i * WEIR_BURST, WEIR_BURST);
		for (enum dialogue_step s = 0; s < DIALOGUE_STEPS; s++) {
			dialogue_say(&d, s);
			world_burst(w, d.frames, d.n);
			dialogue_hear(&d, w, s);
		}
	}
}

/* Packets of one kind, on the connections that w has. */
static void count_kind(struct world *w, struct frame *frames, const char *name, frame_maker *make,
	unsigned int before)
{
	const char *mark_v6 = w->family == WEIR_FAMILY_IPV6 ? "6" : "";

	frames_fill(frames, BURSTS * WEIR_BURST, w, make, make, 0);
	run_packets(w, frames, before);
	mark();
	run_packets(w, frames, BURSTS);
	mark();
	printf("%s%s %u\n", name, mark_v6, BURSTS * WEIR_BURST);
}

/* Segments of connections that no cookie opened, in nat: there is nothing to translate (HC-70). */
static void run_calm(struct frame *frames)
{
	struct world *w = world_open(16384, 0, 1);

	dialogue_establish_calm(w, ESTABLISHED);
	count_kind(w, frames, "calm_client", frame_make_client, 1);
	count_kind(w, frames, "calm_backend", frame_make_backend, 1);
	world_close(w);
}

/* Between families: a client's segment becomes IPv6, a backend's IPv4. */
static void run_mixed(struct frame *frames)
{
	struct world *w = world_open_mixed(16384);

	dialogue_establish(w, ESTABLISHED);
	count_kind(w, frames, "mixed_client", frame_make_client, 1);
	count_kind(w, frames, "mixed_backend", frame_make_backend, 1);
	world_close(w);
}

static void run_hostile(struct frame *frames, enum hostile state)
{
	struct world *w = hostile_open(state, ESTABLISHED);

	hostile_frames(w, state, frames, BURSTS * WEIR_BURST);
	run_packets(w, frames, 1);
	mark();
	run_packets(w, frames, BURSTS);
	mark();
	printf("%s %u\n", hostile_name(state), BURSTS * WEIR_BURST);
	world_close(w);
}

/* What there is of every kind in a family; whole connections last. */
static void run_family(struct frame *frames, enum weir_family family)
{
	struct world *w = world_open_for(family, 16384, 0, 1);

	dialogue_establish(w, ESTABLISHED);
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		count_kind(w, frames, kinds[i].name, kinds[i].make, kinds[i].before);
	run_dialogues(w, ESTABLISHED, 1);
	mark();
	run_dialogues(w, ESTABLISHED + WEIR_BURST, BURSTS / 4);
	mark();
	printf("connection%s %u\n", family == WEIR_FAMILY_IPV6 ? "6" : "", BURSTS / 4 * WEIR_BURST);
	world_close(w);
}

int main(void)
{
	struct frame *frames = frames_alloc(BURSTS * WEIR_BURST);

	/* the same hashes on every machine, and those that valgrind knows */
	if (weir_siphash_limit(256) != 256) {
		fprintf(stderr, "bench_count: this CPU has no AVX2\n");
		return 77;
	}
	run_family(frames, WEIR_FAMILY_IPV4);
	run_family(frames, WEIR_FAMILY_IPV6);
	run_calm(frames);
	run_mixed(frames);
	for (unsigned int i = 0; i < HOSTILES; i++)
		run_hostile(frames, (enum hostile)i);
	return 0;
}
