// SPDX-License-Identifier: BSD-3-Clause
/* flow/policy's endpoints and flow/classify: whose packet it is, and whose worker. */
#include <errno.h>

#include "flow/classify.h"
#include "flow/derive.h"
#include "flow/life.h"
#include "flow/localport.h"
#include "base/csum.h"
#include "unit.h"

#define SERVICES 200u
#define BACKENDS 700u

static uint16_t some_port(uint64_t *seed)
{
	return weir_be16((uint16_t)(1 + unit_random(seed) % 40));
}

static struct weir_addr some_addr(uint64_t *seed, uint32_t of)
{
	return weir_addr_v4(weir_be32(0x0a000000u + (uint32_t)(unit_random(seed) % of)));
}

/* From a world so small that everything collides. */
static struct weir_policy *crowded_policy(uint64_t *seed)
{
	struct weir_policy *p = weir_policy_alloc(&(struct weir_policy_room){
		.services = SERVICES, .listeners = SERVICES, .backends = BACKENDS});

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->n_workers = 1;
	p->n_services = SERVICES;
	p->n_backends = BACKENDS;
	p->n_interfaces = 3;
	for (uint32_t i = 0; i < SERVICES; i++) {
		struct weir_addr vip = some_addr(seed, 40);

		weir_policy_listen(p, (uint16_t)i, &vip, weir_be16((uint16_t)(1 + i)));
	}
	for (uint32_t i = 0; i < BACKENDS; i++) {
		p->backends[i].addr = some_addr(seed, 60);
		p->backends[i].port_be = some_port(seed);
	}
	for (uint32_t i = 0; i < p->n_interfaces; i++) {
		p->interfaces[i].n_addrs = 5;
		for (uint32_t j = 0; j < 5; j++)
			p->interfaces[i].addrs[j].addr = some_addr(seed, 60);
	}
	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	return p;
}

/* The slow twin: by searching the lists that the policy was made from. */
static struct weir_endpoint meaning(const struct weir_policy *p, const struct weir_addr *addr,
	uint16_t port_be)
{
	for (uint16_t i = 0; port_be != 0 && i < p->n_listeners; i++)
		if (p->listeners[i].port_be == port_be && weir_addr_eq(&p->listeners[i].vip, addr))
			return (struct weir_endpoint){.kind = WEIR_ENDPOINT_LISTENER, .index = i};
	for (uint16_t i = 0; port_be != 0 && i < p->n_backends; i++)
		if (p->backends[i].port_be == port_be && weir_addr_eq(&p->backends[i].addr, addr))
			return (struct weir_endpoint){.kind = WEIR_ENDPOINT_BACKEND, .index = i};
	for (uint32_t i = 0; port_be == 0 && i < p->n_listeners; i++)
		if (weir_addr_eq(&p->listeners[i].vip, addr))
			return (struct weir_endpoint){.kind = WEIR_ENDPOINT_VIP};
	for (uint32_t i = 0; port_be == 0 && i < p->n_interfaces; i++)
		for (uint32_t j = 0; j < p->interfaces[i].n_addrs; j++)
			if (weir_addr_eq(&p->interfaces[i].addrs[j].addr, addr))
				return (struct weir_endpoint){.kind = WEIR_ENDPOINT_LOCAL};
	return (struct weir_endpoint){.kind = WEIR_ENDPOINT_NONE};
}

static void policy_endpoints(void)
{
	uint32_t bad = 0, seen[5] = {0};
	uint64_t seed = 1;

	for (unsigned int round = 0; round < 4; round++) {
		struct weir_policy *p = crowded_policy(&seed);

		for (uint32_t a = 0; a < 64; a++)
			for (uint16_t port = 0; port < 42; port++) {
				struct weir_addr addr = weir_addr_v4(weir_be32(0x0a000000u + a));
				struct weir_endpoint want = meaning(p, &addr, weir_be16(port));
				const struct weir_endpoint *got =
					weir_endpoint_find(&p->endpoints, &addr, weir_be16(port));

				seen[want.kind]++;
				if (got == NULL) {
					bad += want.kind != WEIR_ENDPOINT_NONE;
					continue;
				}
				bad += got->kind != want.kind;
				bad += got->kind <= WEIR_ENDPOINT_BACKEND &&
					got->index != want.index;
			}
		weir_policy_free(p);
	}
	CU_ASSERT_EQUAL(bad, 0);
	for (unsigned int kind = 0; kind < 5; kind++)
		CU_ASSERT(seen[kind] > 10);
}

