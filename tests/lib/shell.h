/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smallest shell around the core: no DPDK, no threads, a clock that the test turns. Frames go
 * in, everything that comes out stands in a queue.
 *
 * It looks at the core with suspicion. Frames are handed in from heap buffers of their exact size.
 * Every frame that leaves is parsed and summed naively, every packet must end in exactly one fate
 * that fits what became of it, the packet balance of each worker is checked after every step, and
 * what conns, table, wheel, pools and gauges say of each other from time to time. What is wrong ends
 * the program at once (shell_die()): nothing that comes after could be believed.
 */
#ifndef WEIR_TESTS_SHELL_H
#define WEIR_TESTS_SHELL_H

#include "flow/derive.h"
#include "ip.h"
#include "tcp/proxy.h"

/* Two ports. Whoever is not a backend is reached by the first one. */
enum shell_port {
	SHELL_CLIENTS,
	SHELL_BACKENDS,
};

/* The services of shell_policy(), by index. Backend i of service s is backend s * n_each + i. */
enum shell_service {
	SHELL_FULLNAT,
	SHELL_NAT,
};

#define SHELL_VIP(service) (0xc0000201u + (service)) /* 192.0.2.1, 192.0.2.2 */
#define SHELL_VIP_PORT     80
#define SHELL_LOCAL        0x0a000001u /* 10.0.0.1: fullnat's local address */
#define SHELL_BACKEND(service, i)                                                                  \
	(0x0a00000bu + 10 * (service) + (i)) /* 10.0.0.11, 10.0.0.21 ... */
#define SHELL_BACKEND_PORT 8080
#define SHELL_START_NS     1000000000000ull /* where clocks begin, unless a test says other */

/* A frame that left. */
struct shell_out {
	uint8_t send, fate;         /* as the core said; fate `created` for its own */
	uint8_t port;               /* enum shell_port */
	uint8_t mac[6];             /* where to, unless it is for a next hop */
	uint16_t nexthop;           /* WEIR_NONE16 unless it is for one */
	struct weir_addr neighbour; /* that one's address, in the policy of that moment */
	uint16_t worker;
	uint32_t len;
	uint8_t *data;
	struct weir_seg seg; /* when it is TCP */
};

struct shell_balance {
	uint64_t in, created, out, dropped, consumed, held, handed_in, handed_out;
};

/* What other workers have handed over. */
struct shell_ring {
	struct weir_pkt *pkts;
	unsigned int n, size;
	bool must_adopt; /* one of them was classified by the newest policy */
};

struct shell_worker {
	struct shell *shell;
	struct shell_ring ring;
	struct weir_proxy px;
	void *memory;
	size_t memory_bytes;
	struct shell_balance balance;
};

struct shell {
	struct weir_policy *policy; /* the youngest */
	struct shell_worker *workers;
	uint64_t now_ns;
	uint8_t secret[16];          /* shell_secret when it was opened */
	struct weir_keyring keyring; /* of the time that its workers are told */
	unsigned int rx;             /* the worker whose queue gets the next packet */
	uint32_t tick_ms;            /* how far apart shell_wait_ms() ticks */
	/* Asked before a frame of the core's own: true: no packet buffer is free. NULL: there always is. */
	bool (*starved)(void *arg);
	void *starved_arg;
	struct weir_pkt last; /* the last packet that went through a burst, as the core left it */

	/* inside */
	struct weir_policy *old; /* what policy succeeded, while a worker goes by it; or NULL */
	struct weir_pkt *put;    /* put in and not run yet */
	unsigned int n_put, put_size;
	struct shell_out *queue; /* what left, from queue_at on not taken yet */
	unsigned int n_queue, queue_at, queue_size;
	uint64_t steps;
};

/*
 * A fullnat and a nat service with n_each backends each; 2 ports, small limits, usual timeouts. Not
 * finished: the test may change it, then gives it away to shell_open().
 */
struct weir_policy *shell_policy(unsigned int n_workers, unsigned int n_each);
/*
 * Gives what is of IPv4 the addresses of the same hosts (ip.h) in the families that either side speaks, by enum
 * weir_side, and the MSS that fits the same links.
 */
void shell_policy_speak(struct weir_policy *p, const enum weir_family family[2]);

struct shell *shell_open(struct weir_policy *policy, uint64_t start_ns);

/* The master secret of the shells that are opened next. */
extern uint8_t shell_secret[16];

/* What the control side does before a worker's tick: keys of its time. */
void shell_fill_keys(struct shell *s, unsigned int worker);

/*
 * The policy is succeeded by what `wanted` says, finished or not, which is given away. It is in force
 * for a worker when the worker adopts it, or is handed a packet by one who has; the old one is gone
 * when all have, so that must be before the next one. Refused: nothing has happened.
 */
enum weir_refusal shell_publish(struct shell *s, struct weir_policy *wanted);
void shell_adopt(struct shell *s, unsigned int worker);
/* Both, for all workers. */
enum weir_refusal shell_reload(struct shell *s, struct weir_policy *wanted);
/* A copy of what is live in a policy, in shell_policy()'s form; room for a service and backend more. */
struct weir_policy *shell_wanted(const struct weir_policy *from);

/*
 * Ends every connection, waits until everything has expired, and looks whether anything is left:
 * conns, keys, timers, ports, held packets.
 */
void shell_close(struct shell *s);

/* A frame comes in by that port; it is worked on with all others that were put at shell_run(). */
void shell_put(struct shell *s, const uint8_t *frame, size_t len, enum shell_port port);
void shell_run(struct shell *s);
/*
 * Its two halves. Worker s->rx classifies by its policy what was put in and decides what is its own; the
 * rest waits until its owner decides it, by a later policy perhaps. Returns how many those were.
 */
void shell_receive(struct shell *s);
unsigned int shell_take_over(struct shell *s, unsigned int worker);
/* shell_put() and shell_run(). Returns the packet's fate; WEIR_FATES when it is held. */
unsigned int shell_in(struct shell *s, const uint8_t *frame, size_t len, enum shell_port port);

/* Time passes, with a tick of every worker at least every tick_ms. */
void shell_wait_ms(struct shell *s, uint64_t ms);
void shell_tick(struct shell *s);

/* The next frame that left, or NULL; good until the next call of anything here. */
const struct shell_out *shell_take(struct shell *s);
/* Forgets what has left; returns how many frames that were. */
unsigned int shell_clear(struct shell *s);

/* Sums over all workers. */
uint64_t shell_fates(const struct shell *s, enum weir_fate fate);
uint64_t shell_events(const struct shell *s, enum weir_event event);
uint32_t shell_conns(const struct shell *s);
uint32_t shell_in_state(const struct shell *s, enum weir_state state);

/* The connection under the client's key, or NULL. The client is of the listener's family. */
const struct weir_conn *shell_conn(const struct shell *s, unsigned int listener, uint32_t client,
	uint16_t port);

/* Everything a worker remembers is looked through; any contradiction ends the program. */
void shell_audit(const struct shell *s);

/* A number over all that a worker remembers of connections: table, wheel, pools, held, counts. */
uint64_t shell_memory_hash(const struct shell *s);

/*
 * Every pool of local ports loses all but `keep` (1 to 63), before the first packet: white box, as no
 * configuration can say so.
 */
void shell_squeeze_ports(struct shell *s, uint32_t keep);

/* Pools of local ports that a worker has. */
uint32_t shell_pools(const struct weir_proxy *px);

_Noreturn void shell_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
