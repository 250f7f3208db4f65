// SPDX-License-Identifier: BSD-3-Clause
/* HTTP and HTTPS, by libcurl. Its address is always given, so that no name is looked up. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health/probe.h"

/* A body is read so far at most; it is not wanted beyond what is looked for. */
static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct weir_probe *p = arg;
	const size_t before = p->n_answer, bytes = size * n;

	if (p->check->body[0] != '\0' && weir_probe_receive(p, data, bytes))
		p->enough = p->n_answer == before || weir_probe_found(p, p->check->body);
	else
		p->enough = true;
	return p->enough ? 0 : bytes; /* 0 ends the transfer */
}

/* "192.0.2.11" or "[2001:db8::11]" */
static void bracket(char *out, size_t size, const struct weir_addr *addr)
{
	char text[WEIR_ADDR_TEXT];

	weir_addr_text(addr, text);
	snprintf(out, size, weir_addr_is_v4(addr) ? "%s" : "[%s]", text);
}

static bool set_target(struct weir_probe *p)
{
	const struct weir_check *c = p->check;
	const unsigned int port = __builtin_bswap16(p->to->port_be);
	char addr[WEIR_ADDR_TEXT + 2], url[3 * WEIR_CHECK_TEXT], way[WEIR_ADDR_TEXT + 16];

	bracket(addr, sizeof(addr), &p->to->addr);
	snprintf(way, sizeof(way), "::%s:%u", addr, port);
	snprintf(url, sizeof(url), "%s://%s:%u%s", weir_check_type_name(c->type),
		c->host[0] != '\0' ? c->host : addr, port, c->path);
	p->connect_to = curl_slist_append(NULL, way);
	return p->connect_to != NULL &&
		curl_easy_setopt(p->easy, CURLOPT_CONNECT_TO, p->connect_to) == CURLE_OK &&
		curl_easy_setopt(p->easy, CURLOPT_URL, url) == CURLE_OK;
}

static bool set_interface(struct weir_probe *p)
{
	char text[32];

	if (p->check->interface[0] == '\0')
		return true;
	snprintf(text, sizeof(text), "if!%s", p->check->interface);
	return curl_easy_setopt(p->easy, CURLOPT_INTERFACE, text) == CURLE_OK;
}

static bool set_method(struct weir_probe *p)
{
	switch ((enum weir_check_method)p->check->method) {
	case WEIR_CHECK_GET:
		return true;
	case WEIR_CHECK_HEAD:
		return curl_easy_setopt(p->easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
	case WEIR_CHECK_OPTIONS:
		return curl_easy_setopt(p->easy, CURLOPT_CUSTOMREQUEST, "OPTIONS") == CURLE_OK;
	}
	return false;
}

static bool set_tls(struct weir_probe *p)
{
	const struct weir_check *c = p->check;

	return curl_easy_setopt(p->easy, CURLOPT_SSL_VERIFYPEER, c->verify ? 1L : 0L) == CURLE_OK &&
		curl_easy_setopt(p->easy, CURLOPT_SSL_VERIFYHOST, c->verify ? 2L : 0L) ==
		CURLE_OK &&
		(c->ca[0] == '\0' || curl_easy_setopt(p->easy, CURLOPT_CAINFO, c->ca) == CURLE_OK);
}

/* No proxy of the environment, no signals, no connection of an earlier check; redirects are answers. */
static bool set_options(struct weir_probe *p)
{
	CURL *e = p->easy;

	return curl_easy_setopt(e, CURLOPT_PRIVATE, p) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_ERRORBUFFER, p->curl_error) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_USERAGENT, "synweir") == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_WRITEDATA, p) == CURLE_OK;
}

void weir_http_start(struct weir_prober *pr, struct weir_probe *p)
{
	struct weir_result r;

	p->easy = curl_easy_init();
	if (p->easy != NULL && set_options(p) && set_target(p) && set_interface(p) &&
		set_method(p) && set_tls(p) &&
		curl_multi_add_handle(pr->multi, p->easy) == CURLM_OK) {
		pr->n_http++;
		return;
	}
	weir_result_set(&r, WEIR_OUTCOME_UNABLE, "libcurl does not take the request");
	curl_easy_cleanup(p->easy);
	p->easy = NULL;
	weir_probe_end_with(pr, p, &r);
}

void weir_http_stop(struct weir_prober *pr, struct weir_probe *p)
{
	if (p->easy != NULL) {
		curl_multi_remove_handle(pr->multi, p->easy);
		curl_easy_cleanup(p->easy);
		pr->n_http--;
	}
	curl_slist_free_all(p->connect_to);
}

static void judge_answer(const struct weir_probe *p, struct weir_result *r)
{
	const struct weir_check *c = p->check;
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!weir_check_takes_status(c, (unsigned int)status))
		weir_result_set(r, WEIR_OUTCOME_WRONG, "HTTP status %ld", status);
	else if (c->body[0] != '\0' && !weir_probe_found(p, c->body))
		weir_result_set(r, WEIR_OUTCOME_WRONG, "HTTP status %ld, the body is another one",
			status);
	else
		weir_result_set(r, WEIR_OUTCOME_GOOD, "HTTP status %ld", status);
}

static void judge_connect(const struct weir_probe *p, struct weir_result *r)
{
	long error = 0;

	curl_easy_getinfo(p->easy, CURLINFO_OS_ERRNO, &error);
	weir_result_of_errno(r, error != 0 ? (int)error : EHOSTUNREACH);
}

static void judge(const struct weir_probe *p, CURLcode code, struct weir_result *r)
{
	const char *why = p->curl_error[0] != '\0' ? p->curl_error : curl_easy_strerror(code);

	switch (code) {
	case CURLE_OK:
		judge_answer(p, r);
		break;
	case CURLE_WRITE_ERROR:
		if (p->enough)
			judge_answer(p, r);
		else
			weir_result_set(r, WEIR_OUTCOME_UNABLE, "%s", why);
		break;
	case CURLE_COULDNT_CONNECT:
		judge_connect(p, r);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		weir_result_set(r, WEIR_OUTCOME_TIMED_OUT, "no answer");
		break;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		weir_result_set(r, WEIR_OUTCOME_CLOSED, "closed without an answer");
		break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		weir_result_set(r, WEIR_OUTCOME_TLS, "%s", why);
		break;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_INTERFACE_FAILED:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ENGINE_INITFAILED:
		weir_result_set(r, WEIR_OUTCOME_UNABLE, "%s", why);
		break;
	default:
		weir_result_set(r, WEIR_OUTCOME_WRONG, "%s", why);
		break;
	}
}

void weir_http_turn(struct weir_prober *pr)
{
	int running, left;
	CURLMsg *m;

	curl_multi_perform(pr->multi, &running);
	while ((m = curl_multi_info_read(pr->multi, &left)) != NULL) {
		const CURLcode code = m->data.result; /* m is gone with its handle */
		struct weir_probe *p = NULL;
		struct weir_result r;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&p);
		judge(p, code, &r);
		weir_probe_end_with(pr, p, &r);
	}
}
