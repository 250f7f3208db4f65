/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must hold whatever happens. The shell (tests/lib) looks at the core itself: checksums, packet
 * balance, tables; here is what the ends of the connections see. The first thing that is wrong ends
 * the program: seed, reason, and the last packets of the connection concerned.
 */
#ifndef WEIR_SIM_CHECK_H
#define WEIR_SIM_CHECK_H

#include "app.h"
#include "front.h"
#include "profile.h"

/* What a failure says besides its reason. */
struct sim_scene {
	struct sim_spec spec;
	const struct sim_trace *trace;
	const struct sim_queue *queue;
	const char *pcap; /* NULL: not wanted */
	uint32_t lines;
};

/* From now on a failure, of an assertion or an abort() anywhere too, says this. */
void sim_check_begin(const struct sim_scene *scene);

_Noreturn void sim_fail(struct sim_tuple who, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * An application has read which stream it reads: the two belong together, and no third one to them.
 * false: the stream is an attacker's, which has guessed a cookie as odds allow; or a late duplicate of
 * what another backend has read, whose spent cookie may be forgotten by now (HC-35): a->repeated.
 */
bool sim_check_pair(struct sim_app *a);
/* A backend knows its client: that is what the PROXY header has told, if there was one. */
void sim_check_header(const struct sim_app *a);
_Noreturn void sim_check_wrong_byte(const struct sim_app *a);
/* Nothing was read that was not written. */
void sim_check_read(const struct sim_app *a);
/* ... and at the end nothing is missing. */
void sim_check_eof(const struct sim_app *a);
/* A client's handshake is complete. */
void sim_check_handshake(const struct sim_app *a);

/* A good segment reached a peer: windows and timestamps are as this end has promised them. */
void sim_check_received(struct sim_peer *p, const struct sim_seg *s);

/* Between bursts: no more is remembered than the limits allow. */
void sim_check_limits(const struct sim_front *f);

/* A frame reached a host that is none for it, though its link spoils nothing. */
_Noreturn void sim_check_garbled(struct sim_host *h);

/* A frame leaves synweir for a client: to its MAC address, which ends in its IP address. */
void sim_check_to_client(struct sim_world *w, const struct shell_out *out, struct sim_tuple who);

/* A frame leaves synweir for a backend. */
void sim_check_to_backend(struct sim_world *w, const struct shell_out *out, struct sim_tuple who);

/* check_calm.c */

/* A frame leaves of that service: a SYN or SYN-ACK that passes does so as it is. */
void sim_check_syn(struct sim_world *w, const struct shell_out *out, struct sim_tuple who,
	unsigned int service);
/* The two ends are known to belong together: where no cookie was, no number is translated. */
void sim_check_numbers(const struct sim_conn *c);
/* A frame that a backend may get whether its client has proved itself or not (HC-70). */
bool sim_check_may_be_anybody(const struct sim_world *w, const struct shell_out *out);

/* Two honest ends must not keep each other busy for ever. */
void sim_check_storm(const struct sim_world *w, struct sim_tuple who);

/* Its time is over: everything was delivered, or both ends know that it was not. */
void sim_check_judge(struct sim_conn *c);

/* The world's end: nothing is left anywhere. */
void sim_check_quiet(struct sim_world *w);

#endif
