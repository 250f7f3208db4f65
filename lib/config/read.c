// SPDX-License-Identifier: BSD-3-Clause
/*
 * From libconfig's tree to the draft, by the table of keys: checks types and ranges, and knows no
 * meaning of a value.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/draft.h"
#include "config/keys.h"
#include "wire/nd.h"

static int read_group(struct weir_draft *d, const struct weir_conf_group *g,
	const config_setting_t *at, void *out);

/* INVARIANT: the table's range fits into size. */
static void store(const struct weir_conf_key *k, void *out, int64_t value)
{
	uint8_t v8 = (uint8_t)value;
	uint16_t v16 = (uint16_t)value;
	uint32_t v32 = (uint32_t)value;

	switch (k->size) {
	case 1:
		memcpy(out, &v8, 1);
		break;
	case 2:
		memcpy(out, &v16, 2);
		break;
	case 4:
		memcpy(out, &v32, 4);
		break;
	}
}

static bool is_int(const config_setting_t *at)
{
	return config_setting_type(at) == CONFIG_TYPE_INT ||
		config_setting_type(at) == CONFIG_TYPE_INT64;
}

static const char *string_of(const config_setting_t *at)
{
	return config_setting_type(at) == CONFIG_TYPE_STRING ? config_setting_get_string(at) : NULL;
}

static int read_int(struct weir_draft *d, const struct weir_conf_key *k, const config_setting_t *at,
	void *out)
{
	long long value = config_setting_get_int64(at); /* also of an int */

	if (!is_int(at))
		return weir_draft_refuse(d, at, "must be a whole number");
	if (value < k->min || value > k->max)
		return weir_draft_refuse(d, at, "must be %lld..%lld", (long long)k->min,
			(long long)k->max);
	if (k->type == WEIR_CONF_TCP_PORT)
		value = __builtin_bswap16((uint16_t)value);
	store(k, out, value);
	return 0;
}

static int read_time(struct weir_draft *d, const struct weir_conf_key *k,
	const config_setting_t *at, void *out)
{
	double seconds, ms;

	if (is_int(at))
		seconds = (double)config_setting_get_int64(at);
	else if (config_setting_type(at) == CONFIG_TYPE_FLOAT)
		seconds = config_setting_get_float(at);
	else
		return weir_draft_refuse(d, at, "must be a number of seconds");
	ms = seconds * 1000 + 0.5; /* to be cut: 7.25 is 7250, whatever its binary fraction */
	if (!(seconds >= 0 && ms >= (double)k->min && ms < (double)k->max + 1))
		return weir_draft_refuse(d, at, "must be %g..%g seconds", (double)k->min / 1000,
			(double)k->max / 1000);
	store(k, out, (int64_t)ms);
	return 0;
}

static int read_word(struct weir_draft *d, const struct weir_conf_key *k,
	const config_setting_t *at, void *out)
{
	const char *text = string_of(at);
	char all[128] = "";

	for (int i = 0; k->words[i] != NULL; i++) {
		if (text != NULL && strcmp(text, k->words[i]) == 0) {
			store(k, out, i);
			return 0;
		}
		if (i > 0)
			strcat(all, k->words[i + 1] != NULL ? ", " : " or ");
		strcat(strcat(strcat(all, "\""), k->words[i]), "\"");
	}
	return weir_draft_refuse(d, at, "must be %s", all);
}

