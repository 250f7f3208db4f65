/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The policy: what the configuration says, checked and resolved, immutable once published.
 *
 * The control side makes it, one thread of it at a time; once it is published any thread may read
 * it. Everything is referred to by index. It is made with weir_policy_alloc(), filled in by its
 * maker, completed by weir_policy_finish(), which builds what the data path looks things up in, and
 * freed as a whole by weir_policy_free(), when no worker reads it any more. The next generation,
 * which takes its place while connections are open, is made by weir_policy_derive()
 * (flow/derive.h), under the same numbers. Addresses and ports are in network byte order, times in
 * milliseconds.
 *
 * flow/endpoint.h has the table of addresses and ports, flow/order.h and flow/maglev.h the order of backends.
 */
#ifndef WEIR_FLOW_POLICY_H
#define WEIR_FLOW_POLICY_H

#include "flow/index.h"
#include "flow/key.h"
#include "flow/order.h"
#include "wire/pphdr.h"
#include "wire/template.h"

#define WEIR_PORTS_MAX           16
#define WEIR_INTERFACES_MAX      64 /* a bit each in weir_endpoint.doors */
#define WEIR_VLANS               4096
#define WEIR_WORKERS_MAX         127 /* RTE_MAX_LCORE is 128 in Debian, and one is the control side's */
#define WEIR_SERVICES_MAX        16384
#define WEIR_LISTENERS_MAX       32768 /* all that a key's id has numbers for */
#define WEIR_BACKENDS_MAX        32768
#define WEIR_MEMBERS_MAX         4096 /* backends of one service */
#define WEIR_NAME_MAX            32   /* with the NUL */
#define WEIR_LOCALS_MAX          16   /* addresses of one interface */
#define WEIR_WEIGHT_MAX          256
#define WEIR_HOST_PEERS_MAX      16
#define WEIR_NEXTHOP_MEMBERS_MAX 8
#define WEIR_NONE16              0xffff
#define WEIR_NONE8               0xff

enum weir_mode {
	WEIR_MODE_NAT,
	WEIR_MODE_FULLNAT,
};

enum weir_scheduler {
	WEIR_SCHED_RR,
	WEIR_SCHED_WRR,
	WEIR_SCHED_LC,     /* fewest connections, as this worker counts them */
	WEIR_SCHED_WLC,    /* the same per weight */
	WEIR_SCHED_SH,     /* by a hash of the client's address */
	WEIR_SCHED_MAGLEV, /* the same; few clients move when backends come and go: flow/maglev.h */
	WEIR_SCHED_RANDOM, /* of two drawn at random the one with fewer connections per weight */
};

/*
 * What a number of a service, listener or backend stands for. A reload moves it down this list;
 * only from RETIRED it may come back to LIVE, and from VACANT, as something else (flow/derive.h).
 */
enum weir_life {
	WEIR_LIFE_LIVE,    /* in the configuration: takes new connections */
	WEIR_LIFE_RETIRED, /* no longer in it: its open connections go on, new ones are not begun */
	/*
	 * It has no connection left and no address of its own, but must keep its number: a backend
	 * whose number is in the keys of another one with the same address and port (key_id), or
	 * the service of such a backend, whose mode says which worker owns those packets.
	 */
	WEIR_LIFE_ORPHANED,
	WEIR_LIFE_VACANT, /* nothing refers to it: it may be given to something new */
};

/* What the kernel gets by a host interface, the most important first. flow/host.h says what is of which. */
enum weir_host_class {
	WEIR_HOST_ROUTING,   /* BGP, BFD, OSPF, VRRP, LLDP of neighbours */
	WEIR_HOST_NEIGHBOUR, /* ARP, neighbour discovery */
	WEIR_HOST_ICMP,
	WEIR_HOST_REST,
	WEIR_HOST_CLASSES
};

