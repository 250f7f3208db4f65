// SPDX-License-Identifier: BSD-3-Clause
#include "flow/same.h"

static bool same_profile(const struct weir_profile *a, const struct weir_profile *b)
{
	return a->mss == b->mss && a->wscale == b->wscale && a->sack == b->sack &&
		a->timestamps == b->timestamps && a->ecn == b->ecn &&
		a->require_timestamps == b->require_timestamps;
}

static bool same_pphdr(const struct weir_pphdr_form *a, const struct weir_pphdr_form *b)
{
	return a->version == b->version && a->unique_id == b->unique_id &&
		a->service_name == b->service_name && a->crc32c == b->crc32c;
}

bool weir_same_service(const struct weir_service *a, const struct weir_service *b)
{
	return a->life == b->life && strcmp(a->name, b->name) == 0 &&
		a->scheduler == b->scheduler && a->table_size == b->table_size &&
		a->slow_start_ms == b->slow_start_ms && same_profile(&a->profile, &b->profile) &&
		memcmp(&a->timeouts, &b->timeouts, sizeof(a->timeouts)) == 0 &&
		a->syn_cookies == b->syn_cookies && a->no_backend == b->no_backend &&
		same_pphdr(&a->pphdr, &b->pphdr) &&
		memcmp(&a->watermarks, &b->watermarks, sizeof(a->watermarks)) == 0;
}

bool weir_same_member(const struct weir_member *a, const struct weir_member *b)
{
	return a != NULL && weir_member_configured(a) == weir_member_configured(b) &&
		a->backup == b->backup && a->max_conns == b->max_conns;
}