static int read_text(struct weir_draft *d, const struct weir_conf_key *k,
	const config_setting_t *at, void *out)
{
	const char *text = string_of(at);

	if (text == NULL)
		return weir_draft_refuse(d, at, "must be a text in quotes");
	if (k->type == WEIR_CONF_STRING) {
		memcpy(out, &text, sizeof(text));
		return 0;
	}
	if (text[0] == '\0' || strlen(text) >= k->size)
		return weir_draft_refuse(d, at, "must have 1..%zu characters", k->size - 1);
	if (k->type == WEIR_CONF_NAME &&
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") !=
			strlen(text))
		return weir_draft_refuse(d, at, "must be of letters, digits and _ . - only");
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

static int refuse_addr(struct weir_draft *d, const config_setting_t *at, int err,
	const char *wanted)
{
	if (err == -EAFNOSUPPORT)
		return weir_draft_refuse(d, at,
			"is an IPv4 address mapped into IPv6: write the IPv4 address");
	return weir_draft_refuse(d, at, "must be an IP address %s", wanted);
}

static int read_addr(struct weir_draft *d, const config_setting_t *at, struct weir_addr *out)
{
	const char *text = string_of(at);
	int err = text != NULL ? weir_addr_parse(text, out) : -EINVAL;

	return err != 0 ? refuse_addr(d, at, err, "in quotes") : 0;
}

static int read_router(struct weir_draft *d, const config_setting_t *at, struct weir_addr *out)
{
	const char *text = string_of(at);

	if (text == NULL || strcmp(text, "auto") != 0)
		return read_addr(d, at, out);
	*out = weir_nd_any_router();
	return 0;
}

static int read_mac(struct weir_draft *d, const config_setting_t *at, uint8_t out[6])
{
	const char *text = string_of(at);
	uint8_t m[6];
	char end;

	if (text == NULL || strlen(text) != strlen("02:00:00:00:00:01") ||
		sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &m[0], &m[1], &m[2], &m[3],
			&m[4], &m[5], &end) != 6)
		return weir_draft_refuse(d, at,
			"must be a MAC address in quotes: \"02:00:00:00:00:01\"");
	if ((m[0] & 1) != 0 || (m[0] | m[1] | m[2] | m[3] | m[4] | m[5]) == 0)
		return weir_draft_refuse(d, at, "is no host's MAC address");
	memcpy(out, m, sizeof(m));
	return 0;
}

/* The bits of "/24"; -1: it is no number of three digits at most. */
static int prefix_of(const char *slash)
{
	unsigned int bits;
	char end;

	if (slash == NULL || slash[1] < '0' || slash[1] > '9' || strlen(slash) > 4 ||
		sscanf(slash + 1, "%u%c", &bits, &end) != 1)
		return -1;
	return (int)bits;
}

static int refuse_net(struct weir_draft *d, const struct weir_conf_key *k,
	const config_setting_t *at, int err)
{
	return refuse_addr(d, at, err,
		k->type == WEIR_CONF_PREFIX
			? "in quotes, or a prefix: \"192.0.2.80\", \"192.0.2.0/28\""
			: "with its prefix: \"192.0.2.1/24\" or \"2001:db8::1/64\"");
}

static int read_net(struct weir_draft *d, const struct weir_conf_key *k, const config_setting_t *at,
	struct weir_interface_addr *out)
{
	const char *text = string_of(at), *slash = text != NULL ? strchr(text, '/') : NULL;
	const bool whole = slash == NULL && k->type == WEIR_CONF_PREFIX && text != NULL;
	const size_t len = whole ? strlen(text) : slash != NULL ? (size_t)(slash - text) : 0;
	int bits = whole ? 0 : prefix_of(slash), most, err = -EINVAL;
	char addr[WEIR_ADDR_TEXT] = "";

	if (bits >= 0 && len < sizeof(addr)) {
		memcpy(addr, text, len);
		err = weir_addr_parse(addr, &out->addr);
	}
	if (err != 0)
		return refuse_net(d, k, at, err);
	most = weir_addr_is_v4(&out->addr) ? 32 : 128;
	if (bits > most)
		return weir_draft_refuse(d, at, "has a prefix of more than %d bits", most);
	out->prefix = (uint8_t)(128 - most + (whole ? most : bits));
	return 0;
}

/* A number of its own, of five digits at most, and what is behind it; -1: there is none. */
static int take_port(const char **text)
{
	int digits = 0, port = 0;

	while (digits < 5 && **text >= '0' && **text <= '9') {
		port = 10 * port + *(*text)++ - '0';
		digits++;
	}
	return digits > 0 ? port : -1;
}

