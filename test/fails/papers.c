/* SPDX-License-Identifier: Apache-2.0 */
#include "papers.h"

#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/sock.h"

enum { CONFIG_BYTES = 4096, MONTH_S = 30 * 24 * 3600, LISTENERS = 5 };

/* Where the server listens, and what stands before and behind that. */
struct listen_at {
	enum transport transport;
	struct addr addr;
	const char *scheme, *rest;
};

static _Noreturn void
give_up(const char *what)
{
	perror(what);
	exit(1);
}

void
papers_open(struct papers *p)
{
	struct pki_leaf revoked;

	p->pki = pki_open("fails CA");
	p->server = pki_issue(p->pki, "DNS:demo.example", -3600, 2 * MONTH_S);
	p->trunk = pki_issue(p->pki, "DNS:" TRUNK_NAME, -3600, 2 * MONTH_S);
	p->phone = pki_for(
		p->pki, "DNS:phone.example", "clientAuth,anyExtendedKeyUsage", "digitalSignature");
	p->other = pki_open("somebody else");
	p->stranger = pki_leaf(p->other, "DNS:stranger.example");
	revoked = pki_leaf(p->pki, "DNS:gone.example");
	p->crl = pki_crl(p->pki, revoked.certificate.at, -3600, MONTH_S);
	(void)snprintf(p->folder, sizeof p->folder, "/tmp/sipward-fails-XXXXXX");
	if (mkdtemp(p->folder) == NULL)
		give_up("mkdtemp");
	(void)snprintf(p->trust, sizeof p->trust, "%s/trust", p->folder);
	if (mkdir(p->trust, 0700) < 0)
		give_up(p->trust);
}