/* The kernel's interface to a port: a TAP device that synweir makes (dp/host.h). */
struct weir_host {
	char interface[16];               /* the kernel's name of it; "": there is none */
	uint32_t rate[WEIR_HOST_CLASSES]; /* frames a second and worker, at most */
	bool addresses;                   /* it is given the port's addresses */
	uint8_t n_peers;
	struct weir_addr peers[WEIR_HOST_PEERS_MAX]; /* routers beyond the link */
};

/* A DPDK port: a device with its queues, as rte_ethdev knows it. */
struct weir_port {
	char name[WEIR_NAME_MAX];
	char device[128];          /* PCI address or vdev string */
	uint16_t mtu;              /* 1500 by default */
	uint8_t rss;               /* enum weir_rss */
	uint16_t rx_desc, tx_desc; /* descriptors per queue */
	struct weir_host host;
};

static inline bool weir_port_has_host(const struct weir_port *p)
{
	return p->host.interface[0] != '\0';
}

/* A subnet on an interface: addr is synweir's own address there. IPv4 prefixes count from 96. */
struct weir_interface_addr {
	struct weir_addr addr;
	uint8_t prefix; /* bits of the 128 */
};

/*
 * What has addresses and neighbours: a port for frames without a tag, and each VLAN of it. The core
 * knows interfaces only: a packet and a neighbour have an interface's number. dp/ takes tags off and puts
 * them on, and finds the port for an interface and the interface for what a port receives.
 */
struct weir_interface {
	char name[WEIR_NAME_MAX];
	uint8_t port;  /* in ports[] */
	uint16_t vlan; /* its id; 0: frames without a tag, and those tagged for priority only */
	/*
	 * HC-66. Backends only are behind it: nothing that comes by it is a client's. And: whatever
	 * comes by it is taken, also what should have come by another one (RFC 3704 §2.3).
	 */
	bool no_clients, loose;
	uint8_t n_addrs;
	struct weir_interface_addr addrs[WEIR_LOCALS_MAX];
	/* of several gateways the group, in nexthops[], IPv4's and IPv6's; WEIR_NONE16: it has not several */
	uint16_t gateways[2];
};

enum weir_rss {
	WEIR_RSS_AUTO, /* by the device when it keeps a flow on one queue, else in software */
	WEIR_RSS_ON,   /* the operator says so: the device keeps a flow on one queue */
	WEIR_RSS_OFF,  /* the workers hand packets over to their owners */
};

/*
 * What an interface sends to by MAC address: an on-link backend or a router. Or a group of routers on one
 * interface (flow/nexthop.h), of which each flow has one: it has no address and no MAC.
 */
struct weir_nexthop {
	struct weir_addr addr;
	uint8_t interface;                          /* in interfaces[] */
	uint8_t mac[6];                             /* static (HC-67); all zero: to be learned */
	bool is_member;                             /* of a group */
	uint8_t n_members;                          /* 0: it is no group; else two at least */
	uint16_t members[WEIR_NEXTHOP_MEMBERS_MAX]; /* in nexthops[] */
};

/* What a SYN-ACK promises the client on the service's behalf (HC-03). */
struct weir_profile {
	uint16_t mss;   /* bytes */
	uint8_t wscale; /* 0..14 */
	bool sack, timestamps, ecn;
	bool require_timestamps; /* a SYN without them is dropped, a cookie without them is not believed */
};

/* What a SYN-ACK may have in it, beside its MSS: a bit each. */
enum weir_syn_ack {
	WEIR_SYN_ACK_TS = 1 << 0,
	WEIR_SYN_ACK_SACK = 1 << 1,
	WEIR_SYN_ACK_WSCALE = 1 << 2,
	WEIR_SYN_ACK_ECN = 1 << 3,
	WEIR_SYN_ACKS = 1 << 4
};

/* How a service's SYNs are answered (HC-45). */
enum weir_syn_cookies {
	WEIR_SYN_COOKIES_ALWAYS,   /* every SYN with a cookie */
	WEIR_SYN_COOKIES_ADAPTIVE, /* in quiet times by the backend: tcp/gate.h */
	WEIR_SYN_COOKIES_NEVER,    /* by the backend */
};