static int read_ports(struct weir_draft *d, const struct weir_conf_key *k,
	const config_setting_t *at, struct weir_draft_ports *out)
{
	const char *text = string_of(at);
	long long first = is_int(at) ? config_setting_get_int64(at) : -1, last = first;

	if (!is_int(at) && text == NULL)
		return weir_draft_refuse(d, at, "must be a port or a range: 80, \"8000-8099\"");
	if (text != NULL) {
		first = last = take_port(&text);
		if (*text == '-') {
			text++;
			last = take_port(&text);
		}
		if (first < 0 || last < 0 || *text != '\0')
			return weir_draft_refuse(d, at,
				"must be a port or a range: 80, \"8000-8099\"");
	}
	if (first < k->min || first > k->max || last < k->min || last > k->max)
		return weir_draft_refuse(d, at, "must be %lld..%lld", (long long)k->min,
			(long long)k->max);
	if (last < first)
		return weir_draft_refuse(d, at, "ends before it begins");
	*out = (struct weir_draft_ports){(uint16_t)first, (uint16_t)last};
	return 0;
}

static int read_one(struct weir_draft *d, const struct weir_conf_key *k, const config_setting_t *at,
	void *out)
{
	switch (k->type) {
	case WEIR_CONF_INT:
	case WEIR_CONF_TCP_PORT:
		return read_int(d, k, at, out);
	case WEIR_CONF_TCP_PORTS:
		return read_ports(d, k, at, out);
	case WEIR_CONF_TIME:
		return read_time(d, k, at, out);
	case WEIR_CONF_BOOL:
		if (config_setting_type(at) != CONFIG_TYPE_BOOL)
			return weir_draft_refuse(d, at, "must be true or false");
		store(k, out, config_setting_get_bool(at));
		return 0;
	case WEIR_CONF_WORD:
		return read_word(d, k, at, out);
	case WEIR_CONF_NAME:
	case WEIR_CONF_TEXT:
	case WEIR_CONF_STRING:
		return read_text(d, k, at, out);
	case WEIR_CONF_ROUTER:
		return read_router(d, at, out);
	case WEIR_CONF_ADDR:
		return read_addr(d, at, out);
	case WEIR_CONF_MAC:
		return read_mac(d, at, out);
	case WEIR_CONF_SUBNET:
	case WEIR_CONF_PREFIX:
		return read_net(d, k, at, out);
	case WEIR_CONF_GROUP:
		if (!config_setting_is_group(at))
			return weir_draft_refuse(d, at, "must be a group: { ... }");
		return read_group(d, k->group, at, out);
	}
	return -EINVAL;
}

static bool is_list(const config_setting_t *at)
{
	return config_setting_is_list(at) || config_setting_is_array(at);
}

static int check_list(struct weir_draft *d, const struct weir_conf_key *k,
	const config_setting_t *at)
{
	const bool groups = k->type == WEIR_CONF_GROUP;
	const uint32_t n = (uint32_t)config_setting_length(at);

	if (k->or_one && !config_setting_is_aggregate(at))
		return 0;
	if (!is_list(at) || (groups && !config_setting_is_list(at)))
		return weir_draft_refuse(d, at, "must be a list: %s",
			groups ? "( { ... }, { ... } )" : "[ ..., ... ]");
	if (n > k->max_items || (k->required && n == 0))
		return weir_draft_refuse(d, at, "has %u entries, must have %d..%u", n, k->required,
			k->max_items);
	return 0;
}

static int read_list(struct weir_draft *d, const struct weir_conf_key *k,
	const config_setting_t *at, char *out)
{
	const bool alone = !config_setting_is_aggregate(at);
	uint32_t n = alone ? 1 : (uint32_t)config_setting_length(at);
	char *items;
	int ret = check_list(d, k, at);

	if (n == 0 || ret != 0)
		return ret;
	items = calloc(n, k->size);
	if (items == NULL)
		return -ENOMEM;
	memcpy(out + k->offset, &items, sizeof(items));
	memcpy(out + k->count_offset, &n, sizeof(n));
	for (uint32_t i = 0; i < n && ret == 0; i++) {
		const config_setting_t *item = alone ? at : config_setting_get_elem(at, i);

		if (k->type == WEIR_CONF_GROUP)
			memcpy(items + i * k->size, &item, sizeof(item)); /* its `at` */
		ret = read_one(d, k, item, items + i * k->size);
	}
	return ret;
}