/* key_id is the first with the same address and port, also where a service stands on them. */
static void policy_key_ids(void)
{
	uint64_t seed = 5;
	struct weir_policy *p = crowded_policy(&seed);
	uint32_t bad = 0, shared = 0;

	for (uint32_t i = 0; i < p->n_backends; i++) {
		uint32_t first = 0;

		while (p->backends[first].port_be != p->backends[i].port_be ||
			!weir_addr_eq(&p->backends[first].addr, &p->backends[i].addr))
			first++;
		bad += p->backends[i].key_id != first;
		shared += first != i;
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT(shared > 20);
	weir_policy_free(p);
}

static void policy_empty(void)
{
	struct weir_policy *p = weir_policy_alloc(&(struct weir_policy_room){0});
	struct weir_addr addr = weir_addr_v4(1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(weir_policy_finish(p), 0);
	CU_ASSERT_PTR_NULL(weir_endpoint_find(&p->endpoints, &addr, 0));
	weir_policy_free(p);
	weir_policy_free(NULL);
}

/* calloc() in lib/ comes by here (ld --wrap), and finds no memory after so many calls. */
static unsigned int callocs_left = UINT32_MAX;

void *__real_calloc(size_t n, size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);

void *__wrap_calloc(size_t n, size_t bytes)
{
	if (callocs_left == 0)
		return NULL;
	callocs_left--;
	return __real_calloc(n, bytes);
}

/* Whichever piece there is no memory for: no policy, or none that is finished; the rest goes back. */
static void policy_out_of_memory(void)
{
	unsigned int none = 0, unfinished = 0, n = 0;
	int err = -ENOMEM;

	for (; err != 0 && n < 100; n++) {
		struct weir_policy *p;

		callocs_left = n;
		p = weir_policy_alloc(&(struct weir_policy_room){.services = 1, .listeners = 1});
		if (p == NULL) {
			none++;
			continue;
		}
		p->n_services = 1;
		err = weir_policy_finish(p);
		unfinished += err == -ENOMEM;
		weir_policy_free(p);
	}
	callocs_left = UINT32_MAX;
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_EQUAL(none, 7);       /* the policy, its five lists, the index of next hops */
	CU_ASSERT_EQUAL(unfinished, 7); /* SYN-ACKs, endpoints, answers, slots, work: three */
	CU_ASSERT_EQUAL(n, none + unfinished + 1);
}

/* Classification: a small world, its addresses by their last byte. */

#define VIP      10 /* ports 80 (nat) and 443 (fullnat); is a local address, too */
#define LOCAL    11
#define BACKEND1 21 /* port 8080: nat, the third backend of the policy shares its key_id */
#define BACKEND2 22 /* port 8443: fullnat */
#define CLIENT   99

static struct weir_addr host(uint8_t last)
{
	return weir_addr_v4(weir_be32(0x0a000000u + last));
}

static struct weir_policy *small_policy(uint32_t n_workers)
{
	struct weir_policy *p = weir_policy_alloc(&(struct weir_policy_room){
		.services = 2, .listeners = 2, .backends = 3});
	const struct weir_addr vip = host(VIP);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->n_workers = n_workers;
	p->steer_secret = (struct weir_sipkey){11, 22};
	p->n_interfaces = 1;
	p->interfaces[0].n_addrs = 2;
	p->interfaces[0].addrs[0].addr = host(VIP);
	p->interfaces[0].addrs[1].addr = host(LOCAL);
	p->n_services = 2;
	p->services[0].mode = WEIR_MODE_NAT;
	p->services[1].mode = WEIR_MODE_FULLNAT;
	weir_policy_listen(p, 0, &vip, weir_be16(80));
	weir_policy_listen(p, 1, &vip, weir_be16(443));
	p->n_backends = 3;
	p->backends[0] = (struct weir_backend){
		.addr = host(BACKEND1), .port_be = weir_be16(8080), .service = 0};
	p->backends[1] = (struct weir_backend){
		.addr = host(BACKEND2), .port_be = weir_be16(8443), .service = 1};
	p->backends[2] = p->backends[0];
	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	return p;
}

static struct weir_pkt tcp_pkt(uint8_t src, uint16_t sport, uint8_t dst, uint16_t dport)
{
	return (struct weir_pkt){.fate = WEIR_FATES,
		.seg = {.src = host(src),
			.dst = host(dst),
			.sport_be = weir_be16(sport),
			.dport_be = weir_be16(dport)}};
}

static void check_key(const struct weir_pkt *pkt, uint8_t addr, uint16_t port, uint16_t id)
{
	struct weir_key want = {.addr = host(addr), .port_be = weir_be16(port), .id = id};

	CU_ASSERT_TRUE(weir_key_eq(&pkt->key, &want));
}

static void policy_listener_of(void)
{
	struct weir_policy *p = small_policy(1);
	struct weir_addr other = host(99);
	const uint16_t had = weir_policy_listener_of(p, 0)->service;
	uint16_t second;

	CU_ASSERT_EQUAL(had, 0);
	CU_ASSERT_PTR_NULL(weir_policy_listener_of(p, 1000));
	weir_policy_free(p);
	p = weir_policy_alloc(&(struct weir_policy_room){.services = 1, .listeners = 3});
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->n_services = 1;
	p->listeners[weir_policy_listen(p, 0, &other, 1)].life = WEIR_LIFE_VACANT;
	weir_policy_chain(p);
	CU_ASSERT_PTR_NULL(weir_policy_listener_of(p, 0));
	p->listeners[weir_policy_listen(p, 0, &other, 2)].life = WEIR_LIFE_RETIRED;
	weir_policy_chain(p);
	CU_ASSERT_PTR_EQUAL(weir_policy_listener_of(p, 0), &p->listeners[1]);
	second = weir_policy_listen(p, 0, &other, 3);
	weir_policy_chain(p);
	CU_ASSERT_PTR_EQUAL(weir_policy_listener_of(p, 0), &p->listeners[second]);
	weir_policy_free(p);
}

/* A removed service, its listener and its backend: each is idle when no connection refers to it. */
static void policy_has_idle(void)
{
	struct weir_policy *p = weir_policy_alloc(&(struct weir_policy_room){
		.services = 1, .listeners = 1, .backends = 1});
	struct weir_addr vip = host(1);
	bool busy[1] = {true}, idle[1] = {false};

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->n_services = p->n_backends = 1;
	weir_policy_listen(p, 0, &vip, weir_be16(80));
	weir_policy_chain(p);
	CU_ASSERT_FALSE(weir_policy_has_idle(p, idle, idle)); /* all of it is in use by the file */
	p->backends[0].life = WEIR_LIFE_RETIRED;
	CU_ASSERT_FALSE(weir_policy_has_idle(p, busy, busy));
	CU_ASSERT_TRUE(weir_policy_has_idle(p, busy, idle));
	p->backends[0].life = WEIR_LIFE_VACANT;
	weir_policy_chain(p);
	CU_ASSERT_FALSE(weir_policy_has_idle(p, idle, idle));
	p->services[0].life = p->listeners[0].life = WEIR_LIFE_RETIRED;
	CU_ASSERT_FALSE(weir_policy_has_idle(p, busy, idle));
	CU_ASSERT_TRUE(weir_policy_has_idle(p, idle, idle));
	p->services[0].life = WEIR_LIFE_LIVE;
	CU_ASSERT_TRUE(weir_policy_has_idle(p, idle, idle)); /* a port of it that was removed */
	CU_ASSERT_FALSE(weir_policy_has_idle(p, busy, idle));
	weir_policy_free(p);
}

static void classify_segments(void)
{
	struct weir_policy *p = small_policy(3);
	struct weir_pkt pkt;

	pkt = tcp_pkt(CLIENT, 5000, VIP, 443);
	weir_classify(p, &pkt, WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_CLIENT);
	check_key(&pkt, CLIENT, 5000, 1);

	pkt = tcp_pkt(BACKEND1, 8080, CLIENT, 5000);
	weir_classify(p, &pkt, WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_BACKEND);
	check_key(&pkt, CLIENT, 5000, WEIR_KEY_BACKEND | 0);

	pkt = tcp_pkt(BACKEND2, 8443, LOCAL, 2000);
	weir_classify(p, &pkt, WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_BACKEND);
	check_key(&pkt, LOCAL, 2000, WEIR_KEY_BACKEND | 1);

	/* a backend that is a client of a service: the destination wins */
	pkt = tcp_pkt(BACKEND1, 8080, VIP, 80);
	weir_classify(p, &pkt, WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_CLIENT);
	check_key(&pkt, BACKEND1, 8080, 0);
	weir_policy_free(p);
}

/* HC-14: closed ports and strangers. */
static void classify_not_for_us(void)
{
	struct weir_policy *p = small_policy(3);
	struct weir_pkt pkt;

	pkt = tcp_pkt(CLIENT, 5000, VIP, 81);
	weir_classify(p, &pkt, WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_CLOSED);
	CU_ASSERT_EQUAL(weir_owner(p, &pkt, 2), 2);

	pkt = tcp_pkt(CLIENT, 5000, LOCAL, 80);
	weir_classify(p, &pkt, WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_NONE);
	CU_ASSERT_EQUAL(pkt.fate, WEIR_FATE_not_ours);

	pkt = tcp_pkt(BACKEND1, 22, CLIENT, 5000); /* not the backend's port */
	weir_classify(p, &pkt, WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_NONE);
	CU_ASSERT_EQUAL(pkt.fate, WEIR_FATE_not_ours);

	pkt = tcp_pkt(VIP, 80, CLIENT, 5000); /* our own, coming back */
	weir_classify(p, &pkt, WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_NONE);
	CU_ASSERT_EQUAL(weir_owner(p, &pkt, 1), 1);

	pkt.fate = WEIR_FATE_ip_ttl;
	weir_classify(p, &pkt, WEIR_PARSED_BAD);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_NONE);
	CU_ASSERT_EQUAL(pkt.fate, WEIR_FATE_ip_ttl);
	weir_classify(p, &pkt, WEIR_PARSED_ARP);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_ARP);
	CU_ASSERT_EQUAL(weir_owner(p, &pkt, 2), 2);
	weir_classify(p, &pkt, WEIR_PARSED_ND);
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_ND);
	CU_ASSERT_EQUAL(weir_owner(p, &pkt, 2), 2);
	weir_policy_free(p);
}

