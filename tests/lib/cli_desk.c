/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/cli_desk.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/vcard/vcard.h"

#define ACCOUNTS                                                                               \
	"# mine\n"                                                                             \
	"[home]\n"                                                                             \
	"from = Alice <alice@example.test>\n"                                                  \
	"source = imaps://alice@mail.example.test\n"                                           \
	"outgoing = smtps://alice@mail.example.test\n"                                         \
	"im = xmpp://alice@example.test\n"                                                     \
	"password-command = echo secret\n"

static gboolean engine_run(SnEngineHow how, gpointer data, GError **error)
{
	((CliDesk *)data)->engine_runs++;
	return TRUE;
}

static gboolean import(SnStore *store, const char *path, gint64 *added, gint64 *known,
                       gint64 *failed, void (*progress)(gint64, gpointer), gpointer progress_data,
                       gpointer data, GError **error)
{
	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no %s", path);
		return FALSE;
	}
	*added = 2;
	*known = 1;
	return TRUE;
}

static gboolean probe(const SnEndpoint *endpoint, char **text, gpointer data, GError **error)
{
	CliDesk *desk = data;

	desk->probes++;
	if (desk->probe_error &&
	    (!desk->probe_fails ||
	     strcmp(desk->probe_fails, sn_endpoint_protocol(endpoint)) == 0)) {
		g_set_error(error, SN_ERROR, (int)desk->probe_error, "The server said no");
		return FALSE;
	}
	*text = g_strdup("logged in");
	return TRUE;
}

static void card_free(gpointer data)
{
	SnVcard *card = data;

	g_free(card->name);
	g_strfreev(card->mails);
	g_strfreev(card->jids);
	g_strfreev(card->unsure);
	g_free(card->file);
	g_free(card);
}

/* A card is a line "name;mail mail;jid jid"; what has no ';' is bad. */
static GPtrArray *vcards(const char *text, const char *file, int *bad, gpointer data,
                         GError **error)
{
	GPtrArray *cards = g_ptr_array_new_with_free_func(card_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	if (((CliDesk *)data)->no_vcards) {
		g_ptr_array_unref(cards);
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "The module is missing");
		return NULL;
	}
	for (gsize i = 0; lines[i] && *lines[i]; i++) {
		g_auto(GStrv) fields = g_strsplit(lines[i], ";", 3);
		if (g_strv_length(fields) != 3) {
			(*bad)++;
			continue;
		}
		SnVcard *card = g_new0(SnVcard, 1);
		card->name = g_strdup(fields[0]);
		card->mails = g_strsplit(fields[1], " ", -1);
		card->jids = g_strsplit(fields[2], " ", -1);
		card->unsure = g_new0(char *, 1);
		card->file = g_strdup(file);
		g_ptr_array_add(cards, card);
	}
	return cards;
}

static char *vcard_format(const SnVcard *card, int version, gpointer data, GError **error)
{
	return g_strdup_printf("BEGIN:VCARD\r\nFN:%s\r\nEND:VCARD\r\n", card->name);
}

static char *vcard_complete(const char *text, const SnVcard *card, gboolean *found, gpointer data,
                            GError **error)
{
	*found = FALSE;
	return NULL;
}

static GString *web_get(const char *url, const char *ca_file, int seconds, gpointer data,
                        GError **error)
{
	const CliDesk *desk = data;

	if (desk->web_page && strstr(url, desk->web_url))
		return g_string_new(desk->web_page);
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "status 404");
	return NULL;
}

void cli_desk_write(CliDesk *desk, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(desk->context.paths->config, name, NULL);

	if (!g_file_set_contents(path, text, -1, NULL) || g_chmod(path, 0600) != 0)
		g_error("cannot write %s", path);
}

