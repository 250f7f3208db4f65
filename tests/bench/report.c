// SPDX-License-Identifier: BSD-3-Clause
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *tsv;
static bool table;

void report_open(const char *tsv_path, bool with_table)
{
	if (tsv_path != NULL) {
		tsv = fopen(tsv_path, "w");
		if (tsv == NULL) {
			fprintf(stderr, "bench: %s: %s\n", tsv_path, strerror(errno));
			exit(1);
		}
		fprintf(tsv, "row\tparam\tat\tunit\tvalue\tq1\tq3\tmin\tfloor\tsamples\n");
	}
	table = with_table;
	if (table)
		printf("%-26s %12s %10s %9s %17s %8s %8s %7s\n", "# row", "with", "floor", "median",
			"quartiles", "min", "unit", "x floor");
}

void report_close(void)
{
	if (tsv != NULL && fclose(tsv) != 0) {
		fprintf(stderr, "bench: the TSV file could not be written\n");
		exit(1);
	}
	tsv = NULL;
}

void report_fact(const char *name, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("# %s: %s\n", name, text);
	if (tsv != NULL)
		fprintf(tsv, "# %s: %s\n", name, text);
}

/* 1000000 is "1 M". */
static const char *short_number(double value, char text[32])
{
	if (value >= 1e6)
		snprintf(text, 32, "%.4g M", value / 1e6);
	else if (value >= 1e3)
		snprintf(text, 32, "%.4g k", value / 1e3);
	else
		snprintf(text, 32, "%.4g", value);
	return text;
}

static void print_with(const char *row, const char *param, double at)
{
	char number[32], text[64];

	snprintf(text, sizeof(text), "%s %s", short_number(at, number), param);
	printf("%-26s %12s ", row, param[0] ? text : "");
}

static void print_cycles(double floor, double net, double q1, double q3, double min)
{
	printf("%10.1f %9.1f %8.1f-%8.1f %8.1f %8s ", floor, net, q1, q3, min, "cycles");
	if (floor > 0)
		printf("%7.1f\n", (net + floor) / floor);
	else
		printf("%7s\n", "");
	fflush(stdout);
}

void report_cycles(const char *row, const char *param, double at, const struct samples *s)
{
	double floor = s->floor.median;
	double net = s->full.median - floor, min = s->full.min - s->floor.min;
	double q1 = s->full.q1 - s->floor.q1, q3 = s->full.q3 - s->floor.q3;

	if (table) {
		print_with(row, param, at);
		print_cycles(floor, net, q1, q3, min);
	}
	if (tsv != NULL)
		fprintf(tsv, "%s\t%s\t%.10g\tcycles\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%u\n", row,
			param, at, net, q1, q3, min, floor, s->full.n);
}

void report_ratio(const char *row, const char *param, double at, const struct spread *s)
{
	if (table) {
		print_with(row, param, at);
		printf("%10s %9.2f %8.2f-%8.2f %8s %8s\n", "", s->median, s->q1, s->q3, "",
			"x one");
		fflush(stdout);
	}
	if (tsv != NULL)
		fprintf(tsv, "%s\t%s\t%.10g\tx one\t%.3f\t%.3f\t%.3f\t%.3f\t\t%u\n", row, param, at,
			s->median, s->q1, s->q3, s->min, s->n);
}

void report_value(const char *row, const char *param, double at, double value, const char *unit)
{
	if (table) {
		print_with(row, param, at);
		printf("%10s %9.4g %17s %8s %8s\n", "", value, "", "", unit);
		fflush(stdout);
	}
	if (tsv != NULL)
		fprintf(tsv, "%s\t%s\t%.10g\t%s\t%.6g\t\t\t\t\t1\n", row, param, at, unit, value);
}