/* An ICMP message as it comes in, the quote of a TCP segment in it. */
struct icmp_frame {
	struct weir_eth_hdr eth;
	struct weir_ipv4_hdr ip;
	struct weir_icmp_hdr icmp;
	struct weir_ipv4_hdr quoted;
	uint16_t sport_be, dport_be;
	uint32_t seq_be;
} __attribute__((packed, aligned(2)));

static struct icmp_frame icmp_frame(uint8_t type, uint8_t code)
{
	return (struct icmp_frame){
		.ip = {.version_ihl = 0x45,
			.len_be = weir_be16(20 + 8 + 28),
			.ttl = 64,
			.proto = WEIR_PROTO_ICMP,
			.src_be = host(77).w[3],
			.dst_be = host(LOCAL).w[3]},
		.icmp = {.type = type, .code = code},
		.quoted = {.version_ihl = 0x45,
			.frag_be = weir_be16(WEIR_IPV4_DF),
			.proto = WEIR_PROTO_TCP,
			.src_be = host(LOCAL).w[3],
			.dst_be = host(BACKEND2).w[3]},
		.sport_be = weir_be16(2000),
		.dport_be = weir_be16(8443),
		.seq_be = weir_be32(0xfedcba98),
	};
}

/* Only head_len bytes are there at all, for a sanitizer to see what is read beyond. */
static struct weir_pkt classify_icmp(const struct weir_policy *p, const struct icmp_frame *f,
	uint16_t head_len)
{
	struct weir_pkt pkt = {.frame.data = malloc(head_len),
		.frame.len = sizeof(*f),
		.frame.head_len = head_len,
		.frame.room = head_len,
		.fate = WEIR_FATES};
	struct icmp_frame summed = *f;

	summed.eth.type_be = weir_be16(WEIR_ETH_IPV4);
	summed.ip.csum = weir_csum_finish(weir_csum_add(0, &summed.ip, sizeof(summed.ip)));
	summed.icmp.csum = weir_csum_finish(weir_csum_add(0, &summed.icmp,
		weir_be16(summed.ip.len_be) - sizeof(summed.ip)));
	memset(&pkt.seg, 0xff, sizeof(pkt.seg)); /* of the packet before */
	memcpy(pkt.frame.data, &summed, head_len);
	CU_ASSERT_EQUAL(weir_pkt_parse(&pkt), WEIR_PARSED_ICMP);
	weir_classify(p, &pkt, WEIR_PARSED_ICMP);
	free(pkt.frame.data);
	pkt.frame.data = NULL;
	return pkt;
}

