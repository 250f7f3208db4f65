/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all fuzz targets share. A target is a file fuzz_NAME.c with LLVMFuzzerTestOneInput(): bytes in,
 * and the program ends (FUZZ_MUST(), shell_die(), a sanitizer) when something is wrong with what the
 * code under test made of them. The same bytes always do the same: no clock, no random numbers, no
 * memory of earlier inputs. With -Dfuzz=true libFuzzer finds the bytes; else replay.c reads them from
 * files.
 */
#ifndef WEIR_TESTS_FUZZ_H
#define WEIR_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* If the target has it: the name of something that no input has reached so far, or NULL. */
const char *fuzz_missed(void) __attribute__((weak));

#define FUZZ_MUST(condition)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: must be: %s\n", __FILE__, __LINE__, #condition);   \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* An input that is read from its beginning on; what lies beyond its end is 0. */
struct fuzz_in {
	const uint8_t *at, *end;
};

static inline size_t fuzz_left(const struct fuzz_in *in)
{
	return (size_t)(in->end - in->at);
}

/* The next n bytes; returns how many of them the input had. */
static inline size_t fuzz_bytes(struct fuzz_in *in, void *out, size_t n)
{
	size_t have = fuzz_left(in) < n ? fuzz_left(in) : n;

	memset(out, 0, n);
	memcpy(out, in->at, have);
	in->at += have;
	return have;
}

static inline uint8_t fuzz_u8(struct fuzz_in *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static inline uint16_t fuzz_u16(struct fuzz_in *in)
{
	uint16_t low = fuzz_u8(in);

	return (uint16_t)(low | fuzz_u8(in) << 8);
}

static inline uint32_t fuzz_u32(struct fuzz_in *in)
{
	uint32_t low = fuzz_u16(in);

	return low | (uint32_t)fuzz_u16(in) << 16;
}

/* A heap buffer of exactly that size, so that ASan sees a byte too far. */
static inline uint8_t *fuzz_copy(const void *data, size_t size)
{
	uint8_t *copy = malloc(size);

	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

/* FNV-1a over the input: what depends on it changes with every byte, so that nothing can be steered. */
static inline uint64_t fuzz_hash(const uint8_t *data, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 0x100000001b3ull;
	return hash;
}

#endif
