// SPDX-License-Identifier: BSD-3-Clause
/*
 * A program of the operator's, as keepalived's MISC_CHECK. It is waited for by a descriptor (pidfd), so
 * that no signal of the process is needed and no other thread's child is taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health/probe.h"

/* Lives until it has ended, which may be later than its probe does. */
struct weir_program {
	struct weir_watched exit;
	pid_t pid;                /* and of its process group */
	struct weir_probe *probe; /* NULL: its time was over */
};

/* NAME=value, each in its own text. */
struct environment {
	char text[5][128];
	char *at[6];
};

static void fill(struct environment *e, const struct weir_probe *p)
{
	char addr[WEIR_ADDR_TEXT];

	snprintf(e->text[0], sizeof(e->text[0]),
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	snprintf(e->text[1], sizeof(e->text[1]), "SYNWEIR_SERVICE=%s", p->to->service);
	snprintf(e->text[2], sizeof(e->text[2]), "SYNWEIR_BACKEND=%s", p->to->name);
	snprintf(e->text[3], sizeof(e->text[3]), "SYNWEIR_ADDRESS=%s",
		weir_addr_text(&p->to->addr, addr));
	snprintf(e->text[4], sizeof(e->text[4]), "SYNWEIR_PORT=%u",
		(unsigned int)__builtin_bswap16(p->to->port_be));
	for (int i = 0; i < 5; i++)
		e->at[i] = e->text[i];
	e->at[5] = NULL;
}

/* The signals of a fresh process, a process group of its own, and none of our descriptors. */
static int prepare(posix_spawnattr_t *attr, posix_spawn_file_actions_t *files)
{
	sigset_t none, pipe;
	int rc;

	sigemptyset(&none);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	posix_spawnattr_setflags(attr,
		POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &pipe);
	rc = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY,
			0);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY,
			0);
	return rc != 0 ? rc : posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

/* 0 or an errno. */
static int spawn(const struct weir_probe *p, pid_t *pid)
{
	char command[WEIR_CHECK_COMMAND], *argv[WEIR_CHECK_ARGS + 1], *at = command;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	struct environment env = {0};
	int rc;

	memcpy(command, p->check->command, sizeof(command));
	for (uint32_t i = 0; i < p->check->n_args; i++, at += strlen(at) + 1)
		argv[i] = at;
	argv[p->check->n_args] = NULL;
	fill(&env, p);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_init(&files);
	rc = prepare(&attr, &files);
	if (rc == 0)
		rc = posix_spawn(pid, argv[0], &files, &attr, argv, env.at);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc;
}

static void judge(struct weir_result *r, const siginfo_t *info)
{
	if (info->si_code != CLD_EXITED)
		weir_result_set(r, WEIR_OUTCOME_EXIT, "killed by signal %d", info->si_status);
	else
		weir_result_set(r, info->si_status == 0 ? WEIR_OUTCOME_GOOD : WEIR_OUTCOME_EXIT,
			"exit status %d", info->si_status);
}

static void on_exit_of(struct weir_prober *pr, struct weir_watched *w)
{
	struct weir_program *g = (struct weir_program *)w;
	struct weir_probe *p = g->probe;
	siginfo_t info = {0};
	struct weir_result r;

	if (waitid(P_PIDFD, (id_t)w->fd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
		return; /* not yet */
	close(w->fd);
	free(g);
	pr->n_programs--;
	if (p == NULL)
		return;
	judge(&r, &info);
	p->program = NULL;
	weir_probe_end_with(pr, p, &r);
}

static int watch(struct weir_prober *pr, struct weir_program *g)
{
	g->exit.on = on_exit_of;
	g->exit.fd = pidfd_open(g->pid, 0); /* close-on-exec by itself */
	if (g->exit.fd < 0)
		return errno;
	return -weir_prober_watch(pr, &g->exit);
}

static int start(struct weir_prober *pr, struct weir_probe *p)
{
	struct weir_program *g = calloc(1, sizeof(*g));
	int rc;

	if (g == NULL)
		return ENOMEM;
	rc = spawn(p, &g->pid);
	if (rc != 0) {
		free(g);
		return rc;
	}
	rc = watch(pr, g);
	if (rc == 0) {
		g->probe = p;
		p->program = g;
		pr->n_programs++;
		return 0;
	}
	kill(-g->pid, SIGKILL);
	waitpid(g->pid, NULL, 0);
	if (g->exit.fd >= 0)
		close(g->exit.fd);
	free(g);
	return rc;
}

void weir_exec_start(struct weir_prober *pr, struct weir_probe *p)
{
	int rc = start(pr, p);
	struct weir_result r;

	if (rc == 0)
		return;
	weir_result_set(&r, WEIR_OUTCOME_UNABLE, "%.40s: %s", p->check->command, strerror(rc));
	weir_probe_end_with(pr, p, &r);
}

void weir_exec_stop(struct weir_prober *pr, struct weir_probe *p)
{
	(void)pr;
	if (p->program == NULL)
		return;
	p->program->probe = NULL;
	kill(-p->program->pid, SIGKILL);
}
