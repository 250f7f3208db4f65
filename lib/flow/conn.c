// SPDX-License-Identifier: BSD-3-Clause
#include "flow/conn.h"

const char *weir_state_name(enum weir_state s)
{
	static const char *const names[WEIR_STATES] = {
		[WEIR_CLOSED] = "CLOSED",
		[WEIR_SYN_SENT] = "SYN_SENT",
		[WEIR_SYN_RCVD] = "SYN_RCVD",
		[WEIR_HEADER_SENT] = "HEADER_SENT",
		[WEIR_ESTABLISHED] = "ESTABLISHED",
		[WEIR_FIN_WAIT_1] = "FIN_WAIT_1",
		[WEIR_FIN_WAIT_2] = "FIN_WAIT_2",
		[WEIR_CLOSING] = "CLOSING",
		[WEIR_LAST_ACK] = "LAST_ACK",
		[WEIR_TIME_WAIT] = "TIME_WAIT",
	};

	return names[s];
}
