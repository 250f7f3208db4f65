// SPDX-License-Identifier: BSD-3-Clause
#include "config/draft.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"

/* A message being put together: what does not fit is cut off. */
struct line {
	char *text;
	size_t size, len;
};

static void line_vadd(struct line *l, const char *format, va_list args)
{
	int n = vsnprintf(l->text + l->len, l->size - l->len, format, args);

	if (n > 0)
		l->len += (size_t)n < l->size - l->len ? (size_t)n : l->size - l->len - 1;
}

__attribute__((format(printf, 2, 3))) static void line_add(struct line *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_vadd(l, format, args);
	va_end(args);
}

/* INVARIANT: a message is one line, whatever bytes the file holds. */
static void line_finish(struct line *l)
{
	for (size_t i = 0; i < l->len; i++)
		if ((unsigned char)l->text[i] < ' ' || l->text[i] == 0x7f)
			l->text[i] = '?';
}

static void add_file(struct line *l, const struct weir_draft *d, const char *file)
{
	if (file == NULL)
		line_add(l, "%s:", d->path);
	else
		line_add(l, "%s%s:", d->dir, file);
}

static void add_path(struct line *l, const config_setting_t *at)
{
	const config_setting_t *parent = config_setting_parent(at);

	if (config_setting_is_root(at))
		return;
	add_path(l, parent);
	if (config_setting_name(at) == NULL)
		line_add(l, "[%d]", config_setting_index(at));
	else
		line_add(l, "%s%s", config_setting_is_root(parent) ? "" : ".",
			config_setting_name(at));
}

static void add_value(struct line *l, const config_setting_t *at)
{
	switch (config_setting_type(at)) {
	case CONFIG_TYPE_INT:
		line_add(l, " = %d", config_setting_get_int(at));
		break;
	case CONFIG_TYPE_INT64:
		line_add(l, " = %lld", config_setting_get_int64(at));
		break;
	case CONFIG_TYPE_FLOAT:
		line_add(l, " = %g", config_setting_get_float(at));
		break;
	case CONFIG_TYPE_BOOL:
		line_add(l, " = %s", config_setting_get_bool(at) ? "true" : "false");
		break;
	case CONFIG_TYPE_STRING:
		line_add(l, " = \"%.200s\"", config_setting_get_string(at));
		break;
	default: /* a group or list: too long for a line */
		break;
	}
}

static void add_rule(struct line *l, const struct weir_draft *d, const config_setting_t *at,
	const char *rule, va_list args)
{
	struct weir_draft_part place = {.line = 1}; /* of the root: the main file's */

	if (!config_setting_is_root(at))
		place = weir_draft_place(d, config_setting_source_line(at));
	add_file(l, d, place.file);
	line_add(l, "%u: ", place.line);
	if (!config_setting_is_root(at)) {
		add_path(l, at);
		add_value(l, at);
		line_add(l, ": ");
	}
	line_vadd(l, rule, args);
	line_finish(l);
}

int weir_draft_refuse(struct weir_draft *d, const config_setting_t *at, const char *rule, ...)
{
	struct line l = {.text = d->err->text, .size = sizeof(d->err->text)};
	va_list args;

	va_start(args, rule);
	add_rule(&l, d, at, rule, args);
	va_end(args);
	return -EINVAL;
}

int weir_draft_warn(struct weir_draft *d, const config_setting_t *at, const char *rule, ...)
{
	char text[sizeof(d->err->text)] = "";
	struct line l = {.text = text, .size = sizeof(text)};
	struct weir_config *c = d->config;
	char **grown;
	va_list args;

	va_start(args, rule);
	add_rule(&l, d, at, rule, args);
	va_end(args);
	grown = realloc(c->warnings, (c->n_warnings + 1) * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	c->warnings = grown;
	grown[c->n_warnings] = strdup(text);
	if (grown[c->n_warnings] == NULL)
		return -ENOMEM;
	c->n_warnings++;
	return 0;
}

int weir_draft_refuse_line(struct weir_draft *d, const char *file, unsigned int line,
	const char *rule, ...)
{
	struct line l = {.text = d->err->text, .size = sizeof(d->err->text)};
	va_list args;

	add_file(&l, d, file);
	if (line != 0)
		line_add(&l, "%u:", line);
	line_add(&l, " ");
	va_start(args, rule);
	line_vadd(&l, rule, args);
	va_end(args);
	line_finish(&l);
	return -EINVAL;
}

const config_setting_t *weir_draft_key(const config_setting_t *at, const char *key)
{
	/* it only looks, but libconfig 1.5 has no const for that */
	const config_setting_t *s = config_setting_lookup((config_setting_t *)(uintptr_t)at, key);

	return s != NULL ? s : at;
}

struct weir_draft_part weir_draft_place(const struct weir_draft *d, unsigned int line)
{
	uint32_t i = d->n_parts - 1;

	while (i > 0 && d->parts[i].first > line)
		i--;
	return (struct weir_draft_part){.first = line,
		.line = d->parts[i].line + line - d->parts[i].first,
		.file = d->parts[i].file};
}

char *weir_draft_path(const struct weir_draft *d, const char *name)
{
	char *path;

	if (asprintf(&path, "%s%s", name[0] == '/' ? "" : d->dir, name) < 0)
		return NULL;
	return path;
}

static void clear_hops(struct weir_draft_hops *h)
{
	free(h->addrs);
	free(h->macs);
}

static void clear_interface(struct weir_draft_interface *i)
{
	free(i->addrs);
	for (unsigned int f = 0; f < WEIR_DRAFT_FAMILIES; f++)
		clear_hops(&i->gateway[f]);
	for (uint32_t r = 0; r < i->n_routes; r++)
		clear_hops(&i->routes[r].via);
	free(i->routes);
}

static void clear_port(struct weir_draft_port *p)
{
	for (uint32_t i = 0; i < p->n_vlans; i++)
		clear_interface(&p->vlans[i]);
	free(p->vlans);
	free(p->peers);
	clear_interface(&p->own);
}

void weir_draft_clear(struct weir_draft *d)
{
	for (uint32_t i = 0; i < d->n_ports; i++)
		clear_port(&d->ports[i]);
	for (uint32_t i = 0; i < d->n_services; i++) {
		free(d->services[i].vips);
		free(d->services[i].ports);
		free(d->services[i].backends);
		free(d->services[i].check.command);
	}
	free(d->ports);
	free(d->services);
	weir_index_free(&d->vips);
	free(d->lcores);
	free(d->eal);
	for (uint32_t i = 0; i < d->n_files; i++)
		free(d->files[i]);
	free(d->files);
	free(d->parts);
	free(d->text);
	free(d->dir);
	config_destroy(&d->tree);
}
