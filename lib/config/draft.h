/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The draft: what the file says, value by value in the right type and range (read.c), before
 * check.c judges how the values go together and config.c makes the policy of them.
 *
 * INVARIANT: a member of a list begins with `at`, its setting in the file.
 */
#ifndef WEIR_CONFIG_DRAFT_H
#define WEIR_CONFIG_DRAFT_H

#include <libconfig.h>

#include "config/config.h"
#include "flow/index.h"

/* The routers to one destination. */
struct weir_draft_hops {
	struct weir_addr *addrs;
	uint32_t n_addrs; /* 0: none */
	uint8_t (*macs)[6];
	uint32_t n_macs; /* as many as addresses; 0: they are learned */
};

struct weir_draft_route {
	const config_setting_t *at;
	struct weir_interface_addr to; /* addr: as written, host bits and all */
	struct weir_draft_hops via;
};

/* The two families, where a key is for one of them. */
enum weir_draft_family { WEIR_DRAFT_IPV4, WEIR_DRAFT_IPV6, WEIR_DRAFT_FAMILIES };

/* What has addresses and neighbours: a port for frames without a tag, and each VLAN of it. */
struct weir_draft_interface {
	const config_setting_t *at; /* the port or the VLAN */
	char name[WEIR_NAME_MAX];
	uint16_t vlan; /* 0: none */
	uint32_t port; /* in ports[] */
	struct weir_interface_addr *addrs;
	uint32_t n_addrs;
	struct weir_draft_hops gateway[WEIR_DRAFT_FAMILIES];
	struct weir_draft_route *routes;
	uint32_t n_routes;
	struct weir_addr *peers; /* of its host interface */
	uint32_t n_peers;
	uint8_t reverse_path; /* enum weir_reverse_path */
	bool no_clients;      /* only backends are behind it: weir_check_client_interfaces() */
};

struct weir_draft_port {
	const config_setting_t *at;
	struct weir_port port;
	struct weir_draft_interface own; /* of frames without a tag */
	struct weir_draft_interface *vlans;
	uint32_t n_vlans;
	struct weir_addr *peers; /* of its host interface */
	uint32_t n_peers;
};

/* What an interface takes: what it leads to the sender of (RFC 3704 §2.2), or anything. */
enum weir_reverse_path {
	WEIR_REVERSE_PATH_STRICT,
	WEIR_REVERSE_PATH_LOOSE,
};

/* What a service says of its backends' health checks. */
struct weir_draft_check {
	struct weir_check check; /* without its command */
	const char *status;      /* NULL: not given */
	const char **command;    /* the strings are the tree's */
	uint32_t n_command;
};

/* What a backend says of its own. */
struct weir_draft_backend_check {
	bool enabled;
	struct weir_addr addr; /* all zero, and port 0: not given */
	uint16_t port_be;
};

/* By which way something is reached. */
struct weir_draft_way {
	uint32_t interface;
	bool on_link; /* addrs: its own address */
	uint32_t n;
	const struct weir_addr *addrs;
	uint8_t (*macs)[6]; /* NULL: they are learned */
};

struct weir_draft_backend {
	const config_setting_t *at;
	struct weir_backend backend; /* its egress and this come from the routes: */
	struct weir_draft_way via;
	uint8_t mac[6]; /* static, as the file says; all zero: learned */
	uint32_t weight;
	bool backup;
	uint32_t max_conns;
	struct weir_draft_backend_check check;
};

/* In host byte order, both of them included. */
struct weir_draft_ports {
	uint16_t first, last;
};

struct weir_draft_service {
	const config_setting_t *at;
	struct weir_interface_addr *vips; /* addresses and prefixes: addr is the first one */
	uint32_t n_vips;
	struct weir_draft_ports *ports; /* of each VIP */
	uint32_t n_ports;
	struct weir_service service; /* timeouts that are 0 are those of the draft */
	struct weir_draft_backend *backends;
	uint32_t n_backends;
	struct weir_draft_check check;
	bool has_check;
};

