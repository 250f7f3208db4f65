/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of packets' fates and of events, generated from fate.def and event.def. */
#ifndef WEIR_BASE_FATE_H
#define WEIR_BASE_FATE_H

#include <stdint.h>

enum weir_fate {
#define FATE(name, class, text) WEIR_FATE_##name,
#include "base/fate.def"
#undef FATE
	WEIR_FATES
};

enum weir_event {
#define EVENT(name, text) WEIR_EVENT_##name,
#include "base/event.def"
#undef EVENT
	WEIR_EVENTS
};

enum weir_fate_class {
	WEIR_CLASS_PASS,
	WEIR_CLASS_DROP,
	WEIR_CLASS_CONSUME,
};

struct weir_fate_info {
	const char *name;
	enum weir_fate_class class;
	const char *text;
};

struct weir_event_info {
	const char *name;
	const char *text;
};

extern const struct weir_fate_info weir_fates[WEIR_FATES];
extern const struct weir_event_info weir_events[WEIR_EVENTS];

/* "passed"/"dropped"/"consumed": the class in words, for tables and JSON. */
const char *weir_fate_class_name(enum weir_fate_class class);

#endif
