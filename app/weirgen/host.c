// SPDX-License-Identifier: BSD-3-Clause
#include "host.h"

#include "base/seq.h"
#include "flow/counters.h"
#include "frame.h"
#include "random.h"

#define MSS_OURS   1460u
#define TS_LEN     12u
#define UNDER_WAY  (32 * MSS_OURS)
#define WINDOW     (1u << 20) /* what we can take, at least */
#define ISN_NS     4096       /* RFC 9293 §3.4.1: a step about every 4 us */
#define TSVAL_NS   1000000
#define SYN_TRIES  4
#define DATA_TRIES 6

/*
 * Sending
 */

static uint32_t tsval(const struct host *h)
{
	return (uint32_t)(h->now_ns / TSVAL_NS);
}

static uint16_t window(const struct end *end)
{
	uint32_t wnd = WINDOW >> (end->wscale == WEIR_WSCALE_NONE ? 0 : end->wscale);

	return (uint16_t)(wnd < 65535 ? wnd : 65535);
}

static struct weir_header header_to(const struct end_key *key, uint8_t flags, uint32_t seq,
	uint32_t ack)
{
	return (struct weir_header){
		.src = weir_addr_v4(key->local_be),
		.dst = weir_addr_v4(key->remote_be),
		.sport_be = key->lport_be,
		.dport_be = key->rport_be,
		.seq = seq,
		.ack = ack,
		.flags = flags,
		.wscale = WEIR_WSCALE_NONE,
	};
}

/* false: it did not fit; as if the wire had lost it. */
static bool send(struct host *h, const uint8_t mac[6], const struct weir_header *header,
	const uint8_t *payload, uint16_t payload_len)
{
	uint8_t *frame = h->ops.begin(h->ops.shell);
	uint16_t len;

	if (frame == NULL)
		return false;
	len = frame_segment(frame, header, payload, payload_len);
	memcpy(frame, mac, 6);
	memcpy(frame + 6, h->mac, 6);
	h->ops.end(h->ops.shell, len);
	return true;
}

static const uint8_t *payload_at(const struct host *h, uint32_t at)
{
	return h->message != NULL ? (const uint8_t *)h->message + at : frame_text(at);
}

static void send_segment(struct host *h, struct end *end, uint8_t flags, uint16_t payload_len)
{
	struct weir_header header = header_to(&end->key, flags, end->snd_nxt, end->rcv_nxt);
	uint32_t next = end->snd_nxt + payload_len + !!(flags & (WEIR_TCP_SYN | WEIR_TCP_FIN));

	header.wnd = window(end);
	header.ts = end->ts;
	header.tsval = tsval(h);
	header.tsecr = end->ts_recent;
	if (flags & WEIR_TCP_SYN) {
		header.wnd = 64240; /* never scaled, RFC 7323 §2.2 */
		header.mss = h->syn.mss;
		header.sack_ok = h->syn.sack_ok;
		header.wscale = end->wscale;
	}
	if (send(h, end->mac, &header, payload_at(h, end->snd_nxt - end->iss - 1), payload_len) &&
		payload_len > 0)
		weir_count(&h->counts.data_out, 1);
	if (weir_seq_lt(end->snd_nxt, end->snd_max))
		weir_count(&h->counts.resent, 1);
	end->snd_nxt = next;
	end->snd_max = weir_seq_max(end->snd_max, next);
	end->ack_due = false;
}

static void send_reset(struct host *h, const uint8_t mac[6], const struct end_key *key,
	uint32_t seq, uint32_t ack)
{
	struct weir_header header = header_to(key, WEIR_TCP_RST | WEIR_TCP_ACK, seq, ack);

	send(h, mac, &header, NULL, 0);
}

/* Bytes that may leave now. */
static uint32_t allowance(const struct end *end)
{
	uint32_t wnd = end->snd_wnd < UNDER_WAY ? end->snd_wnd : UNDER_WAY;
	uint32_t under_way = end->snd_nxt - end->snd_una;

	return wnd > under_way ? wnd - under_way : 0;
}

/* One segment with data or FIN, if there is one that may leave. */
static bool send_next(struct host *h, struct end *end, uint32_t allowed)
{
	uint32_t left = weir_seq_lt(end->snd_nxt, end->snd_end) ? end->snd_end - end->snd_nxt : 0;
	uint32_t n = left < end->mss ? left : end->mss;
	uint8_t flags = WEIR_TCP_ACK;

	if (n > allowed)
		n = allowed;
	if (n > 0 && n == left)
		flags |= WEIR_TCP_PSH;
	if (end->closing && n == left && weir_seq_le(end->snd_nxt, end->snd_end))
		flags |= WEIR_TCP_FIN;
	if (n == 0 && !(flags & WEIR_TCP_FIN))
		return false;
	send_segment(h, end, flags, (uint16_t)n);
	return true;
}

