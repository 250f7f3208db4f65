// SPDX-License-Identifier: BSD-3-Clause
#include "health/check.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

void weir_check_plan_free(struct weir_check_plan *plan)
{
	if (plan == NULL)
		return;
	free(plan->checks);
	free(plan->targets);
	free(plan);
}

const char *weir_check_type_name(enum weir_check_type type)
{
	switch (type) {
	case WEIR_CHECK_TCP:
		return "tcp";
	case WEIR_CHECK_HTTP:
		return "http";
	case WEIR_CHECK_HTTPS:
		return "https";
	case WEIR_CHECK_EXEC:
		return "exec";
	}
	return "?";
}

/* A status of three digits; NULL: it is none. */
static const char *parse_one(const char *text, uint16_t *status)
{
	for (int i = 0; i < 3; i++)
		if (!isdigit((unsigned char)text[i]))
			return NULL;
	*status = (uint16_t)((text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0');
	return *status >= 100 && *status <= 599 ? text + 3 : NULL;
}

int weir_check_parse_status(struct weir_check *c, const char *text)
{
	c->n_status = 0;
	for (;;) {
		struct weir_status_range r;

		text = parse_one(text, &r.first);
		if (text == NULL)
			return -EINVAL;
		r.last = r.first;
		if (*text == '-')
			text = parse_one(text + 1, &r.last);
		if (text == NULL || r.last < r.first || c->n_status == WEIR_CHECK_STATUS)
			return -EINVAL;
		c->status[c->n_status++] = r;
		if (*text == '\0')
			return 0;
		if (*text++ != ',')
			return -EINVAL;
	}
}

bool weir_check_takes_status(const struct weir_check *c, unsigned int status)
{
	for (uint32_t i = 0; i < c->n_status; i++)
		if (status >= c->status[i].first && status <= c->status[i].last)
			return true;
	return false;
}
