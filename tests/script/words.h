/* SPDX-License-Identifier: BSD-3-Clause */
/* A line of a script, word by word; and the one way in which a run ends before its end. */
#ifndef WEIR_SCRIPT_WORDS_H
#define WEIR_SCRIPT_WORDS_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#define WORDS_LINE_MAX 512

/* Where and why. */
struct failure {
	jmp_buf out;
	char file[256];
	unsigned int line;
	char reason[200];  /* a line */
	char detail[1024]; /* expected and got, or nothing */
};

struct words {
	struct failure *failure; /* file and line are kept here */
	char text[2 * WORDS_LINE_MAX];
	char *at[WORDS_LINE_MAX];
	unsigned int n, next;
};

/* Cuts a line into words; "<", ">" and "," are words of their own, "//" and what follows is none. */
void words_cut(struct words *w, const char *line);

/* The next word, or NULL at the end of the line; it is not taken. */
const char *words_peek(const struct words *w);
/* Takes it; at the end of the line the script is wrong: `what` is missing. */
const char *words_take(struct words *w, const char *what);
/* Takes the next word if it is that one. */
bool words_accept(struct words *w, const char *word);

/* The next word as a number of 32 bits, decimal or 0x; below 0 it wraps. */
uint32_t words_number(struct words *w, const char *what);
/* ... as seconds, with up to three decimals: milliseconds. */
uint64_t words_seconds(struct words *w);

/* The words up to here are all there may be. */
void words_end(const struct words *w);

/* The run ends: the reason is printf's. */
_Noreturn void fail(struct failure *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
