// SPDX-License-Identifier: BSD-3-Clause
/*
 * The option iterator (wire/opt.h) against a naive twin, on options of any length.
 *
 * Input: the bytes of the options.
 */
#include "wire/opt.h"

#include "fuzz.h"

struct option {
	size_t at; /* of its kind */
	uint8_t kind, data_len;
};

/* The option that begins at or after *at, by the words of RFC 9293 §3.1; false: there is none. */
static int naive_next(const uint8_t *bytes, size_t size, size_t *at, struct option *o)
{
	for (; *at < size; (*at)++) {
		if (bytes[*at] == 0)
			return 0;
		if (bytes[*at] == 1)
			continue;
		if (*at + 1 >= size || bytes[*at + 1] < 2 || *at + bytes[*at + 1] > size)
			return 0;
		*o = (struct option){*at, bytes[*at], (uint8_t)(bytes[*at + 1] - 2)};
		*at += bytes[*at + 1];
		return 1;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_copy(data, size);
	struct weir_opt_iter it;
	struct option o;
	size_t at = 0;

	weir_opt_start(&it, bytes, (unsigned int)size);
	while (naive_next(bytes, size, &at, &o)) {
		FUZZ_MUST(weir_opt_next(&it));
		FUZZ_MUST(it.kind == o.kind);
		FUZZ_MUST(it.data_len == o.data_len);
		FUZZ_MUST(it.data == bytes + o.at + 2);
	}
	FUZZ_MUST(!weir_opt_next(&it));
	FUZZ_MUST(!weir_opt_next(&it)); /* the end stays the end */
	free(bytes);
	return 0;
}
