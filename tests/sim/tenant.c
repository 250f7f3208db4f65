// SPDX-License-Identifier: BSD-3-Clause
#include "tenant.h"

#include <stdlib.h>

#include "check.h"
#include "world.h"

static int by_size(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

struct sim_fare sim_tenant_fare(const struct sim_world *w)
{
	struct sim_fare fare = {.conns = w->n_conns};
	uint64_t *waited = calloc(w->n_conns + 1u, sizeof(*waited));
	uint32_t n = 0;

	if (waited == NULL)
		abort();
	for (uint32_t i = 0; i < w->n_conns; i++) {
		const struct sim_app *a = &w->conns[i]->client;

		if (a->heard_ns != 0)
			waited[n++] = a->heard_ns - a->began_ns;
		fare.failed += !sim_app_done(a);
	}
	qsort(waited, n, sizeof(*waited), by_size);
	if (n > 0) {
		fare.p50_ns = waited[n / 2];
		fare.p99_ns = waited[n * 99 / 100];
	}
	free(waited);
	return fare;
}

/* Queues are looked at every few hundred microseconds. */
static bool is_longer(uint64_t beside_ns, uint64_t alone_ns)
{
	return beside_ns > alone_ns + alone_ns / 20 + SIM_MS;
}

void sim_tenant_compare(const struct sim_fare *alone, const struct sim_fare *beside)
{
	const struct sim_tuple nobody = {0, 0};

	if (beside->failed > alone->failed + beside->conns / 20)
		sim_fail(nobody, "beside a hostile tenant %u of %u connections fail, without it %u",
			beside->failed, beside->conns, alone->failed);
	if (is_longer(beside->p50_ns, alone->p50_ns) || is_longer(beside->p99_ns, alone->p99_ns))
		sim_fail(nobody,
			"beside a hostile tenant half of the clients wait %.3f ms, 1 %% %.3f ms;"
			" without it %.3f and %.3f",
			(double)beside->p50_ns / 1e6, (double)beside->p99_ns / 1e6,
			(double)alone->p50_ns / 1e6, (double)alone->p99_ns / 1e6);
}
