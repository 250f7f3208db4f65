#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Fails on a name of DPDK that a version after 22.11 removed, deprecated or gave other parameters, anywhere
# but in lib/compat/dpdk.h, which is the one place that knows versions. From the release notes, 23.03 to 26.07.
#	scripts/check_dpdk_calls.sh [DIR]
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

shim=lib/compat/dpdk.h
# names as extended regular expressions | version | what to do
breaks='rte_tel_(data|json)_add_[a-z]+_u64|RTE_TEL_U64_VAL | 23.03, 25.11 | write _uint
rte_eth_bond_[a-z0-9_]*slaves?[a-z_]*|RTE_ETH_DEV_BONDED_SLAVE | 23.11 | write member for slave
rte_thread_[sg]etname|rte_ctrl_thread_create | 23.11 | write rte_thread_set_name, rte_thread_create_control
RTE_FUNC_PTR_OR_(ERR_)?RET|RTE_CPUFLAG_NUMFLAGS | 23.11 | do without
rte_kni_[a-z_]+|rte_flow_classify[a-z_]* | 23.11 | do without: the library is gone
rte_pcapng_(copy|write_stats|add_interface) | 23.03, 23.11, 25.11 | its parameters differ
rte_flow_action_modify_data | 24.03 | write rte_flow_field_data
rte_ipv6_(hdr|tuple|routing_ext|fragment_ext)|rte_(lpm|fib|rib)6_[a-z_]+ | 24.11 | addresses are struct rte_ipv6_addr
RTE_IP_ICMP_ECHO_(REPLY|REQUEST) | 24.11 | write RTE_ICMP_TYPE_ECHO_
RTE_(LPM|FIB|RIB)6?_(IPV6_ADDR_SIZE|MAXDEPTH|MAX_DEPTH) | 24.11 | write RTE_IPV6_
__rte_packed|__rte_weak|RTE_STD_C11|RTE_CC_ICC | 25.03 | use the attribute of the compiler
rte_net_crc_[a-z_]+ | 25.03 | its parameters differ
q_(ipackets|opackets|ibytes|obytes|errors)|RTE_ETHDEV_QUEUE_STAT_CNTRS | 25.11 | use the extended statistics
RTE_VERSION(_NUM)? | - | ask for a version in the shim only'

bad=0
while IFS= read -r row; do
	names=${row%% | *}
	rest=${row#* | }
	while IFS= read -r hit; do
		echo "check_dpdk_calls: $hit: differs between versions (${rest%% | *}): ${rest#* | }, or put it into $shim" >&2
		bad=1
	done < <(grep -rnwE "$names" --include='*.[ch]' lib app tests | grep -v "^$shim:" || true)
done <<<"$breaks"

# A pattern that finds nothing any more would look the same as code that is right.
grep -qwE "${breaks%% | *}" "$shim" || { echo "check_dpdk_calls: $shim has no old name: is the check right?" >&2 && exit 1; }
[ $bad = 0 ] || { echo "check_dpdk_calls: use the other name, or put the difference into $shim" && exit 1; }
echo "check_dpdk_calls: no call differs between versions outside $shim"
