// SPDX-License-Identifier: BSD-3-Clause
#include "flow/index.h"

#include <errno.h>
#include <stdlib.h>

int weir_index_init(struct weir_index *x, uint32_t most, const struct weir_sipkey *secret)
{
	x->size = weir_endpoints_size(most);
	x->slots = calloc(x->size, sizeof(*x->slots));
	if (x->slots == NULL)
		return -ENOMEM;
	weir_index_clear(x, secret);
	return 0;
}

void weir_index_clear(struct weir_index *x, const struct weir_sipkey *secret)
{
	weir_endpoints_begin(&x->table, x->slots, x->size, secret, 0);
}

void weir_index_put(struct weir_index *x, const struct weir_addr *addr, uint16_t port_be,
	uint16_t number)
{
	weir_endpoints_put(&x->table, addr, port_be, WEIR_ENDPOINT_NONE, number);
}

uint16_t weir_index_find(const struct weir_index *x, const struct weir_addr *addr, uint16_t port_be)
{
	const struct weir_endpoint *e = weir_endpoint_find(&x->table, addr, port_be);

	return e != NULL ? e->index : WEIR_INDEX_NONE;
}

void weir_index_free(struct weir_index *x)
{
	free(x->slots);
	*x = (struct weir_index){0};
}