/* Until data is acknowledged: retransmission. Without data in flight: the other end's answer may be due. */
static void set_timer(struct host *h, struct end *end)
{
	bool waits =
		weir_seq_lt(end->snd_una, end->snd_max) || weir_seq_lt(end->snd_nxt, end->snd_end);
	enum delay first = end->opened ? DELAY_200_MS : DELAY_1_S;

	ends_wake(&h->ends, end, waits ? first + end->tries : DELAY_30_S, h->now_ns);
}

void host_output(struct host *h, struct end *end)
{
	if (!end->opened)
		return;
	while (send_next(h, end, allowance(end))) {
	}
	if (end->ack_due)
		send_segment(h, end, WEIR_TCP_ACK, 0);
	set_timer(h, end);
}

void host_write(struct end *end, uint32_t bytes)
{
	end->snd_end += bytes;
}

void host_close(struct end *end)
{
	end->closing = true;
}

void host_abort(struct host *h, struct end *end)
{
	send_reset(h, end->mac, &end->key, end->snd_nxt, end->rcv_nxt);
}

/*
 * Opening
 */

static struct end *open_end(struct host *h, const struct end_key *key, const uint8_t mac[6])
{
	struct end *end = ends_add(&h->ends, key);
	uint64_t which =
		(uint64_t)key->local_be << 32 | (uint32_t)key->lport_be << 16 | key->rport_be;

	if (end == NULL)
		return NULL;
	memcpy(end->mac, mac, sizeof(end->mac));
	/* RFC 9293 §3.4.1: later connections on the same ports begin higher */
	end->iss = (uint32_t)(h->now_ns / ISN_NS) + (uint32_t)random_mix(h->secret ^ which);
	end->snd_una = end->snd_nxt = end->snd_max = end->iss;
	end->snd_end = end->iss + 1;
	return end;
}

struct end *host_connect(struct host *h, const struct end_key *key, const uint8_t mac[6])
{
	struct end *end;

	if (ends_find(&h->ends, key) != NULL)
		return NULL;
	end = open_end(h, key, mac);
	if (end == NULL)
		return NULL;
	end->ts = h->syn.ts;
	end->wscale = h->syn.wscale;
	send_segment(h, end, WEIR_TCP_SYN, 0);
	set_timer(h, end);
	return end;
}

/* The other end's SYN: what both can do. */
static void agree(struct host *h, struct end *end, const struct weir_seg *seg)
{
	end->irs = seg->seq;
	end->rcv_nxt = seg->seq + 1;
	end->ts = h->syn.ts && seg->ts_off != 0;
	end->ts_recent = seg->tsval;
	end->mss = (uint16_t)(seg->mss < MSS_OURS ? seg->mss : MSS_OURS);
	end->mss = (uint16_t)(end->mss - (end->ts ? TS_LEN : 0));
	end->snd_wnd = seg->wnd;
	end->wscale = WEIR_WSCALE_NONE;
	end->snd_wscale = 0;
	if (h->syn.wscale != WEIR_WSCALE_NONE && seg->wscale != WEIR_WSCALE_NONE) {
		end->wscale = h->syn.wscale;
		end->snd_wscale = seg->wscale;
	}
}

struct end *host_accept(struct host *h, const struct end_key *key, const struct weir_pkt *pkt)
{
	struct end *end = open_end(h, key, pkt->frame.data + 6);

	if (end == NULL)
		return NULL;
	end->passive = true;
	agree(h, end, &pkt->seg);
	send_segment(h, end, WEIR_TCP_SYN | WEIR_TCP_ACK, 0);
	set_timer(h, end);
	return end;
}

/*
 * Receiving
 */

/* In SYN-SENT (RFC 9293 §3.10.7.3). */
static unsigned int input_syn_sent(struct host *h, struct end *end, const struct weir_seg *seg)
{
	if (!(seg->flags & WEIR_TCP_ACK) || seg->ack != end->snd_max)
		return 0;
	if (seg->flags & WEIR_TCP_RST)
		return HOST_RESET;
	if (!(seg->flags & WEIR_TCP_SYN))
		return 0;
	agree(h, end, seg);
	end->snd_una = seg->ack;
	end->opened = end->ack_due = true;
	end->tries = 0;
	return HOST_OPENED;
}

/* false: it acknowledges what was never sent. */
static bool input_ack(struct end *end, const struct weir_seg *seg)
{
	if (weir_seq_lt(end->snd_max, seg->ack))
		return false;
	if (weir_seq_lt(seg->ack, end->snd_una))
		return true; /* an old one */
	end->snd_wnd = (uint32_t)seg->wnd << end->snd_wscale;
	if (seg->ack == end->snd_una)
		return true;
	end->snd_una = seg->ack;
	end->snd_nxt = weir_seq_max(end->snd_nxt, end->snd_una);
	end->tries = 0;
	return true;
}