static void check_icmp_dropped(const struct weir_policy *p, const struct icmp_frame *f,
	uint16_t head_len, enum weir_fate fate)
{
	struct weir_pkt pkt = classify_icmp(p, f, head_len);

	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_NONE);
	CU_ASSERT_EQUAL(pkt.fate, fate);
}

/* HC-12: what is said about a segment of ours to a backend. */
static void classify_unreachable(void)
{
	struct weir_policy *p = small_policy(3);
	struct icmp_frame f = icmp_frame(WEIR_ICMP_UNREACHABLE, 1);
	struct weir_pkt pkt = classify_icmp(p, &f, sizeof(f));

	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_ICMP_ERROR);
	check_key(&pkt, LOCAL, 2000, WEIR_KEY_BACKEND | 1);
	CU_ASSERT_EQUAL(pkt.seg.seq, 0xfedcba98);
	CU_ASSERT_EQUAL(pkt.seg.sport_be, weir_be16(2000));
	CU_ASSERT_EQUAL(pkt.seg.dport_be, weir_be16(8443));
	CU_ASSERT_EQUAL(pkt.seg.src.w[3], host(LOCAL).w[3]);
	CU_ASSERT_EQUAL(pkt.seg.dst.w[3], host(BACKEND2).w[3]);
	CU_ASSERT_EQUAL(pkt.seg.flags, 0);
	CU_ASSERT_EQUAL(pkt.seg.ts_off, 0);
	CU_ASSERT_EQUAL(weir_owner(p, &pkt, 0), 2000 % 3);

	/* nat: what we sent bears the client's address */
	f.ip.dst_be = f.quoted.src_be = host(CLIENT).w[3];
	f.quoted.dst_be = host(BACKEND1).w[3];
	f.sport_be = weir_be16(5000);
	f.dport_be = weir_be16(8080);
	pkt = classify_icmp(p, &f, sizeof(f));
	CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_ICMP_ERROR);
	check_key(&pkt, CLIENT, 5000, WEIR_KEY_BACKEND | 0);
	weir_policy_free(p);
}

