/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What differs between the versions of DPDK that synweir is built with (22.11 and later): the code is
 * written in the newest names, and this is the only place that asks for a version or names a call that a
 * later version removed (scripts/check_dpdk_calls.sh). One check for each difference.
 *
 * INVARIANT: macros only, and no code of its own: dp/ and ctl/ may include it, the rooms below have no DPDK.
 */
#ifndef WEIR_COMPAT_DPDK_H
#define WEIR_COMPAT_DPDK_H

#include <rte_version.h>

/* 23.03 renamed telemetry's unsigned numbers, 25.11 removed the old names. Signed ones have 64 bits since 23.03. */
#if RTE_VERSION < RTE_VERSION_NUM(23, 3, 0, 0)
#define WEIR_TEL_INT                int
#define rte_tel_data_add_array_uint rte_tel_data_add_array_u64
#define rte_tel_data_add_dict_uint  rte_tel_data_add_dict_u64
#define RTE_TEL_UINT_VAL            RTE_TEL_U64_VAL
#else
#define WEIR_TEL_INT int64_t
#endif

/*
 * Objects to ask for so that a mempool's cache holds up to n * 3 / 2 of them: before 26.07 it grew to
 * half as many again as it was made for.
 */
#if RTE_VERSION < RTE_VERSION_NUM(26, 7, 0, 0)
#define WEIR_MEMPOOL_CACHE(n) (n)
#else
#define WEIR_MEMPOOL_CACHE(n) ((n) + (n) / 2)
#endif

#endif
