// SPDX-License-Identifier: BSD-3-Clause
/* docs/configuration.md says of every key what the table of keys says, and its examples work. */
#include <glob.h>

#include "config.h"
#include "config/keys.h"

static const char *const types[] = {
	[WEIR_CONF_INT] = "whole number",
	[WEIR_CONF_TIME] = "seconds",
	[WEIR_CONF_BOOL] = "boolean",
	[WEIR_CONF_WORD] = "word",
	[WEIR_CONF_NAME] = "name",
	[WEIR_CONF_TEXT] = "text",
	[WEIR_CONF_STRING] = "text",
	[WEIR_CONF_TCP_PORT] = "whole number",
	[WEIR_CONF_TCP_PORTS] = "port or range",
	[WEIR_CONF_ADDR] = "address",
	[WEIR_CONF_ROUTER] = "address or `\"auto\"`",
	[WEIR_CONF_MAC] = "MAC address",
	[WEIR_CONF_SUBNET] = "address/bits",
	[WEIR_CONF_PREFIX] = "address or address/bits",
	[WEIR_CONF_GROUP] = "group",
};

static void say_range(const struct weir_conf_key *k, char out[256])
{
	char one[128] = "";

	switch (k->type) {
	case WEIR_CONF_INT:
	case WEIR_CONF_TCP_PORT:
	case WEIR_CONF_TCP_PORTS:
		snprintf(one, sizeof(one), "%lld..%lld", (long long)k->min, (long long)k->max);
		break;
	case WEIR_CONF_TIME:
		snprintf(one, sizeof(one), "%.10g..%.10g", (double)k->min / 1000,
			(double)k->max / 1000);
		break;
	case WEIR_CONF_WORD:
		for (int i = 0; k->words[i] != NULL; i++)
			sprintf(one + strlen(one), "%s`\"%s\"`", i > 0 ? ", " : "", k->words[i]);
		break;
	case WEIR_CONF_NAME:
	case WEIR_CONF_TEXT:
		snprintf(one, sizeof(one), "1..%zu characters", k->size - 1);
		break;
	case WEIR_CONF_BOOL:
	case WEIR_CONF_STRING:
	case WEIR_CONF_ADDR:
	case WEIR_CONF_ROUTER:
	case WEIR_CONF_MAC:
	case WEIR_CONF_SUBNET:
	case WEIR_CONF_PREFIX:
	case WEIR_CONF_GROUP:
		break;
	}
	if (k->max_items != 0)
		snprintf(out, 256, "%d..%u entries%s%s", k->required, k->max_items,
			one[0] != '\0' ? " of " : "", one);
	else
		snprintf(out, 256, "%s", one);
}

/* "": the table has none of its own, the document says which in words. */
static void say_default(const struct weir_conf_key *k, char out[64])
{
	out[0] = '\0';
	if (k->required)
		strcpy(out, "required");
	else if (k->max_items != 0)
		strcpy(out, "none");
	else if (k->type == WEIR_CONF_INT && k->def >= k->min)
		sprintf(out, "`%lld`", (long long)k->def);
	else if (k->type == WEIR_CONF_TIME && k->def >= k->min)
		sprintf(out, "`%g`", (double)k->def / 1000);
	else if (k->type == WEIR_CONF_BOOL)
		sprintf(out, "`%s`", k->def ? "true" : "false");
	else if (k->type == WEIR_CONF_WORD)
		sprintf(out, "`\"%s\"`", k->words[k->def]);
}

/* Two lists of the same groups are described once. */
static bool is_described(const struct weir_conf_group *g)
{
	static const struct weir_conf_group *seen[32];
	static unsigned int n;

	for (unsigned int i = 0; i < n; i++)
		if (seen[i] == g)
			return true;
	CU_ASSERT_FATAL(n < sizeof(seen) / sizeof(seen[0]));
	seen[n++] = g;
	return false;
}