/* What a client gets when no backend takes its connection (HC-74). */
enum weir_no_backend {
	WEIR_NO_BACKEND_REJECT, /* RST */
	WEIR_NO_BACKEND_DROP,   /* nothing */
};

/* What happens to connections of a backend that goes down. */
enum weir_on_down {
	WEIR_ON_DOWN_KEEP,  /* nothing */
	WEIR_ON_DOWN_RESET, /* RST to both ends */
};

/* When "adaptive" changes: of the half-open queue in percent, and SYNs a second of all workers. */
struct weir_watermarks {
	uint32_t queue_high, queue_low;
	uint32_t rate_high, rate_low; /* SYNs without a handshake; high 0: does not matter */
	uint32_t share_low;           /* the low rate is at least so many per cent of all SYNs */
	uint32_t hold_ms;             /* how long it must be quiet before cookies end */
};

/* Milliseconds. */
struct weir_timeouts {
	uint32_t established_ms, half_close_ms, closing_ms, time_wait_ms;
	uint32_t connect_ms; /* the first SYN to a backend waits so long, then doubles */
	uint32_t rst_pending_ms;
};

struct weir_service {
	char name[WEIR_NAME_MAX];
	uint8_t mode;                 /* enum weir_mode */
	uint8_t scheduler;            /* enum weir_scheduler */
	uint8_t life;                 /* enum weir_life */
	uint8_t syn_cookies;          /* enum weir_syn_cookies */
	uint8_t no_backend;           /* enum weir_no_backend */
	uint8_t on_down;              /* enum weir_on_down */
	struct weir_pphdr_form pphdr; /* what its backends are told first (HC-80) */
	uint32_t since;               /* the policy's generation that gave it its number */
	struct weir_watermarks watermarks;
	struct weir_profile profile;
	struct weir_timeouts timeouts;
	uint32_t first_member, n_members; /* in members[] */
	uint32_t slow_start_ms;           /* how long a backend takes to its full share; 0: none */
	uint32_t table_size;              /* maglev: slots, a prime */
	bool has_backups;                 /* by weir_policy_finish() */
	/*
	 * In slots[], by weir_policy_finish(): the order of rr, wrr and sh, smooth; maglev's table.
	 * lc, wlc and random need none.
	 */
	uint32_t first_slot, n_slots;
	/* By weir_policy_finish(): the first one that is not vacant, or WEIR_NONE16; their `next` leads on. */
	uint16_t first_listener, first_backend;
};

/*
 * What clients connect to: an address and a port of a service, which may have several. Keys of the
 * client side have a listener's number (flow/key.h), so that a client may talk from one port to two
 * ports of a service at once. INVARIANT: no two that are not vacant have the same address and port;
 * the service of a live one is live.
 */
struct weir_listener {
	struct weir_addr vip;
	uint16_t port_be;
	uint16_t service;
	uint32_t since; /* the policy's generation that gave it its number */
	uint8_t life;   /* enum weir_life; never ORPHANED */
	/* The service's, by weir_policy_finish(): here, because every SYN is answered by it. */
	struct weir_profile profile;
	uint16_t next; /* of its service, or WEIR_NONE16; by weir_policy_finish() */
};

struct weir_backend {
	char name[WEIR_NAME_MAX];
	struct weir_addr addr;
	uint16_t port_be;
	uint16_t service; /* the service that it is a member of */
	/*
	 * First backend with the same address and port; by weir_policy_finish(). INVARIANT:
	 * backends that share a key_id are all of nat services or all of fullnat ones: the mode
	 * decides which worker owns the return path (weir_owner()), so config/ refuses a mixture.
	 */
	uint16_t key_id;
	uint16_t nexthop; /* in nexthops[] */
	uint8_t egress;   /* interface: its addrs are the local addresses in fullnat */
	uint8_t life;     /* enum weir_life */
	uint32_t since;   /* the policy's generation that gave it its number */
	/*
	 * Which of them, a bit each; by weir_policy_finish(): those in the next hop's subnet,
	 * because the backend's way back to the others may not lead here; all when none is. Never a
	 * VIP: a local port could be a service's.
	 */
	uint16_t locals;
	uint16_t next; /* of its service, or WEIR_NONE16; by weir_policy_finish() */
	bool shared;   /* its number is the key_id of another one; by weir_policy_finish() */
};

