// SPDX-License-Identifier: BSD-3-Clause
#include "dp/privileges.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Both words of a set. */
struct sets {
	struct __user_cap_data_struct word[_LINUX_CAPABILITY_U32S_3];
};

static bool get(struct sets *s)
{
	struct __user_cap_header_struct of = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &of, s->word) == 0;
}

bool weir_privileges_has(int capability)
{
	struct sets s = {0};

	return get(&s) && (s.word[capability / 32].effective >> capability % 32 & 1);
}
