// SPDX-License-Identifier: BSD-3-Clause
#include "base/fate.h"

const struct weir_fate_info weir_fates[WEIR_FATES] = {
#define FATE(name, class, text) {#name, WEIR_CLASS_##class, text},
#include "base/fate.def"
#undef FATE
};

const struct weir_event_info weir_events[WEIR_EVENTS] = {
#define EVENT(name, text) {#name, text},
#include "base/event.def"
#undef EVENT
};

const char *weir_fate_class_name(enum weir_fate_class class)
{
	switch (class) {
	case WEIR_CLASS_PASS:
		return "passed";
	case WEIR_CLASS_DROP:
		return "dropped";
	case WEIR_CLASS_CONSUME:
		return "consumed";
	}
	return "?";
}