_Static_assert(WEIR_LISTENERS_MAX <= WEIR_KEY_BACKEND && WEIR_BACKENDS_MAX <= WEIR_KEY_BACKEND,
	"numbers of listeners and backends fit a key's id");
_Static_assert(WEIR_LOCALS_MAX <= 16,
	"a bit of weir_backend.locals for each address of an interface");

struct weir_limits {
	uint32_t connections;  /* all workers together */
	uint32_t held_packets; /* per worker */
	uint32_t held_bytes;   /* per connection, and at most the window of the SYN-ACK; <= 65535 */
	uint32_t syn_ack_ring; /* entries per worker, 0: SYN-ACKs are never retransmitted */
	uint32_t half_open;    /* entries in SYN_RCVD of each service, all workers together */
	/*
	 * RST and ICMP replies per second and worker: so many to unknown tuples, and as many again
	 * about connections and to backends
	 */
	uint32_t reply_budget;
	uint32_t
		prefix_replies; /* ... of them to a prefix (/24, /56), all workers together; 0: any */
	/* open connections per client address and per prefix (/24, /56), all workers together; 0: any */
	uint32_t source_connections, prefix_connections;
	/* per cent of the table that services with more than an equal part leave to the others */
	uint32_t service_reserve;
	uint32_t source_rate; /* new connections per client address and second; 0: any */
	/* wrong cookies without timestamps per client address and second, then none is believed; 0: any */
	uint32_t plain_guesses;
	/* idle times shrink while so many per cent of places are taken; 0 and 0: they do not */
	uint32_t adaptive_start, adaptive_end;
	bool refuse_closed_ports; /* RST for a VIP's closed port; else silence */
	/*
	 * Numbers that there is memory for; fewer than there are (0): no more than those. Of
	 * listeners as many as of services at least.
	 */
	uint32_t services, listeners, backends;
};

struct weir_policy {
	struct weir_endpoints
		endpoints; /* by weir_policy_finish(); first, as every packet needs it */
	uint32_t n_workers, n_ports, n_interfaces;
	uint32_t n_services, n_listeners, n_backends, n_members, n_nexthops, n_slots;
	struct weir_port ports[WEIR_PORTS_MAX];
	struct weir_interface interfaces[WEIR_INTERFACES_MAX];
	struct weir_service *services;
	struct weir_listener *listeners;
	struct weir_backend *backends;
	struct weir_member *members;
	struct weir_nexthop *nexthops;
	uint16_t *slots; /* backend indices */
	struct weir_limits limits;
	uint32_t drain_ms;
	struct weir_sipkey steer_secret; /* random: no client must choose its worker */
	uint32_t generation;             /* 0: the first one; each next one counts on */

	/* by weir_policy_finish() */
	/* By port and VLAN (0: none), the interface; WEIR_NONE8: the port has no such VLAN. */
	uint8_t interface_of[WEIR_PORTS_MAX][WEIR_VLANS];
	/*
	 * For each listener, the interfaces by which its VIP is asked for (ARP, neighbour discovery), a
	 * bit each: those whose subnets have it, or all when no subnet does.
	 */
	uint64_t *answers;
	struct weir_template *syn_acks; /* WEIR_SYN_ACKS for each listener: weir_policy_syn_ack() */
	/*
	 * Pools of local ports for each backend, by the first generation: the most addresses that an
	 * interface has, or 0 when no service was fullnat.
	 */
	uint32_t pools_each;
	/*
	 * Local ports are below: 65536, or less where a port has a host interface and the ports from there on are
	 * the kernel's (flow/localport.h). The same in every generation.
	 */
	uint32_t local_ports_end;
	struct weir_index hops; /* weir_policy_nexthop()'s: by address and interface */
};