/* HC-28: the same of other errors, and of a segment of ours to a client. */
static void classify_icmp_errors(void)
{
	static const uint8_t types[] = {WEIR_ICMP_UNREACHABLE, WEIR_ICMP_TIME_EXCEEDED};
	struct weir_policy *p = small_policy(3);

	for (unsigned int i = 0; i < 2; i++) {
		struct icmp_frame f = icmp_frame(types[i], 4);
		struct weir_pkt pkt = classify_icmp(p, &f, sizeof(f));
		struct weir_pkt client = tcp_pkt(CLIENT, 5000, VIP, 80);

		check_key(&pkt, LOCAL, 2000, WEIR_KEY_BACKEND | 1);
		f.ip.dst_be = f.quoted.src_be = host(VIP).w[3];
		f.quoted.dst_be = host(CLIENT).w[3];
		f.sport_be = weir_be16(80);
		f.dport_be = weir_be16(5000);
		pkt = classify_icmp(p, &f, sizeof(f));
		weir_classify(p, &client, WEIR_PARSED_TCP);
		check_key(&pkt, CLIENT, 5000, client.key.id);
		CU_ASSERT_EQUAL(weir_owner(p, &pkt, 7), weir_owner(p, &client, 7));
	}
	weir_policy_free(p);
}

static void classify_other_icmp(void)
{
	struct weir_policy *p = small_policy(3);
	const struct icmp_frame good = icmp_frame(WEIR_ICMP_UNREACHABLE, 3);
	struct icmp_frame f;

	/* every part of it matters */
	f = icmp_frame(5, 1); /* redirect */
	check_icmp_dropped(p, &f, sizeof(f), WEIR_FATE_icmp_other);
	f = icmp_frame(WEIR_ICMP_ECHO_REPLY, 0);
	check_icmp_dropped(p, &f, sizeof(f), WEIR_FATE_icmp_other);
	f = good;
	f.quoted.proto = 17;
	check_icmp_dropped(p, &f, sizeof(f), WEIR_FATE_icmp_other);
	f = good;
	f.quoted.version_ihl = 0x46;
	check_icmp_dropped(p, &f, sizeof(f), WEIR_FATE_icmp_other);
	f = good;
	f.quoted.frag_be = weir_be16(1);
	check_icmp_dropped(p, &f, sizeof(f), WEIR_FATE_icmp_other);
	f = good;
	f.dport_be = weir_be16(22);
	check_icmp_dropped(p, &f, sizeof(f), WEIR_FATE_icmp_other);
	f = good;
	f.ip.dst_be = host(VIP).w[3]; /* not to whom it quotes */
	check_icmp_dropped(p, &f, sizeof(f), WEIR_FATE_icmp_other);

	/* cut off: by the IP length, or by the buffer's end */
	f = good;
	f.ip.len_be = weir_be16(20 + 8 + 27);
	check_icmp_dropped(p, &f, sizeof(f), WEIR_FATE_icmp_malformed);
	for (uint16_t len = 14 + 20 + 8; len < sizeof(f); len++)
		check_icmp_dropped(p, &good, len, WEIR_FATE_split_headers);
	weir_policy_free(p);
}

