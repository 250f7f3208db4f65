// SPDX-License-Identifier: BSD-3-Clause
#include "dp/kernel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* A frame for the kernel waits so long at most while nothing else happens; less just after another one. */
#define NAP_MIN_NS 20000L
#define NAP_MAX_NS 500000L

/*
 * Opening
 */

/*
 * Those of frames without a tag; VLANs on the host interface are the administrator's. Addresses that are VIPs, too,
 * stay synweir's: the kernel would answer for them.
 */
static int add_addresses(const struct weir_policy *p, unsigned int port, const struct weir_tap *tap,
	struct weir_dp_error *err)
{
	const uint8_t untagged = p->interface_of[port][0];
	const struct weir_interface *i = untagged != WEIR_NONE8 ? &p->interfaces[untagged] : NULL;

	for (unsigned int a = 0; i != NULL && a < i->n_addrs; a++) {
		const struct weir_addr *addr = &i->addrs[a].addr;
		char text[WEIR_ADDR_TEXT];
		int rc = 0;

		if (weir_endpoint_find(&p->endpoints, addr, 0)->kind == WEIR_ENDPOINT_LOCAL)
			rc = weir_tap_add_address(tap, &i->addrs[a]);
		if (rc != 0)
			return weir_dp_fail(err, rc,
				"host interface %s: cannot give it the address %s: %s; with "
				"\"addresses = "
				"false\" in host the administrator gives it",
				tap->name, weir_addr_text(addr, text), strerror(-rc));
	}
	return 0;
}

static int open_one(struct weir_kernel *k, const struct weir_policy *policy, unsigned int port,
	const struct weir_nic *nic, struct weir_dp_error *err)
{
	const struct weir_port *p = &policy->ports[port];
	struct weir_tap *tap = &k->taps[port];
	int rc = weir_tap_open(tap, p->host.interface, nic->mac, p->mtu, err);

	if (rc != 0 || !p->host.addresses)
		return rc;
	rc = weir_tap_up(tap);
	if (rc != 0)
		return weir_dp_fail(err, rc, "host interface %s: cannot bring it up: %s", tap->name,
			strerror(-rc));
	return add_addresses(policy, port, tap, err);
}

int weir_kernel_open(struct weir_kernel *k, const struct weir_policy *policy,
	const struct weir_nic *nics, struct weir_dp_error *err)
{
	int rc = 0;

	memset(k, 0, sizeof(*k));
	k->n_ports = policy->n_ports;
	k->n_workers = policy->n_workers;
	for (unsigned int i = 0; i < policy->n_ports && rc == 0; i++) {
		k->carrier[i] = true;
		if (weir_port_has_host(&policy->ports[i]))
			rc = open_one(k, policy, i, &nics[i], err);
	}
	return rc;
}

void weir_kernel_close(struct weir_kernel *k)
{
	for (unsigned int i = 0; i < WEIR_PORTS_MAX; i++)
		weir_tap_close(&k->taps[i]);
}

void weir_kernel_watch(struct weir_kernel *k, const struct weir_nic *nics)
{
	for (unsigned int i = 0; i < k->n_ports; i++) {
		bool up = __atomic_load_n(&nics[i].link_up, __ATOMIC_RELAXED);

		if (k->taps[i].open && up != k->carrier[i])
			weir_tap_set_carrier(&k->taps[i], up);
		k->carrier[i] = up;
	}
}

/*
 * The thread
 */

static unsigned int write_some(struct weir_kernel *k, struct weir_frames *from)
{
	const struct weir_slot *slot;
	unsigned int n = 0;

	for (; n < WEIR_FRAMES && (slot = weir_frames_next(from)) != NULL; n++) {
		if (!weir_tap_write(&k->taps[slot->port], slot->data, slot->len))
			weir_count(&k->refused[slot->port][slot->class], 1);
		weir_frames_take(from);
	}
	return n;
}

/* While there is room: what is left waits in the kernel's queue. */
static unsigned int read_some(struct weir_kernel *k, unsigned int port)
{
	struct weir_frames *to = &k->ends[0]->from;
	struct weir_slot *slot;
	unsigned int n = 0;

	for (; n < WEIR_HOST_BURST && (slot = weir_frames_free(to)) != NULL; n++) {
		slot->len = (uint16_t)weir_tap_read(&k->taps[port], slot->data, to->room);
		if (slot->len == 0)
			break;
		slot->port = (uint8_t)port;
		weir_frames_put(to);
	}
	return n;
}

/* A deleted device is in error for ever: it would wake us all the time. */
static bool is_there(const struct weir_kernel *k, unsigned int port)
{
	return k->taps[port].open && (weir_kernel_gone(k) >> port & 1) == 0;
}

/* Those that are in that state, a bit each. */
static uint32_t ports_in(const struct pollfd polled[WEIR_PORTS_MAX], short state)
{
	uint32_t ports = 0;

	for (unsigned int i = 0; i < WEIR_PORTS_MAX; i++)
		ports |= (uint32_t)((polled[i].revents & state) != 0) << i;
	return ports;
}

/* The TAPs that have a frame, a bit each. */
static uint32_t wait_for_kernel(struct weir_kernel *k, long wait_ns)
{
	const struct timespec wait = {0, wait_ns};
	struct pollfd polled[WEIR_PORTS_MAX];

	for (unsigned int i = 0; i < WEIR_PORTS_MAX; i++)
		polled[i] = (struct pollfd){is_there(k, i) ? k->taps[i].fd : -1, POLLIN, 0};
	/* no room: the kernel's frames would wake us for nothing */
	if (weir_frames_free(&k->ends[0]->from) == NULL) {
		ppoll(NULL, 0, &wait, NULL);
		return 0;
	}
	if (ppoll(polled, WEIR_PORTS_MAX, &wait, NULL) <= 0)
		return 0;
	__atomic_fetch_or(&k->gone, ports_in(polled, POLLERR), __ATOMIC_RELAXED);
	return ports_in(polled, POLLIN);
}

bool weir_kernel_turn(struct weir_kernel *k, long wait_ns)
{
	unsigned int n = 0;
	uint32_t ready;

	for (unsigned int w = 0; w < k->n_workers; w++)
		n += write_some(k, &k->ends[w]->to);
	ready = wait_for_kernel(k, n > 0 ? 0 : wait_ns);
	for (unsigned int i = 0; i < WEIR_PORTS_MAX; i++)
		if (ready >> i & 1)
			n += read_some(k, i);
	return n > 0;
}

static void *run(void *arg)
{
	struct weir_kernel *k = arg;
	long nap_ns = NAP_MIN_NS;

	while (!__atomic_load_n(&k->stop, __ATOMIC_ACQUIRE)) {
		if (weir_kernel_turn(k, nap_ns))
			nap_ns = NAP_MIN_NS;
		else
			nap_ns = RTE_MIN(2 * nap_ns, NAP_MAX_NS);
	}
	return NULL;
}

int weir_kernel_start(struct weir_kernel *k, struct weir_dp_error *err)
{
	int rc;

	if (k->ends[0]->ports == 0)
		return 0;
	rc = pthread_create(&k->thread, NULL, run, k);
	if (rc != 0)
		return weir_dp_fail(err, -rc, "host interface: no thread: %s", strerror(rc));
	k->runs = true;
	return 0;
}

void weir_kernel_stop(struct weir_kernel *k)
{
	if (!k->runs)
		return;
	__atomic_store_n(&k->stop, 1, __ATOMIC_RELEASE);
	pthread_join(k->thread, NULL);
	k->runs = false;
}
