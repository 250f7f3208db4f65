// SPDX-License-Identifier: BSD-3-Clause
#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "deed.h"

#define ETHERNET 14

/* A frame on its way. */
struct flight {
	struct sim_timer timer;
	struct sim_link *link;
	uint32_t len;
	uint8_t frame[];
};

static void arrive(struct sim_timer *t)
{
	struct flight *f = sim_owner(t, struct flight, timer);

	f->link->deliver(f->link, f->frame, f->len);
	free(f);
}

/*
 * One byte, somewhere behind the Ethernet header: a change that the Internet checksum always sees.
 * It is meant to see what TCP has to live with, not what no TCP can.
 */
static void corrupt(struct sim_link *link, struct flight *f)
{
	uint32_t at = sim_between(&link->random, ETHERNET, f->len - 1);

	sim_did(SIM_DID_corrupted);
	f->frame[at] ^= (uint8_t)sim_between(&link->random, 1, 255);
}

static void damage(struct sim_link *link, struct flight *f)
{
	if (f->len <= ETHERNET)
		return;
	if (sim_chance(&link->random, link->quality.corrupt))
		corrupt(link, f);
	if (sim_chance(&link->random, link->quality.truncate)) {
		sim_did(SIM_DID_truncated);
		f->len = sim_below(&link->random, f->len);
	}
}

static uint64_t arrival(struct sim_link *link)
{
	const struct sim_quality *q = &link->quality;
	uint64_t at = link->queue->now_ns + q->delay_ns;

	if (q->jitter_ns > 0)
		at += sim_random(&link->random) % q->jitter_ns;
	if (sim_chance(&link->random, q->reorder)) {
		sim_did(SIM_DID_reordered);
		return at + sim_random(&link->random) % (q->late_ns + 1);
	}
	if (at < link->busy_until_ns)
		at = link->busy_until_ns;
	link->busy_until_ns = at;
	return at;
}

static void fly(struct sim_link *link, const uint8_t *frame, uint32_t len, uint64_t at_ns)
{
	struct flight *f = malloc(sizeof(*f) + len);

	if (f == NULL)
		abort();
	f->timer = (struct sim_timer){.fire = arrive};
	f->link = link;
	f->len = len;
	memcpy(f->frame, frame, len);
	damage(link, f);
	sim_queue_set(link->queue, &f->timer, at_ns);
}

void sim_link_send(struct sim_link *link, const uint8_t *frame, uint32_t len)
{
	if (sim_chance(&link->random, link->quality.loss))
		sim_did(SIM_DID_lost);
	else
		fly(link, frame, len, arrival(link));
	if (sim_chance(&link->random, link->quality.dup)) {
		sim_did(SIM_DID_doubled);
		fly(link, frame, len, arrival(link));
	}
	if (sim_chance(&link->random, link->quality.ghost)) {
		sim_did(SIM_DID_ghost);
		fly(link, frame, len,
			link->queue->now_ns + sim_between(&link->random, 1000, 60000) * SIM_MS);
	}
}