static void classify_ping(void)
{
	static const uint8_t ours[] = {VIP, LOCAL};
	struct icmp_frame f = icmp_frame(WEIR_ICMP_ECHO_REQUEST, 0);
	struct weir_policy *p = small_policy(3);

	for (unsigned int i = 0; i < sizeof(ours); i++) {
		struct weir_pkt pkt;

		f.ip.dst_be = host(ours[i]).w[3];
		pkt = classify_icmp(p, &f, 14 + 20 + 8);
		CU_ASSERT_EQUAL(pkt.kind, WEIR_KIND_PING);
		CU_ASSERT_EQUAL(weir_owner(p, &pkt, 1), 1);
	}
	f.ip.dst_be = host(BACKEND1).w[3];
	check_icmp_dropped(p, &f, 14 + 20 + 8, WEIR_FATE_not_ours);
	weir_policy_free(p);
}

/* Both directions of random connections find the same worker, in either mode. */
static void owner_both_ways(void)
{
	uint64_t seed = 1;
	uint32_t bad = 0;

	for (uint32_t workers = 1; workers <= WEIR_WORKERS_MAX; workers++) {
		struct weir_policy *p = small_policy(workers);

		for (uint32_t i = 0; i < 500; i++) {
			uint64_t r = unit_random(&seed);
			uint8_t client = 100 + r % 100;
			uint16_t port = (uint16_t)(r >> 16) | 1024;
			struct weir_pkt in = tcp_pkt(client, port, VIP, 80);
			struct weir_pkt back = tcp_pkt(BACKEND1, 8080, client, port);
			struct weir_pkt local = tcp_pkt(BACKEND2, 8443, LOCAL, port);

			weir_classify(p, &in, WEIR_PARSED_TCP);
			weir_classify(p, &back, WEIR_PARSED_TCP);
			weir_classify(p, &local, WEIR_PARSED_TCP);
			bad += weir_owner(p, &in, 0) >= workers;
			bad += weir_owner(p, &in, 0) != weir_owner(p, &back, 0);
			bad += weir_owner(p, &local, 0) != weir_localport_owner(port, workers);
		}
		weir_policy_free(p);
	}
	CU_ASSERT_EQUAL(bad, 0);
}

/* One client's ports spread over the workers, and how they do is a secret. */
static void owner_spread(void)
{
	struct weir_policy *p = small_policy(5);
	uint32_t n[5] = {0}, same = 0;

	for (uint16_t port = 1; port <= 20000; port++) {
		struct weir_pkt pkt = tcp_pkt(CLIENT, port, VIP, 443);
		unsigned int owner;

		weir_classify(p, &pkt, WEIR_PARSED_TCP);
		p->steer_secret.k0 = 11;
		owner = weir_owner(p, &pkt, 0);
		n[owner]++;
		p->steer_secret.k0 = 12;
		same += weir_owner(p, &pkt, 0) == owner;
	}
	for (unsigned int w = 0; w < 5; w++)
		CU_ASSERT(n[w] > 3800 && n[w] < 4200);
	CU_ASSERT(same > 3800 && same < 4200);
	weir_policy_free(p);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"policy's endpoints against its lists", policy_endpoints},
		{"policy's key_ids", policy_key_ids},
		{"policy with nothing in it", policy_empty},
		{"policy without memory", policy_out_of_memory},
		{"a service's listener", policy_listener_of},
		{"HC-51 something removed is idle", policy_has_idle},
		{"classify segments", classify_segments},
		{"HC-14 classify what is not for us", classify_not_for_us},
		{"HC-12 classify ICMP errors about backends", classify_unreachable},
		{"classify other ICMP", classify_other_icmp},
		{"HC-28 classify ICMP errors of either side", classify_icmp_errors},
		{"classify pings", classify_ping},
		{"owner is the same both ways", owner_both_ways},
		{"owners are spread, secretly", owner_spread},
	};

	return unit_main("policy", tests, sizeof(tests) / sizeof(tests[0]));
}
