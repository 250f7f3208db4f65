// SPDX-License-Identifier: BSD-3-Clause
/*
 * The configuration file (config/config.h): any bytes are refused with one line of words, or become a
 * policy that a worker can be set up with. Leaks are LeakSanitizer's to find.
 *
 * Input: the file. It lies in memory (memfd), so that nothing is left on any disk.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "tcp/proxy.h"

#include "fuzz.h"

/*
 * libconfig 1.5 does not free a text that stands where it finds a syntax error: some bytes for a
 * refused file, which nobody but libconfig could give back.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:strbuf_append\nleak:libconfig_yylex";
}

const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

static void check_line(const char *line, size_t room)
{
	size_t len = strnlen(line, room);

	FUZZ_MUST(len > 0 && len < room);
	FUZZ_MUST(memchr(line, '\n', len) == NULL);
}

static void check_policy(const struct weir_policy *p)
{
	FUZZ_MUST(p->n_workers >= 1 && p->n_workers <= WEIR_WORKERS_MAX);
	FUZZ_MUST(p->n_ports >= 1 && p->n_ports <= WEIR_PORTS_MAX);
	FUZZ_MUST(p->n_services >= 1 && p->n_services <= WEIR_SERVICES_MAX);
	FUZZ_MUST(p->n_backends <= WEIR_BACKENDS_MAX &&
		p->n_nexthops <=
			(p->n_backends + 2 * p->n_interfaces) * (WEIR_NEXTHOP_MEMBERS_MAX + 1));
	for (uint32_t i = 0; i < p->n_services; i++) {
		const struct weir_service *s = &p->services[i];

		FUZZ_MUST(s->first_member + s->n_members <= p->n_members);
	}
	FUZZ_MUST(p->n_listeners == p->n_services && p->n_interfaces == p->n_ports);
	for (uint32_t i = 0; i < p->n_interfaces; i++)
		FUZZ_MUST(p->interfaces[i].port == i);
	for (uint32_t i = 0; i < p->n_listeners; i++) {
		const struct weir_listener *l = &p->listeners[i];
		const struct weir_endpoint *e =
			weir_endpoint_find(&p->endpoints, &l->vip, l->port_be);

		FUZZ_MUST(l->service < p->n_services);
		FUZZ_MUST(e->kind == WEIR_ENDPOINT_LISTENER && e->index == i);
	}
	for (uint32_t i = 0; i < p->n_backends; i++) {
		const struct weir_backend *b = &p->backends[i];

		FUZZ_MUST(b->nexthop < p->n_nexthops && b->egress < p->n_interfaces);
		FUZZ_MUST(b->service < p->n_services && b->key_id <= i);
		if (p->services[b->service].mode == WEIR_MODE_FULLNAT)
			FUZZ_MUST(b->locals != 0);
	}
}

/* A worker's memory is measured: every number of the policy goes into it, none is touched. */
static void measure_worker(const struct weir_policy *p)
{
	static struct weir_proxy px;
	struct weir_arena arena = {.base = NULL};
	struct weir_proxy_ops ops = {.shell = NULL};
	static const uint8_t secret[16];
	static struct weir_keyring keyring;
	uint8_t seed[32] = {0};

	weir_keyring_fill(&keyring, secret, 1);
	weir_proxy_init(&px, &arena, p, p->n_workers - 1, seed, &ops, 1000000000, 0, &keyring);
	FUZZ_MUST(arena.used > 0);
}

static void load(const char *path)
{
	struct weir_config_error err;
	struct weir_config *c;
	int ret;

	memset(&err, 0xa5, sizeof(err));
	ret = weir_config_load(path, &c, &err);
	if (ret < 0) {
		FUZZ_MUST(c == NULL);
		check_line(err.text, sizeof(err.text));
		return;
	}
	FUZZ_MUST(ret == 0 && c != NULL && c->policy != NULL);
	FUZZ_MUST(c->n_lcores == 0 || c->n_lcores == c->policy->n_workers);
	for (uint32_t i = 0; i < c->n_warnings; i++)
		check_line(c->warnings[i], 4096);
	check_policy(c->policy);
	measure_worker(c->policy);
	weir_config_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("fuzz.conf", MFD_CLOEXEC);

	FUZZ_MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	load(path);
	close(fd);
	return 0;
}
