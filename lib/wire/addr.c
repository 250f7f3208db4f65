// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>
#include <errno.h>

#include "wire/addr.h"

const char *weir_addr_text(const struct weir_addr *a, char *text)
{
	/* neither call can fail: the family is known and WEIR_ADDR_TEXT is enough for both */
	if (weir_addr_is_v4(a))
		return inet_ntop(AF_INET, &a->w[3], text, WEIR_ADDR_TEXT);
	return inet_ntop(AF_INET6, a->b, text, WEIR_ADDR_TEXT);
}

int weir_addr_parse(const char *text, struct weir_addr *a)
{
	struct weir_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		*a = weir_addr_v4(v4.s_addr);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return -EINVAL;
	if (weir_addr_is_v4(&v6))
		return -EAFNOSUPPORT;
	*a = v6;
	return 0;
}
