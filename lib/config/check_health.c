// SPDX-License-Identifier: BSD-3-Clause
/* Health checks: which keys go with which type, defaults that follow from others, files that must be there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/check.h"

#define OF(type) (1u << (type))

/* Keys that not every type of check has. */
static const struct {
	const char *key;
	unsigned int of;
	const char *words;
} particular[] = {
	{"send", OF(WEIR_CHECK_TCP), "\"tcp\""},
	{"expect", OF(WEIR_CHECK_TCP), "\"tcp\""},
	{"interface", OF(WEIR_CHECK_TCP) | OF(WEIR_CHECK_HTTP) | OF(WEIR_CHECK_HTTPS),
		"\"tcp\", \"http\" and \"https\""},
	{"host", OF(WEIR_CHECK_HTTP) | OF(WEIR_CHECK_HTTPS), "\"http\" and \"https\""},
	{"path", OF(WEIR_CHECK_HTTP) | OF(WEIR_CHECK_HTTPS), "\"http\" and \"https\""},
	{"method", OF(WEIR_CHECK_HTTP) | OF(WEIR_CHECK_HTTPS), "\"http\" and \"https\""},
	{"status", OF(WEIR_CHECK_HTTP) | OF(WEIR_CHECK_HTTPS), "\"http\" and \"https\""},
	{"body", OF(WEIR_CHECK_HTTP) | OF(WEIR_CHECK_HTTPS), "\"http\" and \"https\""},
	{"verify", OF(WEIR_CHECK_HTTPS), "\"https\""},
	{"ca", OF(WEIR_CHECK_HTTPS), "\"https\""},
	{"command", OF(WEIR_CHECK_EXEC), "\"exec\""},
};

static int check_keys(struct weir_draft *d, const struct weir_check *c, const config_setting_t *at)
{
	for (size_t i = 0; i < sizeof(particular) / sizeof(particular[0]); i++) {
		const config_setting_t *key = weir_draft_key(at, particular[i].key);

		if (key != at && !(particular[i].of & OF(c->type)))
			return weir_draft_refuse(d, key, "is for checks of type %s only",
				particular[i].words);
	}
	return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* One that lasts longer than an interval would make the next one late. */
static int check_times(struct weir_draft *d, struct weir_check *c, const config_setting_t *at)
{
	uint32_t shortest;

	if (c->fastinter_ms == 0)
		c->fastinter_ms = c->inter_ms / 2;
	if (c->downinter_ms == 0)
		c->downinter_ms = c->inter_ms;
	if (c->fastinter_ms > c->inter_ms)
		return weir_draft_refuse(d, weir_draft_key(at, "fastinter"),
			"must not be longer than inter, which is %g", c->inter_ms / 1000.0);
	shortest = least(c->fastinter_ms, c->downinter_ms);
	if (c->timeout_ms == 0)
		c->timeout_ms = shortest;
	if (c->timeout_ms > shortest)
		return weir_draft_refuse(d, weir_draft_key(at, "timeout"),
			"must not be longer than fastinter and downinter, the shorter of which is "
			"%g",
			shortest / 1000.0);
	return 0;
}

/* Nothing that would end a line of the request, or a part of the URL. */
static bool is_plain(const char *text, const char *but)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text == 0x7f || strchr(but, *text) != NULL)
			return false;
	return true;
}

static int check_http(struct weir_draft *d, struct weir_draft_check *h, const config_setting_t *at)
{
	struct weir_check *c = &h->check;

	if (c->path[0] == '\0')
		strcpy(c->path, "/");
	if (c->path[0] != '/' || !is_plain(c->path, "#"))
		return weir_draft_refuse(d, weir_draft_key(at, "path"),
			"must begin with / and have no blanks");
	if (!is_plain(c->host, "/?#@:[]"))
		return weir_draft_refuse(d, weir_draft_key(at, "host"),
			"must be a host's name, without a port");
	if (weir_check_parse_status(c, h->status != NULL ? h->status : "200-399") != 0)
		return weir_draft_refuse(d, weir_draft_key(at, "status"),
			"must be numbers of 100..599 and ranges of them, %d at most: \"200-399\", "
			"\"200,204\"",
			WEIR_CHECK_STATUS);
	return 0;
}

/* The file of certificates, from where the configuration stands. */
static int check_ca(struct weir_draft *d, struct weir_check *c, const config_setting_t *at)
{
	const config_setting_t *key = weir_draft_key(at, "ca");
	char *path;
	int ret = 0;

	if (c->ca[0] == '\0')
		return 0;
	path = weir_draft_path(d, c->ca);
	if (path == NULL)
		return -ENOMEM;
	if (strlen(path) >= sizeof(c->ca))
		ret = weir_draft_refuse(d, key, "is too long with the configuration's directory");
	else if (access(path, R_OK) != 0)
		ret = weir_draft_refuse(d, key, "%s", strerror(errno));
	else
		strcpy(c->ca, path);
	free(path);
	return ret;
}

static int check_command(struct weir_draft *d, struct weir_draft_check *h,
	const config_setting_t *at)
{
	const config_setting_t *key = weir_draft_key(at, "command");
	char *to = h->check.command, *end = to + sizeof(h->check.command);

	if (h->n_command == 0)
		return weir_draft_refuse(d, at, "needs \"command\": [ \"/path/to/program\" ]");
	for (uint32_t i = 0; i < h->n_command; i++) {
		const size_t n = strlen(h->command[i]) + 1;

		if (n > (size_t)(end - to))
			return weir_draft_refuse(d, key, "must have at most %d bytes in all",
				WEIR_CHECK_COMMAND);
		memcpy(to, h->command[i], n);
		to += n;
	}
	h->check.n_args = h->n_command;
	if (h->check.command[0] != '/')
		return weir_draft_refuse(d, config_setting_get_elem(key, 0),
			"must be the whole path of a program: it begins with /");
	if (access(h->check.command, X_OK) != 0)
		return weir_draft_refuse(d, config_setting_get_elem(key, 0), "%s", strerror(errno));
	return 0;
}

/* What a backend says of its check has no meaning without one. */
static int check_backends(struct weir_draft *d, const struct weir_draft_service *s)
{
	for (uint32_t i = 0; i < s->n_backends; i++) {
		const struct weir_draft_backend *b = &s->backends[i];
		const config_setting_t *at = weir_draft_key(b->at, "check");

		if (at != b->at && !s->has_check)
			return weir_draft_refuse(d, at, "its service has no \"check\"");
	}
	return 0;
}

int weir_check_health(struct weir_draft *d, struct weir_draft_service *s)
{
	const config_setting_t *at = weir_draft_key(s->at, "check");
	struct weir_check *c = &s->check.check;
	int ret;

	s->has_check = at != s->at;
	ret = check_backends(d, s);
	if (ret < 0 || !s->has_check)
		return ret;
	ret = check_keys(d, c, at);
	if (ret == 0)
		ret = check_times(d, c, at);
	if (ret < 0)
		return ret;
	switch ((enum weir_check_type)c->type) {
	case WEIR_CHECK_TCP:
		return 0;
	case WEIR_CHECK_HTTP:
	case WEIR_CHECK_HTTPS:
		ret = check_http(d, &s->check, at);
		return ret == 0 ? check_ca(d, c, at) : ret;
	case WEIR_CHECK_EXEC:
		return check_command(d, &s->check, at);
	}
	return 0;
}