/* How many of each a policy has room for. */
struct weir_policy_room {
	uint32_t services, listeners, backends, members, nexthops;
};

/*
 * A policy with that room; NULL when out of memory. Everything is zeroed, the counts n_* too: the
 * caller counts up what it fills in.
 */
struct weir_policy *weir_policy_alloc(const struct weir_policy_room *room);

/* One more listener of that service, LIVE: there must be room for it. Its number. */
uint16_t weir_policy_listen(struct weir_policy *p, uint16_t service, const struct weir_addr *vip,
	uint16_t port_be);

/*
 * The service's first listener that is LIVE, or else the first that is not VACANT; NULL: it has
 * none.
 */
const struct weir_listener *weir_policy_listener_of(const struct weir_policy *p, uint16_t service);

/*
 * Chains what is not vacant of each service (first_listener, first_backend, next), in the order of the numbers.
 * weir_policy_finish() does; to be called where there is a policy that is not finished.
 */
void weir_policy_chain(struct weir_policy *p);

/*
 * Builds endpoints, slots and key_ids from all else, once. 0 or -ENOMEM (then only
 * weir_policy_free() is left to do). Checks nothing: config/check does. A VIP that is also an
 * interface's address counts as VIP, a backend that is also a service as the service.
 */
int weir_policy_finish(struct weir_policy *p);

static inline bool weir_nexthop_is_static(const struct weir_nexthop *hop)
{
	static const uint8_t none[6];

	return __builtin_memcmp(hop->mac, none, sizeof(none)) != 0;
}

static inline bool weir_nexthop_is_group(const struct weir_nexthop *hop)
{
	return hop->n_members != 0;
}

/* What the backend is in its service; NULL: it is retired. */
const struct weir_member *weir_policy_member(const struct weir_policy *p, uint16_t backend);

/* The backend's weight in its service; 0: it takes no new connections, or is retired. */
uint16_t weir_policy_weight(const struct weir_policy *p, uint16_t backend);

/* NULL is fine. */
void weir_policy_free(struct weir_policy *p);

/* How many numbers of each workers have memory for: the same in every generation. */
static inline uint32_t weir_policy_service_room(const struct weir_policy *p)
{
	return p->limits.services > p->n_services ? p->limits.services : p->n_services;
}

static inline uint32_t weir_policy_listener_room(const struct weir_policy *p)
{
	uint32_t least = weir_policy_service_room(p);
	uint32_t n = p->limits.listeners > p->n_listeners ? p->limits.listeners : p->n_listeners;

	return n > least ? n : least;
}

static inline uint32_t weir_policy_backend_room(const struct weir_policy *p)
{
	return p->limits.backends > p->n_backends ? p->limits.backends : p->n_backends;
}

/* Entries in SYN_RCVD that each service may have in each worker; at least one. */
static inline uint32_t weir_policy_half_open(const struct weir_policy *p)
{
	uint32_t n = (p->limits.half_open + p->n_workers - 1) / p->n_workers;

	return n > 0 ? n : 1;
}

/* Connections that the member may have in each worker; one at least. */
static inline uint32_t weir_policy_max_conns(const struct weir_policy *p,
	const struct weir_member *m)
{
	return m->max_conns == 0 ? UINT32_MAX : (m->max_conns + p->n_workers - 1) / p->n_workers;
}

/* The service that a client's key belongs to: a number. */
static inline uint16_t weir_policy_service_of(const struct weir_policy *p, uint16_t listener)
{
	return p->listeners[listener].service;
}

/*
 * The SYN-ACK of a listener that has these in it (enum weir_syn_ack), but for the client's address
 * and port, sequence numbers, window and timestamps.
 */
struct weir_header weir_listener_syn_ack(const struct weir_policy *p, uint16_t listener,
	unsigned int has);

/* The same as a template. */
static inline const struct weir_template *weir_policy_syn_ack(const struct weir_policy *p,
	uint16_t listener, unsigned int has)
{
	return &p->syn_acks[listener * WEIR_SYN_ACKS + has];
}

#endif
