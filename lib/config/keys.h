/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every key of the configuration file, as a table: its name, type, range, default, and where in the
 * draft it goes. The reader is driven by it, and a test compares docs/configuration.md with it.
 */
#ifndef WEIR_CONFIG_KEYS_H
#define WEIR_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum weir_conf_type {
	WEIR_CONF_INT,
	WEIR_CONF_TIME, /* seconds, whole or not, in the file; ms in the table and the draft */
	WEIR_CONF_BOOL,
	WEIR_CONF_WORD,      /* one of words; stored as its index */
	WEIR_CONF_NAME,      /* char[size], letters, digits and ._- */
	WEIR_CONF_TEXT,      /* char[size] */
	WEIR_CONF_STRING,    /* const char *, the tree's */
	WEIR_CONF_TCP_PORT,  /* stored in network order */
	WEIR_CONF_TCP_PORTS, /* 80 or "8000-8099": struct weir_draft_ports */
	WEIR_CONF_ADDR,      /* struct weir_addr */
	WEIR_CONF_ROUTER,    /* the same, or "auto", which is weir_nd_any_router() */
	WEIR_CONF_MAC,       /* "02:00:00:00:00:01": six bytes, not all zero, no group's */
	WEIR_CONF_SUBNET,    /* "address/bits": struct weir_interface_addr */
	WEIR_CONF_PREFIX,    /* the same, or an address alone, which is a prefix of all its bits */
	WEIR_CONF_GROUP,
};

struct weir_conf_key {
	const char *name;
	enum weir_conf_type type;
	bool required;
	/* a default outside of the range means: none of its own; check.c finds zero and decides */
	int64_t min, max, def;
	const char *const *words; /* ends in NULL */
	const struct weir_conf_group *group;
	size_t offset, size; /* of one value, in what its group is read into */
	/* a list: [ ] or ( ) of values, ( ) of groups. offset: a pointer to the values, allocated */
	uint32_t max_items; /* 0: no list */
	size_t count_offset;
	bool or_one;          /* a list of one may be written as its value */
	const char *old_name; /* a former name, accepted with a warning; NULL: none */
};

struct weir_conf_group {
	const struct weir_conf_key *keys;
	unsigned int n_keys;
};

extern const struct weir_conf_group weir_conf_root;

#endif
