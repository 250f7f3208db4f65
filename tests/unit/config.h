/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the configuration share: texts as files, and a base that every rule bends. */
#ifndef WEIR_TESTS_CONFIG_H
#define WEIR_TESTS_CONFIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "unit.h"

/* libconfig 1.5 loses the text it was reading when it meets an error: 64 bytes, once a refusal. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:strbuf_append";
}

/* A directory of this process, empty at first; its files go when it goes. */
static char config_dir[32] = "/tmp/weir-config-XXXXXX";

static inline const char *config_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", config_dir, name);
	return path;
}

static inline void config_write_bytes(const char *name, const char *text, size_t len)
{
	FILE *f;

	remove(config_path(name)); /* one that may only be read is in the way of all but root */
	f = fopen(config_path(name), "w");
	CU_ASSERT_FATAL(f != NULL && fwrite(text, 1, len, f) == len && fclose(f) == 0);
}

static inline void config_put(const char *name, const char *text)
{
	config_write_bytes(name, text, strlen(text));
}

/* Loads text as weir.conf; the message without the directory. */
static inline int config_load_text(const char *text, struct weir_config **out, char message[1024])
{
	struct weir_config_error err;
	size_t skip = strlen(config_dir) + 1;
	int ret;

	config_put("weir.conf", text);
	ret = weir_config_load(config_path("weir.conf"), out, &err);
	CU_ASSERT((ret == 0) == (*out != NULL));
	CU_ASSERT((ret == 0) == (err.text[0] == '\0'));
	snprintf(message, 1024, "%s", err.text + (strlen(err.text) > skip ? skip : 0));
	return ret;
}

/* Free it. */
static inline struct weir_config *expect_good(const char *text)
{
	struct weir_config *c;
	char message[1024];

	if (config_load_text(text, &c, message) != 0)
		fprintf(stderr, "\nrefused: %s\n", message);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

/* A good file; every rule's case is this with one text replaced by another. */
static const char config_base[] = /* line 1 */
	"eal = [ \"--no-huge\", \"-m\" ];\n"
	"workers = { lcores = [ 2, 3 ]; };\n"
	"ports = (\n"
	"	{ name = \"front\"; device = \"net_tap0,iface=w0\"; mtu = 1400;\n"
	"	  addresses = [ \"192.0.2.1/24\" ]; gateway = \"192.0.2.254\"; },\n"
	"	{ name = \"back\"; device = \"0000:03:00.0\";\n"
	"	  addresses = [ \"10.0.0.1/24\", \"10.0.0.2/24\" ];\n"
	"	  routes = ( { to = \"10.1.0.0/16\"; via = \"10.0.0.254\"; } ); }\n"
	");\n"
	"services = (\n" /* line 10 */
	"	{ name = \"web\"; vip = \"192.0.2.80\"; port = 80;\n"
	"	  timeouts = { established = 1.5; };\n"
	"	  backends = (\n"
	"		{ name = \"w1\"; address = \"10.0.0.11\"; port = 8080; weight = 2; },\n"
	"		{ name = \"w2\"; address = \"10.1.0.12\"; port = 8080; } ); },\n"
	"	{ name = \"mail\"; vip = \"192.0.2.80\"; port = 25; mode = \"nat\";\n"
	"	  scheduler = \"lc\"; profile = { mss = 1200; sack = false; };\n"
	"	  backends = ( { name = \"m1\"; address = \"10.0.0.11\"; port = 25; } ); }\n"
	");\n"
	"limits = { connections = 4096; };\n" /* line 20 */
	"timeouts = { connect = 0.25; drain = 0; };\n"
	"cookie = { };\n";

/* Free it. */
static inline char *config_bend(const char *from, const char *to)
{
	const char *at = strstr(config_base, from);
	char *text;

	CU_ASSERT_FATAL(at != NULL);
	if (asprintf(&text, "%.*s%s%s", (int)(at - config_base), config_base, to,
		    at + strlen(from)) < 0)
		abort();
	return text;
}

/* The whole of a file of the project. */
static inline char *config_slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (f == NULL || getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	if (f != NULL)
		fclose(f);
	return text;
}

/* unit_main() with the directory. */
static inline int config_main(const char *room, const struct unit_test *tests, unsigned int n)
{
	char *remove;
	int ret = 2;

	if (mkdtemp(config_dir) == NULL)
		return ret;
	ret = unit_main(room, tests, n);
	if (asprintf(&remove, "rm -rf %s", config_dir) < 0 || system(remove) != 0)
		ret = 2;
	free(remove);
	return ret;
}

#endif