char *cli_desk_read(CliDesk *desk, const char *name)
{
	g_autofree char *path = g_build_filename(desk->context.paths->config, name, NULL);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

void cli_desk_forget(CliDesk *desk)
{
	g_clear_pointer(&desk->context.store, sn_store_close);
	g_clear_pointer(&desk->context.config, sn_config_unref);
}

int cli_desk_setup(void **state)
{
	CliDesk *desk = g_new0(CliDesk, 1);
	g_autoptr(GError) error = NULL;

	desk->tmp = tmpstore_new();
	desk->context.paths = sn_paths_new(desk->tmp->directory, &error);
	if (!desk->context.paths)
		g_error("%s", error->message);
	g_free(desk->context.paths->store_path);
	desk->context.paths->store_path = g_strdup(desk->tmp->path);
	desk->context.services =
		(SnCliServices){ engine_run, import, probe, vcards, vcard_format,
			         vcard_complete, NULL, desk };
	desk->context.services.web_get = web_get;
	cli_desk_write(desk, "accounts.conf", ACCOUNTS);
	*state = desk;
	return 0;
}

int cli_desk_teardown(void **state)
{
	CliDesk *desk = *state;

	sn_cli_context_clear(&desk->context);
	tmpstore_free(desk->tmp);
	g_free(desk->out);
	g_free(desk->err);
	g_free(desk);
	return 0;
}

/* A file without a name in place of a standard stream; *saved is the stream's own. */
static void redirect(int fd, const char *text, int *saved)
{
	g_autofree char *path = g_build_filename(g_get_tmp_dir(), "sennit-io-XXXXXX", NULL);
	int file = g_mkstemp(path);

	g_assert(file >= 0);
	g_unlink(path);
	if (text && write(file, text, strlen(text)) != (ssize_t)strlen(text))
		g_error("cannot write");
	lseek(file, 0, SEEK_SET);
	*saved = dup(fd);
	dup2(file, fd);
	close(file);
}

static char *restore(int fd, int saved)
{
	off_t length = lseek(fd, 0, SEEK_END);
	char *text = g_malloc0((gsize)length + 1);

	if (pread(fd, text, (gsize)length, 0) != length)
		g_error("cannot read back");
	dup2(saved, fd);
	close(saved);
	return text;
}

int cli_desk_run(CliDesk *desk, const char *input, const char *verb, ...)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	int in, out, err;
	va_list args;

	g_ptr_array_add(argv, g_strdup(verb));
	va_start(args, verb);
	for (const char *word; (word = va_arg(args, const char *));)
		g_ptr_array_add(argv, g_strdup(word));
	va_end(args);
	g_ptr_array_add(argv, NULL);
	fflush(stdout);
	fflush(stderr);
	redirect(STDIN_FILENO, input ? input : "", &in);
	redirect(STDOUT_FILENO, NULL, &out);
	redirect(STDERR_FILENO, NULL, &err);
	int code = sn_cli_run(&desk->context, (int)argv->len - 1, (char **)argv->pdata);
	fflush(stdout);
	fflush(stderr);
	g_free(desk->err);
	desk->err = restore(STDERR_FILENO, err);
	g_free(desk->out);
	desk->out = restore(STDOUT_FILENO, out);
	g_free(restore(STDIN_FILENO, in));
	return code;
}

json_t *cli_desk_json(const CliDesk *desk)
{
	json_error_t error;
	json_t *array = json_loads(desk->out, JSON_REJECT_DUPLICATES, &error);
	gsize lines = 0;

	if (!json_is_array(array))
		g_error("no array (%s, line %d): %s", error.text, error.line, desk->out);
	for (const char *at = desk->out; *at; at++)
		lines += *at == '\n';
	/* "[", a line for each object, "]"; "[]" when there is none */
	gsize count = json_array_size(array);
	g_assert_cmpuint(lines, ==, count ? count + 2 : 1);
	return array;
}

gboolean cli_desk_said(const CliDesk *desk, const char *part)
{
	return strstr(desk->err, part) != NULL;
}