static int
take_away(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
remove_all(const char *folder)
{
	(void)nftw(folder, take_away, 8, FTW_DEPTH | FTW_PHYS);
}

void
papers_close(struct papers *p)
{
	remove_all(p->folder);
	pki_close(p->other);
	pki_close(p->pki);
}

static void
name_folder(char folder[PAPERS_PATH_BYTES], const struct papers *papers, int pid)
{
	if (snprintf(folder, PAPERS_PATH_BYTES, "%s/%d", papers->folder, pid) >= PAPERS_PATH_BYTES)
		give_up("folder");
}

void
run_open(struct run *run, const struct papers *papers)
{
	int pid = getpid();

	*run = (struct run){ .papers = papers, .addr = { .family = ADDR_V4 } };
	run->addr.ip[0] = 127;
	run->addr.ip[1] = (uint8_t)(64 + (pid >> 16 & 0x7f));
	run->addr.ip[2] = (uint8_t)(pid >> 8);
	run->addr.ip[3] = (uint8_t)pid;
	name_folder(run->folder, papers, pid);
	(void)snprintf(run->config, sizeof run->config, "%s/sipward.yaml", run->folder);
	(void)snprintf(run->admin, sizeof run->admin, "%s/admin.sock", run->folder);
	(void)snprintf(run->record, sizeof run->record, "%s/record", run->folder);
	(void)snprintf(run->keylog, sizeof run->keylog, "%s/keys", run->folder);
	if (mkdir(run->folder, 0700) < 0)
		give_up(run->folder);
}

void
run_remove(const struct papers *papers, int pid)
{
	char folder[PAPERS_PATH_BYTES];

	name_folder(folder, papers, pid);
	remove_all(folder);
}

/* ---- the configuration ---------------------------------------------------------------------- */

/* Ports that are free, each at its address; held until all are drawn. */
static bool
draw_ports(struct listen_at *all, int count)
{
	char text[256];
	struct buf why = buf_on(text, sizeof text);
	int fds[LISTENERS], held = 0;
	bool is_good = true;

	while (is_good && held < count) {
		all[held].addr.port = 0;
		fds[held] = sock_bind(all[held].transport, &all[held].addr, &why);
		is_good = fds[held] >= 0 && sock_local(fds[held], &all[held].addr);
		held += fds[held] >= 0;
	}
	if (!is_good)
		fprintf(stderr, "%.*s\n", (int)why.used, text);
	while (held > 0)
		close(fds[--held]);
	return is_good;
}

static void
put_addr(struct buf *b, const char *before, const struct addr *addr, const char *after)
{
	buf_put(b, str_cstr(before));
	addr_write_port(b, addr);
	buf_put(b, str_cstr(after));
}

static void
put_path(struct buf *b, const char *before, struct str path, const char *after)
{
	buf_put(b, str_cstr(before));
	buf_put(b, path);
	buf_put(b, str_cstr(after));
}

static void
put_tls(struct buf *b, const struct papers *p)
{
	put_path(b, "tls: { certificate: ", p->server.certificate, ", ");
	put_path(b, "key: ", p->server.key, ", ");
	put_path(b, "trust: ", pki_ca(p->pki), ", ");
	put_path(b, "crl: ", p->crl, " }\n");
	put_path(b, "identities: { other: { certificate: ", p->server.certificate, ", ");
	put_path(b, "key: ", p->server.key, ", ");
	put_path(b, "trust: ", str_cstr(p->trust), " } }\n");
}

static void
put_rest(struct buf *b, const struct run *run, const struct addr *tcp_trunk,
	const struct addr *tls_trunk, const struct addr *resolver)
{
	struct group *group = getgrgid(getegid());

	buf_put(b, STR("domain: demo.example\ntimers: { t1: 30ms, t2: 200ms, t4: 100ms }\n"));
	put_addr(b, "resolver: \"", resolver, "\"\n");
	buf_put(b, STR("records: calls\nadmin: { socket: admin.sock, group: \""));
	buf_put(b, group != NULL ? str_cstr(group->gr_name) : STR("root"));
	buf_put(b, STR("\" }\n"));
	put_tls(b, run->papers);
	buf_put(b,
		STR("dn:\n  - { number: \"7789\", type: extension, contact: \"*\", "
		    "password: \"" PHONE_PASSWORD "\" }\n"));
	buf_put(b,
		STR("  - { number: \"5000\", type: extension, contact: \"*\", "
		    "password: \"" PHONE_PASSWORD "\" }\n"));
	buf_put(b, STR("  - { number: \"6000\", type: extension, contact: \"*\" }\n"));
	put_addr(b,
		"  - { number: east, type: trunk, register: yes, prefix: \"8\", "
		"contact: \"sip:",
		tcp_trunk, ";transport=tcp\" }\n");
	buf_put(b,
		STR("  - { number: west, type: trunk, register: yes, prefix: \"9\", "
		    "contact: \"sips:" TRUNK_NAME ":"));
	buf_number(b, tls_trunk->port);
	buf_put(b, STR("\" }\n"));
}

bool
run_configure(struct run *run, const struct addr *tcp_trunk, const struct addr *tls_trunk,
	const struct addr *resolver)
{
	struct listen_at all[LISTENERS] = {
		{ TRANSPORT_TLS, run->addr, "sips:", ", client-certificate: optional" },
		{ TRANSPORT_TLS, run->addr, "sips:", "" },
		{ TRANSPORT_UDP, run->addr, "sip:", ";transport=udp" },
		{ TRANSPORT_UDP, { .family = ADDR_V4 }, "sip:", ";transport=udp" },
		{ TRANSPORT_TCP, run->addr, "sip:", ";transport=tcp" },
	};
	char text[CONFIG_BYTES];
	struct buf b = buf_on(text, sizeof text);
	FILE *file;
	bool is_written;

	if (!draw_ports(all, LISTENERS))
		return false;
	buf_put(&b, STR("listen:\n"));
	for (int i = 0; i < LISTENERS; i++) {
		bool is_tls = all[i].transport == TRANSPORT_TLS;

		buf_put(&b, is_tls ? STR("  - { uri: \"") : STR("  - \""));
		put_addr(&b, all[i].scheme, &all[i].addr, is_tls ? "" : all[i].rest);
		buf_put(&b, STR("\""));
		if (is_tls) {
			buf_put(&b, STR(", advertise: demo.example"));
			buf_put(&b, str_cstr(all[i].rest));
			buf_put(&b, STR(" }"));
		}
		buf_char(&b, '\n');
	}
	put_rest(&b, run, tcp_trunk, tls_trunk, resolver);
	file = fopen(run->config, "w");
	is_written = file != NULL && buf_ok(&b) && fwrite(text, 1, b.used, file) == b.used;
	return (file == NULL || fclose(file) == 0) && is_written;
}
