// SPDX-License-Identifier: BSD-3-Clause
/* weirgen: load for a SYN proxy, and a meter for what comes back. */
#include "options.h"
#include "run.h"

int main(int argc, char **argv)
{
	static struct options o;
	int status = options_parse(&o, argc, argv);

	return status >= 0 ? status : run(&o);
}
