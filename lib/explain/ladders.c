// SPDX-License-Identifier: BSD-3-Clause
#include "explain/ladders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/hdr.h"

#define CLIENT_MAX  64
#define BACKEND_MAX 144

struct one {
	struct weir_ladder ladder;
	char client[CLIENT_MAX], service[CLIENT_MAX + 32], backend[BACKEND_MAX];
	uint32_t isn;
	bool has_isn, ended;
	char *text; /* that is kept */
	size_t size;
};

struct weir_ladders {
	FILE *live;
	unsigned int n, max;
	unsigned long beyond; /* segments of connections that are too many */
	struct one *at[WEIR_LADDERS_MAX];
};

struct weir_ladders *weir_ladders_new(FILE *live, unsigned int max)
{
	struct weir_ladders *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->live = live;
	s->max = max < WEIR_LADDERS_MAX ? max : WEIR_LADDERS_MAX;
	return s;
}

static void one_free(struct weir_ladders *s, struct one *o)
{
	if (s->live == NULL && o->ladder.out != NULL)
		fclose(o->ladder.out);
	free(o->text);
	free(o);
}

void weir_ladders_free(struct weir_ladders *s)
{
	if (s == NULL)
		return;
	for (unsigned int i = 0; i < s->n; i++)
		one_free(s, s->at[i]);
	free(s);
}

static bool is_client_syn(const struct weir_arrow *a)
{
	return a->from == WEIR_RAIL_CLIENT &&
		(a->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN && !a->icmp;
}

/* The latest of that client and service; NULL: there is none, or the segment begins another one. */
static struct one *find(struct weir_ladders *s, const struct weir_ladder_of *of,
	const struct weir_arrow *a)
{
	for (unsigned int i = s->n; i-- > 0;) {
		struct one *o = s->at[i];

		if (strcmp(o->client, of->client) != 0 || strcmp(o->service, of->service) != 0)
			continue;
		return is_client_syn(a) && o->has_isn && a->seq != o->isn ? NULL : o;
	}
	return NULL;
}

static void heading(const struct one *o, const struct weir_ladder_of *of)
{
	const time_t at = (time_t)(of->wall_ns / 1000000000);
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(o->ladder.out, "#%u %s > %s, %s.%06u UTC\n", o->ladder.number, o->client,
		o->service, when, (unsigned int)(of->wall_ns % 1000000000 / 1000));
	weir_ladder_head(&o->ladder);
}

/* NULL: out of memory, or too many. */
static struct one *begin(struct weir_ladders *s, const struct weir_ladder_of *of, int *err)
{
	struct one *o;

	*err = 0;
	if (s->n == s->max) {
		s->beyond++;
		return NULL;
	}
	*err = -ENOMEM;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return NULL;
	o->ladder.out = s->live != NULL ? s->live : open_memstream(&o->text, &o->size);
	if (o->ladder.out == NULL) {
		free(o);
		return NULL;
	}
	snprintf(o->client, sizeof(o->client), "%s", of->client);
	snprintf(o->service, sizeof(o->service), "%s", of->service);
	s->at[s->n++] = o;
	o->ladder.number = s->n;
	heading(o, of);
	return o;
}

static void note_backend(struct one *o, const char *backend)
{
	char text[BACKEND_MAX + 16];

	if (backend == NULL || strncmp(o->backend, backend, sizeof(o->backend) - 1) == 0)
		return;
	snprintf(o->backend, sizeof(o->backend), "%s", backend);
	snprintf(text, sizeof(text), "backend: %s", o->backend);
	weir_ladder_note(&o->ladder, text);
}

static bool has_ended(const char *state)
{
	return strcmp(state, "CLOSED") == 0 || strcmp(state, "TIME_WAIT") == 0;
}

int weir_ladders_draw(struct weir_ladders *s, const struct weir_ladder_of *of,
	const struct weir_arrow *a)
{
	struct one *o = find(s, of, a);
	int err;

	if (o == NULL)
		o = begin(s, of, &err);
	if (o == NULL)
		return err;
	if (is_client_syn(a)) {
		o->isn = a->seq;
		o->has_isn = true;
	}
	note_backend(o, of->backend);
	weir_ladder_draw(&o->ladder, a);
	o->ended = has_ended(a->state[0]) && has_ended(a->state[1]);
	return 0;
}

void weir_ladders_print(struct weir_ladders *s, FILE *out)
{
	for (unsigned int i = 0; i < s->n && s->live == NULL; i++) {
		fflush(s->at[i]->ladder.out);
		fprintf(out, "%s%s", i > 0 ? "\n" : "", s->at[i]->text);
	}
	if (s->beyond > 0)
		fprintf(out, "\n%lu segments of more than %u connections are not drawn\n",
			s->beyond, s->max);
}

unsigned int weir_ladders_begun(const struct weir_ladders *s)
{
	return s->n;
}

unsigned int weir_ladders_ended(const struct weir_ladders *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->n; i++)
		n += s->at[i]->ended;
	return n;
}
