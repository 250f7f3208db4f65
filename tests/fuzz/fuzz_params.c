// SPDX-License-Identifier: BSD-3-Clause
/*
 * Parameters of telemetry commands (ctl/params.h): anybody who may open the socket says what he
 * likes. What is accepted must be what a naive reading finds, and what is refused is refused in
 * words that can be shown.
 *
 * Input: the text, up to its end or the first byte 0.
 */
#include <errno.h>

#include "ctl/params.h"

#include "fuzz.h"

static const char allowed[] = "service, backend, state, client, cursor, limit";

static void check_words(const struct weir_params_error *err)
{
	size_t len = strnlen(err->text, sizeof(err->text));

	FUZZ_MUST(len > 0 && len < sizeof(err->text));
	for (size_t i = 0; i < len; i++)
		FUZZ_MUST(err->text[i] >= ' ' && err->text[i] <= '~');
}

static int is_allowed(const char *key)
{
	static const char *const keys[] = {
		"service", "backend", "state", "client", "cursor", "limit"};
	int found = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		found += strcmp(key, keys[i]) == 0;
	return found;
}

/* "key=value" of text is what the parameters say; returns where the next one begins, or NULL. */
static const char *check_pair(const struct weir_params *p, const char *pair)
{
	size_t len = strcspn(pair, ","), key_len = strcspn(pair, "=");
	char *key, *value;

	if (len == 0)
		return pair[0] == ',' ? pair + 1 : NULL;
	FUZZ_MUST(key_len < len - 1);
	key = strndup(pair, key_len);
	value = strndup(pair + key_len + 1, len - key_len - 1);
	FUZZ_MUST(is_allowed(key));
	FUZZ_MUST(weir_params_get(p, key) != NULL);
	FUZZ_MUST(strcmp(weir_params_get(p, key), value) == 0);
	free(key);
	free(value);
	return pair[len] == ',' ? pair + len + 1 : NULL;
}

/* A number is one when it is digits only, and in range. */
static void check_number(const struct weir_params *p, const char *key)
{
	const uint64_t untouched = 0x5555555555555555;
	const char *text = weir_params_get(p, key);
	struct weir_params_error err;
	uint64_t value = untouched;
	int ret = weir_params_number(p, key, 1, 1000, &value, &err);

	if (text == NULL) {
		FUZZ_MUST(ret == 0 && value == untouched);
	} else if (ret == 0) {
		FUZZ_MUST(text[strspn(text, "0123456789")] == '\0');
		FUZZ_MUST(value >= 1 && value <= 1000 && value == strtoull(text, NULL, 10));
	} else {
		FUZZ_MUST(ret == -EINVAL && value == untouched);
		check_words(&err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char *exact = (char *)fuzz_copy(text, strlen(text) + 1);
	struct weir_params_error err;
	struct weir_params p;
	int ret;

	memset(&p, 0xa5, sizeof(p));
	ret = weir_params_parse(&p, exact, allowed, &err);
	FUZZ_MUST(strcmp(exact, text) == 0);
	if (ret == 0) {
		FUZZ_MUST(p.n <= WEIR_PARAMS_MAX);
		for (const char *pair = text; pair != NULL;)
			pair = check_pair(&p, pair);
		check_number(&p, "limit");
		check_number(&p, "service");
	} else {
		FUZZ_MUST(ret == -EINVAL);
		check_words(&err);
	}
	free(exact);
	free(text);
	return 0;
}
