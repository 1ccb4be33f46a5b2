/* SPDX-License-Identifier: Apache-2.0 */
/* Where those who look on find the server: `admin: PATH`, or `admin: { socket: PATH, group:
 * NAME }`. */
#include <grp.h>
#include <sys/un.h>

#include "main/config_file.h"
#include "main/config_parts.h"

enum { PATH_BYTES_MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };

static void
read_socket(struct reading *r, const struct yaml *node)
{
	struct str path;

	if (!scalar_check(r, node))
		return;
	path = file_beside(r->memory, r->report->path, node->text);
	if (node->text.len == 0)
		value_refused(r, node, 0, STR("this is the path of a socket"));
	else if (path.len > PATH_BYTES_MAX)
		value_refused(r, node, node->text.len - 1,
			memory_text(r->memory, "the path of a socket has at most %d octets",
				PATH_BYTES_MAX));
	else
		r->config->admin = path;
}

static void
read_group(struct reading *r, const struct yaml *node)
{
	const struct group *group;

	if (node == NULL || !scalar_check(r, node))
		return;
	group = getgrnam(memory_copy(r->memory, node->text).at);
	if (group == NULL) {
		value_refused(r, node, 0, STR("this machine has no such group"));
		return;
	}
	r->config->admin_has_group = true;
	r->config->admin_group = group->gr_gid;
}

void
admin_read(struct reading *r, const struct yaml *node)
{
	static const struct key keys[] = { { STR("socket"), true }, { STR("group"), true } };

	if (node == NULL || node->is_bad)
		return;
	if (node->kind != YAML_MAP) {
		read_socket(r, node);
		return;
	}
	if (!keys_check(r, node, "admin", keys, 2))
		return;
	if (yaml_get(node, STR("socket")) == NULL)
		report_error(r->report, node->span, "admin needs its socket");
	else
		read_socket(r, yaml_get(node, STR("socket")));
	read_group(r, yaml_get(node, STR("group")));
}

bool
config_find_admin(struct config_memory *memory, const char *path, FILE *errors, struct str *socket)
{
	struct report *report = memory_take(memory, sizeof *report);
	struct config *config = memory_take(memory, sizeof *config);
	struct reading r = { .config = config, .memory = memory, .report = report };
	struct str text, why;

	if (!file_read(memory, str_cstr(path), CONFIG_BYTES_MAX, &text, &why)) {
		fprintf(errors, "%s: error: cannot read the configuration: %.*s\n", path,
			SHOW(why));
		return false;
	}
	report_init(report, memory, memory_copy(memory, str_cstr(path)), text);
	r.root = yaml_read(memory, report);
	if (r.root != NULL && r.root->kind == YAML_MAP)
		admin_read(&r, yaml_get(r.root, STR("admin")));
	report_print(report, errors);
	if (report->errors > 0)
		return false;
	if (config->admin.len == 0)
		fprintf(errors, "%s: error: it has no `admin:`, so its server cannot be asked\n",
			path);
	*socket = config->admin;
	return config->admin.len > 0;
}
