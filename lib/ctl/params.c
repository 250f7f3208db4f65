// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/params.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int weir_params_refuse(struct weir_params_error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	for (char *c = err->text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return -EINVAL;
}

/* Whether key is one of the words of "one, two, three". */
static bool listed(const char *key, const char *list)
{
	size_t len = strlen(key);

	for (const char *at = list; len > 0 && (at = strstr(at, key)) != NULL; at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

int weir_params_parse(struct weir_params *p, const char *text, const char *allowed,
	struct weir_params_error *err)
{
	char *save = NULL;

	p->n = 0;
	if (text == NULL)
		return 0;
	if (strlen(text) >= sizeof(p->text))
		return weir_params_refuse(err, "parameters longer than %zu characters",
			sizeof(p->text) - 1);
	strcpy(p->text, text);
	for (char *key = strtok_r(p->text, ",", &save); key; key = strtok_r(NULL, ",", &save)) {
		char *value = strchr(key, '=');

		if (value != NULL)
			*value++ = '\0';
		if (!listed(key, allowed))
			return weir_params_refuse(err, "unknown parameter '%.24s': allowed are %s",
				key, allowed);
		if (value == NULL || *value == '\0')
			return weir_params_refuse(err, "parameter %s needs a value: %s=...", key,
				key);
		if (weir_params_get(p, key) != NULL)
			return weir_params_refuse(err, "parameter %s is given twice", key);
		if (p->n == WEIR_PARAMS_MAX)
			return weir_params_refuse(err, "too many parameters");
		p->at[p->n].key = key;
		p->at[p->n++].value = value;
	}
	return 0;
}

const char *weir_params_get(const struct weir_params *p, const char *key)
{
	for (unsigned int i = 0; i < p->n; i++)
		if (strcmp(p->at[i].key, key) == 0)
			return p->at[i].value;
	return NULL;
}

int weir_params_number(const struct weir_params *p, const char *key, uint64_t min, uint64_t max,
	uint64_t *value, struct weir_params_error *err)
{
	const char *text = weir_params_get(p, key);
	unsigned long long number;
	char *end;

	if (text == NULL)
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || number < min ||
		number > max)
		return weir_params_refuse(err,
			"%s=%.24s: must be a number from %" PRIu64 " to %" PRIu64, key, text, min,
			max);
	*value = number;
	return 0;
}