struct weir_draft_timeouts {
	struct weir_timeouts of_services;
	uint32_t drain_ms;
};

/* Lines of the whole text from `first` on are those of `file` from `line` on, up to the next part. */
struct weir_draft_part {
	unsigned int first, line; /* counted from 1 */
	const char *file; /* relative to `dir`, as an @include names it; NULL: the main file */
};

struct weir_draft {
	/* the file */
	const char *path;
	char *dir; /* it stands in, "" or ending in '/'; relative paths in it begin here */

	/* the whole text: the file, and in the places of its @includes what they name */
	char *text;
	struct weir_draft_part *parts; /* by `first`; of two on a line the later one is right */
	uint32_t n_parts;
	unsigned int n_lines; /* ends of lines in it */
	char **files;         /* names of the included ones */
	uint32_t n_files;
	size_t n_bytes; /* of all files */
	char before;    /* while it is scanned: what the token before this one begins with */

	config_t tree;              /* of the text */
	const config_setting_t *at; /* the tree's root */

	/* its values */
	uint32_t n_workers; /* 0: not given */
	uint8_t idle;       /* enum weir_idle */
	uint16_t *lcores;
	uint32_t n_lcores;
	const char **eal; /* the strings are the tree's */
	uint32_t n_eal;
	struct weir_draft_port *ports;
	uint32_t n_ports;
	/* by weir_check_ports(), under the policy's numbers: the ports' own and their VLANs */
	struct weir_draft_interface *interfaces[WEIR_INTERFACES_MAX];
	uint32_t n_interfaces;
	struct weir_draft_service *services;
	uint32_t n_services;
	/* By weir_check_services(): addresses and ports of all services, what they are to the policy. */
	uint32_t n_listeners;
	/* ...: of a VIP (port 0) and of a VIP's port the first service that has it */
	struct weir_index vips;
	struct weir_limits limits;
	struct weir_draft_timeouts timeouts;
	const char *secret_file; /* NULL: a random secret */

	/* the result, and the message */
	struct weir_secret *secret; /* NULL: the configuration has it, or it is not read yet */
	struct weir_config *config;
	struct weir_config_error *err;
};

/*
 * Refuses the file because of what stands at `at` (path, line and value are added to the rule), and
 * returns -EINVAL. at's group and key: the key when it is there, else the group.
 */
int weir_draft_refuse(struct weir_draft *d, const config_setting_t *at, const char *rule, ...)
	__attribute__((format(printf, 3, 4)));

/* The same words as a warning; 0 or -ENOMEM. */
int weir_draft_warn(struct weir_draft *d, const config_setting_t *at, const char *rule, ...)
	__attribute__((format(printf, 3, 4)));

/* Refuses what has no place in the tree: file and line (0: none) are named. Returns -EINVAL. */
int weir_draft_refuse_line(struct weir_draft *d, const char *file, unsigned int line,
	const char *rule, ...) __attribute__((format(printf, 4, 5)));

/* The setting `key` ("profile.mss") below the group `at`; without it, the group. */
const config_setting_t *weir_draft_key(const config_setting_t *at, const char *key);

/* A file name of the configuration, from where the configuration stands. NULL: out of memory. */
char *weir_draft_path(const struct weir_draft *d, const char *name);

/* Line `line` of the text: which file's, and which of its lines. */
struct weir_draft_part weir_draft_place(const struct weir_draft *d, unsigned int line);

/*
 * Reads the file and what it includes into the text, and refuses what libconfig would take wrongly.
 * 0 or -errno.
 */
int weir_draft_scan(struct weir_draft *d);

/* The text, by the table of keys, into the draft. 0 or -errno. */
int weir_draft_read(struct weir_draft *d);

/* Frees all of it but config and err. */
void weir_draft_clear(struct weir_draft *d);

#endif