/* The part of the payload that is new and in order, and the FIN behind it. */
static unsigned int input_text(struct host *h, struct end *end, const struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	uint32_t known = end->rcv_nxt - seg->seq;
	const uint8_t *payload =
		pkt->frame.data + seg->l4_off + sizeof(struct weir_tcp_hdr) + seg->opt_len;
	unsigned int events = 0;
	uint16_t n;

	if (seg->payload_len == 0 && !(seg->flags & WEIR_TCP_FIN))
		return 0;
	end->ack_due = true;
	if (known > seg->payload_len || end->fin_received)
		return 0; /* all of it is known, or something before it is missing */
	n = (uint16_t)(seg->payload_len - known);
	if (n > 0) {
		if (h->message == NULL &&
			(pkt->frame.head_len < pkt->frame.len ||
				!frame_is_text(payload + known, n, end->rcv_nxt - end->irs - 1)))
			events |= HOST_CORRUPT;
		end->rcv_nxt += n;
		weir_count(&h->counts.bytes_in, n);
		events |= HOST_DATA;
	}
	if (seg->flags & WEIR_TCP_FIN) {
		end->rcv_nxt++;
		end->fin_received = true;
		events |= HOST_FIN;
	}
	return events;
}

static unsigned int input_open(struct host *h, struct end *end, const struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	unsigned int events = 0;

	if (!input_ack(end, seg))
		return 0;
	if (!end->opened && seg->ack == end->iss + 1)
		events |= HOST_OPENED;
	end->opened |= events != 0;
	if (!end->opened)
		return 0;
	if (end->ts && seg->ts_off != 0 && weir_seq_le(seg->seq, end->rcv_nxt) &&
		weir_seq_le(end->ts_recent, seg->tsval))
		end->ts_recent = seg->tsval; /* RFC 7323 §4.3 */
	events |= input_text(h, end, pkt);
	if (end->fin_received && end->closing && end->snd_una == end->snd_end + 1)
		events |= HOST_CLOSED;
	return events;
}

unsigned int host_input(struct host *h, struct end *end, const struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	unsigned int events;

	if (seg->payload_len > 0)
		weir_count(&h->counts.data_in, 1);
	if (!end->opened && !end->passive)
		return input_syn_sent(h, end, seg);
	if (seg->flags & WEIR_TCP_RST)
		return seg->seq == end->rcv_nxt ? HOST_RESET : 0; /* RFC 5961 §3.2 */
	if (seg->flags & WEIR_TCP_SYN) {                          /* again: ours has not arrived */
		end->ack_due = end->opened;
		if (!end->opened) {
			end->snd_nxt = end->iss;
			send_segment(h, end, WEIR_TCP_SYN | WEIR_TCP_ACK, 0);
		}
		return 0;
	}
	if (!(seg->flags & WEIR_TCP_ACK))
		return 0;
	events = input_open(h, end, pkt);
	if (events & HOST_CORRUPT)
		weir_count(&h->counts.corrupt, 1);
	return events;
}

/*
 * Timers, and segments of no connection
 */

bool host_timeout(struct host *h, struct end *end)
{
	uint32_t allowed;

	if (weir_seq_le(end->snd_max, end->snd_una) && weir_seq_le(end->snd_end, end->snd_nxt)) {
		host_abort(h, end); /* nothing of ours is in flight: the other end is to answer */
		return false;
	}
	if (++end->tries == (end->opened ? DATA_TRIES : SYN_TRIES)) {
		host_abort(h, end);
		return false;
	}
	end->snd_nxt = end->snd_una;
	if (!end->opened) {
		send_segment(h, end, end->passive ? WEIR_TCP_SYN | WEIR_TCP_ACK : WEIR_TCP_SYN, 0);
	} else {
		allowed = allowance(end);
		send_next(h, end, allowed > 0 ? allowed : 1); /* a closed window is asked about */
	}
	set_timer(h, end);
	return true;
}

void host_stray(struct host *h, const struct end_key *key, const struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	struct weir_header header;
	uint32_t next = seg->seq + seg->payload_len;

	weir_count(&h->counts.strays, 1);
	if (seg->flags & (WEIR_TCP_RST | WEIR_TCP_SYN) || !(seg->flags & WEIR_TCP_ACK))
		return;
	if (!(seg->flags & WEIR_TCP_FIN)) {
		if (seg->payload_len > 0)
			send_reset(h, pkt->frame.data + 6, key, seg->ack, next);
		return;
	}
	/* TIME-WAIT without state: a retransmitted FIN means that our ACK was lost */
	header = header_to(key, WEIR_TCP_ACK, seg->ack, next + 1);
	header.ts = seg->ts_off != 0;
	header.tsval = tsval(h);
	header.tsecr = seg->tsval;
	header.wnd = 65535;
	send(h, pkt->frame.data + 6, &header, NULL, 0);
}
