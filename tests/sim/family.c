// SPDX-License-Identifier: BSD-3-Clause
#include "family.h"

#include <string.h>

const char *const sim_family_names[SIM_FAMILIES] = {"4", "6", "both"};

enum sim_family sim_family_find(const char *name)
{
	enum sim_family f = 0;

	while (f < SIM_FAMILIES && strcmp(name, sim_family_names[f]) != 0)
		f++;
	return f;
}

enum weir_family sim_family_of(enum sim_family world, unsigned int service)
{
	const bool v6 = world == SIM_IPV6 ||
		(world == SIM_BOTH &&
			(service == 1 || service == 2)); /* policy.c: modes and banners */

	return v6 ? WEIR_FAMILY_IPV6 : WEIR_FAMILY_IPV4;
}