/* The rows of the table under the group's heading are its keys, in their order, and no others. */
static void check_group(const char *doc, const char *path, const struct weir_conf_group *g)
{
	char heading[128], row[512], range[256], fallback[64], below[96];
	const char *at, *end;

	snprintf(heading, sizeof(heading), "\n## `%s`\n", path);
	at = strstr(doc, path[0] != '\0' ? heading : "\n## The whole file\n");
	if (at == NULL)
		fprintf(stderr, "\nno heading: %s\n", heading + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	end = at != NULL ? strstr(at + 4, "\n## ") : NULL;
	for (unsigned int i = 0; i < g->n_keys; i++) {
		const struct weir_conf_key *k = &g->keys[i];

		say_range(k, range);
		say_default(k, fallback);
		snprintf(row, sizeof(row), "\n| `%s` | %s%s%s |%s%s | %s", k->name,
			k->max_items != 0 && !k->or_one ? "list of " : "", types[k->type],
			k->or_one ? ", or a list" : "", range[0] != '\0' ? " " : "", range,
			fallback);
		at = strstr(at, "\n| `");
		if (at == NULL || strncmp(at, row, strlen(row)) != 0)
			fprintf(stderr, "\n%s lacks, or has not here: %s\n", path, row + 1);
		CU_ASSERT_FATAL(at != NULL && strncmp(at, row, strlen(row)) == 0);
		at++;
		snprintf(below, sizeof(below), "%s%s%s%s", path, path[0] != '\0' ? "." : "",
			k->name, k->max_items != 0 ? "[]" : "");
		if (k->type == WEIR_CONF_GROUP && !is_described(k->group))
			check_group(doc, below, k->group);
	}
	at = strstr(at, "\n| `");
	CU_ASSERT(at == NULL || (end != NULL && at > end));
}

static void test_keys(void)
{
	char *doc = config_slurp(WEIR_ROOT "/docs/configuration.md");

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	check_group(doc, "", &weir_conf_root);
	free(doc);
}

/* Loads every block of ```libconfig in the document; how many there are. */
static unsigned int check_blocks(const char *path)
{
	static const char fence[] = "```libconfig\n";
	char message[1024], *doc = config_slurp(path);
	const char *at = doc;
	unsigned int n = 0;

	while (at != NULL && (at = strstr(at, fence)) != NULL) {
		const char *end = strstr(at, "\n```\n");
		struct weir_config *c = NULL;
		char *text;

		CU_ASSERT_PTR_NOT_NULL_FATAL(end);
		text = strndup(at + strlen(fence), (size_t)(end - at) - strlen(fence) + 1);
		if (text == NULL || config_load_text(text, &c, message) != 0)
			fprintf(stderr, "\n%s, block %u: %s\n", path, n + 1, message);
		CU_ASSERT_PTR_NOT_NULL_FATAL(c);
		CU_ASSERT_EQUAL(c->n_warnings, 0);
		weir_config_free(c);
		free(text);
		at = end;
		n++;
	}
	free(doc);
	return n;
}

static void check_files(const char *pattern)
{
	struct weir_config_error err;
	struct weir_config *c;
	glob_t files;

	CU_ASSERT_EQUAL_FATAL(glob(pattern, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		if (weir_config_load(files.gl_pathv[i], &c, &err) != 0)
			fprintf(stderr, "\n%s\n", err.text);
		CU_ASSERT_PTR_NOT_NULL_FATAL(c);
		CU_ASSERT_EQUAL(c->n_warnings, 0);
		weir_config_free(c);
	}
	globfree(&files);
}

static void test_examples(void)
{
	CU_ASSERT(check_blocks(WEIR_ROOT "/docs/configuration.md") > 0);
	check_blocks(WEIR_ROOT "/README.md");
	check_files(WEIR_ROOT "/conf/*.conf");
	check_files(WEIR_ROOT "/conf/examples/*.conf");
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-53 docs/configuration.md has every key as it is", test_keys},
		{"HC-53 every example passes", test_examples},
	};

	return config_main("config-docs", tests, sizeof(tests) / sizeof(tests[0]));
}
