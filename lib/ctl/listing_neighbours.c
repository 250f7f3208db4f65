// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/listing_neighbours.h"

#include <stdio.h>

/* Zeroed when there are not so many any more. */
static uint32_t look(const struct weir_view *v, uint32_t i, struct weir_nexthop_record *r)
{
	*r = (struct weir_nexthop_record){.is_group = true};
	return v->look_at_nexthop != NULL ? v->look_at_nexthop(v->data_plane, i, r) : 0;
}

uint32_t weir_neighbours_count(const struct weir_view *v)
{
	struct weir_nexthop_record r;

	return look(v, UINT32_MAX, &r);
}

bool weir_neighbours_is_vacant(const struct weir_view *v, uint32_t i)
{
	struct weir_nexthop_record r;

	look(v, i, &r);
	return r.is_group;
}

static const char *role_of(const struct weir_nexthop_record *r)
{
	if (!r->is_router)
		return "backend";
	return r->is_member ? "one of several routers" : "router";
}

static void add_mac(struct weir_row *row, const uint8_t m[6])
{
	static const uint8_t unknown[6];
	char text[18] = "";

	if (memcmp(m, unknown, sizeof(unknown)) != 0)
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
			m[3], m[4], m[5]);
	weir_row_text(row, "mac", text);
}

void weir_neighbours_row(const struct weir_view *v, uint32_t i, struct weir_row *row)
{
	struct weir_nexthop_record r;
	char addr[WEIR_ADDR_TEXT];

	look(v, i, &r);
	weir_row_text(row, "address", weir_addr_text(&r.addr, addr));
	weir_row_text(row, "interface", v->policy->interfaces[r.interface].name);
	add_mac(row, r.mac);
	weir_row_text(row, "state", weir_nexthop_state_name(r.state));
	weir_row_number(row, "age_s", r.age_ms / 1000);
	weir_row_text(row, "role", role_of(&r));
}
