// SPDX-License-Identifier: BSD-3-Clause
#include "wire/l3.h"

#include "wire/cross.h"

uint64_t weir_l3_rewrite_other(struct weir_frame *f, struct weir_seg *seg,
	const struct weir_addr *src, const struct weir_addr *dst)
{
	if (weir_l3_family(src) == seg->family)
		return weir_ipv6_rewrite(f->data, src, dst);
	if (weir_addr_is_v4(src))
		return weir_cross_to_ipv4(f, seg, src, dst);
	return weir_cross_to_ipv6(f, seg, src, dst);
}
