// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/names.h"

const char *weir_mode_name(enum weir_mode mode)
{
	switch (mode) {
	case WEIR_MODE_NAT:
		return "nat";
	case WEIR_MODE_FULLNAT:
		return "fullnat";
	}
	return "?";
}

const char *weir_scheduler_name(enum weir_scheduler scheduler)
{
	switch (scheduler) {
	case WEIR_SCHED_RR:
		return "rr";
	case WEIR_SCHED_WRR:
		return "wrr";
	case WEIR_SCHED_LC:
		return "lc";
	case WEIR_SCHED_WLC:
		return "wlc";
	case WEIR_SCHED_SH:
		return "sh";
	case WEIR_SCHED_MAGLEV:
		return "maglev";
	case WEIR_SCHED_RANDOM:
		return "random";
	}
	return "?";
}

const char *weir_syn_cookies_name(enum weir_syn_cookies how)
{
	switch (how) {
	case WEIR_SYN_COOKIES_ALWAYS:
		return "always";
	case WEIR_SYN_COOKIES_ADAPTIVE:
		return "adaptive";
	case WEIR_SYN_COOKIES_NEVER:
		return "never";
	}
	return "?";
}

const char *weir_pphdr_version_name(enum weir_pphdr_version version)
{
	switch (version) {
	case WEIR_PPHDR_NONE:
		break;
	case WEIR_PPHDR_V1:
		return "v1";
	case WEIR_PPHDR_V2:
		return "v2";
	}
	return "none";
}