static bool is_named(const config_setting_t *at, const char *name)
{
	return name != NULL && config_setting_name(at) != NULL &&
		strcmp(config_setting_name(at), name) == 0;
}

static int refuse_unknown(struct weir_draft *d, const struct weir_conf_group *g,
	const config_setting_t *at)
{
	char known[256] = "";

	for (unsigned int i = 0; i < g->n_keys; i++) {
		const char *name = g->keys[i].name;

		if (is_named(at, name) || is_named(at, g->keys[i].old_name))
			return 0;
		if (i > 0)
			strcat(known, ", ");
		strcat(known, name);
	}
	return weir_draft_refuse(d, at, "unknown key; known here: %s", known);
}

/* *at: the key's setting, also under its former name, or NULL. 0 or -errno. */
static int find_key(struct weir_draft *d, const struct weir_conf_key *k,
	const config_setting_t *group, const config_setting_t **at)
{
	const config_setting_t *old = NULL;

	*at = group != NULL ? config_setting_get_member(group, k->name) : NULL;
	if (group != NULL && k->old_name != NULL)
		old = config_setting_get_member(group, k->old_name);
	if (old == NULL)
		return 0;
	if (*at != NULL)
		return weir_draft_refuse(d, old, "is the former name of \"%s\": give one of them",
			k->name);
	*at = old;
	return weir_draft_warn(d, old, "is called \"%s\" now: rename it", k->name);
}

/* group == NULL: it is not there, its keys have their defaults. */
static int read_key(struct weir_draft *d, const struct weir_conf_key *k,
	const config_setting_t *group, char *out)
{
	const config_setting_t *at;
	int ret = find_key(d, k, group, &at);

	if (ret != 0)
		return ret;
	if (at != NULL)
		return k->max_items != 0 ? read_list(d, k, at, out)
					 : read_one(d, k, at, out + k->offset);
	if (k->required && group != NULL)
		return weir_draft_refuse(d, group, "needs \"%s\"", k->name);
	if (k->type == WEIR_CONF_GROUP && k->max_items == 0)
		return read_group(d, k->group, NULL, out + k->offset);
	if (k->max_items == 0)
		store(k, out + k->offset, k->def);
	return 0;
}

static int read_group(struct weir_draft *d, const struct weir_conf_group *g,
	const config_setting_t *at, void *out)
{
	int ret = 0;

	for (int i = 0; at != NULL && i < config_setting_length(at) && ret == 0; i++)
		ret = refuse_unknown(d, g, config_setting_get_elem(at, (unsigned int)i));
	for (unsigned int i = 0; i < g->n_keys && ret == 0; i++)
		ret = read_key(d, &g->keys[i], at, out);
	return ret;
}

/* libconfig's text is terse: the line in question is added. */
static int refuse_syntax(struct weir_draft *d)
{
	const char *what = config_error_text(&d->tree), *text = d->text;
	struct weir_draft_part at = weir_draft_place(d, (unsigned int)config_error_line(&d->tree));
	size_t n;

	for (unsigned int i = 1; i < at.first && strchr(text, '\n') != NULL; i++)
		text = strchr(text, '\n') + 1;
	text += strspn(text, " \t");
	n = strcspn(text, "\r\n");
	return weir_draft_refuse_line(d, at.file, at.line, "%s%s: %.*s", what,
		strcmp(what, "syntax error") == 0 ? " here or at the end of the line before" : "",
		n < 200 ? (int)n : 200, text);
}

int weir_draft_read(struct weir_draft *d)
{
	if (config_read_string(&d->tree, d->text) != CONFIG_TRUE)
		return refuse_syntax(d);
	d->at = config_root_setting(&d->tree);
	return read_group(d, &weir_conf_root, d->at, d);
}
