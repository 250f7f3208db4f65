// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/grace.h"

#include <string.h>

#define LINES_MIN 256
#define LINES_MAX (1u << 19)

#define UNITS(ms) ((ms) / WEIR_GRACE_UNIT_MS)

_Static_assert(sizeof(struct weir_grace_line) == 64, "a line is a cache line");

void weir_grace_init(struct weir_grace *s, struct weir_arena *arena, uint32_t conns)
{
	s->lines = LINES_MIN;
	while (s->lines < 4ull * conns && s->lines < LINES_MAX)
		s->lines *= 2;
	s->line = weir_arena_take(arena, s->lines * sizeof(*s->line));
}

typedef uint16_t tags_vec __attribute__((vector_size(16)));
typedef int8_t bytes_vec __attribute__((vector_size(8)));

/* Eight tags are compared at once: byte i of the result is not 0 where place i has the tag. */
static inline uint64_t matches(const uint16_t *tags, uint16_t tag)
{
	tags_vec eight;

	memcpy(&eight, tags, sizeof(eight));
	return (uint64_t) __builtin_convertvector(eight == tag, bytes_vec);
}

/* WEIR_GRACE_WAYS: none has it. */
static inline unsigned int place_of(const struct weir_grace_line *line, uint16_t tag)
{
	uint64_t low = matches(line->tag, tag), high = matches(line->tag + 8, tag);

	if (low != 0)
		return (unsigned int)__builtin_ctzll(low) / 8;
	return high != 0 ? 8 + (unsigned int)__builtin_ctzll(high) / 8 : WEIR_GRACE_WAYS;
}

/* All but the last of the 16 move on by one: two halves that overlap, instead of a call of memmove(). */
static inline void move_on(uint16_t all[WEIR_GRACE_WAYS])
{
	tags_vec low, high;

	memcpy(&low, all, sizeof(low));
	memcpy(&high, all + 7, sizeof(high));
	memcpy(all + 1, &low, sizeof(low));
	memcpy(all + 8, &high, sizeof(high));
}

static inline void put_first(struct weir_grace_line *line, uint16_t tag, uint16_t time)
{
	line->tag[0] = tag;
	line->time[0] = time;
}

/*
 * The segment at that place comes first, those before it move on by one. Out of line: in a flood none comes
 * again.
 */
static __attribute__((noinline)) uint32_t age_of(struct weir_grace_line *line, unsigned int at,
	uint16_t tag, uint16_t now)
{
	uint16_t time = line->time[at];

	if ((uint16_t)(now - time) >= UNITS(WEIR_GRACE_FORGET_MS))
		time = now;
	for (unsigned int i = at; i > 0; i--) {
		line->tag[i] = line->tag[i - 1];
		line->time[i] = line->time[i - 1];
	}
	put_first(line, tag, time);
	return (uint16_t)(now - time) * WEIR_GRACE_UNIT_MS;
}

uint32_t weir_grace_age_ms(struct weir_grace *s, uint64_t hash, uint32_t ack, uint32_t seq,
	uint32_t now_ms)
{
	const uint64_t m = weir_grace_mix(hash, ack, seq);
	const uint16_t tag = (uint16_t)(m >> 48) | 1, now = (uint16_t)UNITS(now_ms);
	struct weir_grace_line *line = &s->line[m & (s->lines - 1)];
	const unsigned int at = place_of(line, tag);

	if (at < WEIR_GRACE_WAYS)
		return age_of(line, at, tag, now);
	move_on(line->tag);
	move_on(line->time);
	put_first(line, tag, now);
	return 0;
}
