// SPDX-License-Identifier: BSD-3-Clause
#include "config/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

struct weir_secret *weir_secret_new(void)
{
	void *p = mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	(void)mlock(p, page());
	(void)madvise(p, page(), MADV_DONTDUMP);
	(void)madvise(p, page(), MADV_WIPEONFORK);
	return p;
}

void weir_secret_free(struct weir_secret *s)
{
	if (s == NULL)
		return;
	explicit_bzero(s, sizeof(*s));
	munmap(s, page());
}
