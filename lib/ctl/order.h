/* SPDX-License-Identifier: BSD-3-Clause */
/* What the operator orders by telemetry: parameters into flow/orders.h. */
#ifndef WEIR_CTL_ORDER_H
#define WEIR_CTL_ORDER_H

#include "ctl/params.h"
#include "ctl/view.h"

/* An order that was given. */
struct weir_order {
	uint16_t service; /* number */
	bool backend; /* it is about a backend: in force when the control thread has obeyed it */
};

/*
 * Reads "service=NAME,syn_cookies=WORD", "service=NAME,backend=NAME,state=WORD" or
 * "service=NAME,backend=NAME,weight=NUMBER" and orders it. The caller keeps the view's policy where it is. 0 and
 * *given, or -EINVAL and err: nothing is ordered.
 */
int weir_order_give(const struct weir_view *v, const char *text, struct weir_order *given,
	struct weir_params_error *err);

/* The service has a backend that takes new connections, healthy or not. */
bool weir_order_leaves_one(const struct weir_policy *p, uint16_t service);

#endif
