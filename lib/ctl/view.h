/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The view: all that the control side can show of a running daemon. app/ fills one in before it starts
 * a thread that reads it, and all that it points to lives as long as the process. Gauges in it are
 * atomics (flow/counters.h); `policy` is changed by weir_view_set_policy() only, under its lock.
 *
 * ctl/ owns how people and machines talk to synweir: telemetry, the log's watcher, reload requests. It
 * knows neither dp/ nor tcp/: it reads the workers' counters, and asks workers through their inquiry
 * slots.
 */
#ifndef WEIR_CTL_VIEW_H
#define WEIR_CTL_VIEW_H

#include <time.h>

#include "config/config.h"
#include "ctl/reload.h"
#include "flow/counters.h"
#include "flow/crowd.h"
#include "flow/health.h"
#include "flow/inquiry.h"
#include "flow/nexthop.h"
#include "flow/orders.h"
#include "health/checker.h"

struct weir_view_worker {
	const struct weir_counters *counters;
	struct weir_inquiry *inquiry;
	const struct weir_crowd *crowd; /* for its functions that any thread may call; NULL: none */
	unsigned int lcore;
	int cpu;               /* it is pinned to; -1: to none */
	uint32_t conns_max;    /* its table's capacity */
	uint64_t memory_bytes; /* its arena: table, wheel, ports, held packets, counters */
};

struct weir_view_port {
	char driver[32]; /* "net_tap" */
	char iface[16];  /* the kernel's interface under it; "": none, or not known */
	uint8_t mac[6];
	uint16_t queues;   /* receive queues: one a worker, or fewer */
	bool rss;          /* the device delivers a flow to its worker; else workers hand over */
	bool csum_offload; /* of transmitted segments */
	/* stored with weir_gauge() by the control thread, once a second */
	uint64_t link_up;   /* 0 or 1 */
	uint64_t link_mbps; /* 0: unknown */
	uint64_t rx_missed; /* frames the device dropped, no descriptor being free */
	uint64_t rx_no_mbuf;
	uint64_t tx_errors;
	uint64_t host_refused[WEIR_HOST_CLASSES]; /* frames that the kernel did not take */
	uint64_t host_gone;                       /* 0 or 1: its TAP device was deleted */
};

struct weir_view {
	const char *version; /* "0.1.0" */
	const char *config_file;
	const char *file_prefix; /* the EAL's: what weirctl -p wants */
	time_t started;          /* wall clock, for people */
	uint64_t started_ns;     /* CLOCK_MONOTONIC, for the uptime */
	uint64_t memory_bytes;   /* all workers' arenas and the mbuf pools */
	uint32_t mbufs;          /* in all pools */
	uint64_t flood; /* gauge, by the control thread: 1 while the log's alarm is raised */
	const struct weir_policy *policy; /* changed by weir_view_set_policy() only */
	struct weir_orders *orders;       /* NULL: nothing can be ordered */
	const struct weir_health *health; /* NULL: there are no checks; all are well */
	struct weir_checker *checker; /* NULL: likewise; changed by weir_view_set_checker() only */
	/* Next hop i, if there are so many; how many there are. Any thread. NULL: none is known. */
	uint32_t (*look_at_nexthop)(void *data_plane, uint32_t i, struct weir_nexthop_record *r);
	void *data_plane;
	struct weir_reload *reload; /* NULL: reload is not supported */
	struct weir_reload *obey;   /* NULL: nothing can be ordered about backends */
	struct weir_view_worker worker[WEIR_WORKERS_MAX]; /* policy->n_workers of them */
	struct weir_view_port port[WEIR_PORTS_MAX];       /* policy->n_ports of them */
};

/*
 * Between the two the policy and the checker of any view stay as they are, and are not freed. Any thread but
 * the control thread, which waits in the meantime: no longer than a listing takes.
 */
void weir_view_read_begin(void);
void weir_view_read_end(void);

/*
 * Control thread: the view shows that policy or that checker's records (NULL: none) from now on. On return no
 * thread reads the one before.
 */
void weir_view_set_policy(struct weir_view *v, const struct weir_policy *policy);
void weir_view_set_checker(struct weir_view *v, struct weir_checker *checker);

/* Sums over all workers. */
uint64_t weir_view_fate(const struct weir_view *v, enum weir_fate fate);
uint64_t weir_view_event(const struct weir_view *v, enum weir_event event);
uint64_t weir_view_conns(const struct weir_view *v);
struct weir_port_counters weir_view_port(const struct weir_view *v, unsigned int port);
struct weir_service_counters weir_view_service(const struct weir_view *v, unsigned int service);
uint64_t weir_view_listener_conns(const struct weir_view *v, unsigned int listener);
struct weir_backend_counters weir_view_backend(const struct weir_view *v, unsigned int backend);

/* Which services and backends connections refer to, by the workers' gauges. */
void weir_view_busy(const struct weir_view *v, struct weir_busy *busy);

/* One worker's packet balance (flow/counters.h), each term as read now. */
struct weir_balance {
	uint64_t rx, created, handed_in;
	uint64_t tx, dropped, consumed, handed_out, held;
	int64_t balance; /* in minus out: 0 whenever no packet is in flight */
};

struct weir_balance weir_view_balance(const struct weir_view *v, unsigned int worker);

#endif
