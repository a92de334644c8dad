/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/opened.h"

#include <string.h>

#include "src/base/omemo.h"
#include "src/text/text.h"

SnOpened *sn_cli_open(SnCliContext *context, SnStore *store, const SnMessage *message)
{
	const SnCliServices *services = &context->services;

	if (!message->secure || message->channel != SN_CHANNEL_MAIL || !services->open_mail)
		return NULL;
	g_autoptr(GBytes) raw = sn_message_raw(store, message->id, NULL);
	SnOpened *opened = raw ? services->open_mail(store, raw, FALSE, services->data) : NULL;
	if (opened && !opened->any)
		g_clear_pointer(&opened, sn_opened_free);
	return opened;
}

void sn_cli_print_text(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	guint count = g_strv_length(lines);

	/* a line end at the end begins no line */
	if (count > 0 && !*lines[count - 1])
		count--;
	for (guint i = 0; i < count; i++) {
		if (*lines[i])
			fputs("  ", stdout);
		sn_out_text(lines[i]);
		putchar('\n');
	}
}

static const char *mark_of(int alarm)
{
	static const char *const marks[] = { "", "ok", "?", "!!" };

	g_assert(alarm >= 0 && (gsize)alarm < G_N_ELEMENTS(marks));
	return marks[alarm];
}

static void print_mark(int alarm, const char *words)
{
	g_autofree char *clean = sn_text_clean_line(words, -1);

	printf("%-2s  %s\n", mark_of(alarm), clean);
}

static void print_files(const GPtrArray *files)
{
	for (guint i = 0; i < files->len; i++) {
		const SnOpenedFile *file = files->pdata[i];
		g_autofree char *name = sn_text_clean_line(file->name ? file->name : file->type, -1);
		g_autofree char *size = sn_text_size((gint64)g_bytes_get_size(file->bytes));
		printf("  [%s, %s]\n", name, size);
	}
}

void sn_cli_print_opened(const SnOpened *opened)
{
	g_autofree char *words = sn_opened_words(opened);

	print_mark(sn_opened_alarm(opened), words);
	if (opened->subject) {
		g_autofree char *subject = g_strdup_printf("real subject: %s", opened->subject);
		print_mark(opened->subject_signature ? sn_signature_alarm(opened->subject_signature) : 2,
		           subject);
	}
	for (guint i = 0; i < opened->parts->len; i++) {
		const SnOpenedPart *part = opened->parts->pdata[i];
		if (opened->parts->len > 1) {
			g_autofree char *own = sn_opened_part_words(part);
			print_mark(sn_opened_part_alarm(part), own);
		}
		sn_cli_print_text(part->text);
		print_files(part->files);
	}
}

/* ---- IMs ---- */

const char *sn_cli_e2e_words(const SnMessage *message)
{
	const char *words;

	if (message->channel != SN_CHANNEL_IM || message->carried)
		return NULL;
	words = sn_e2e_words(message->secure, message->direction == SN_OUT);
	if (words || !(message->secure & SN_E2E_OPENED))
		return words;
	return message->secure & SN_E2E_VERIFIED ? "encrypted, verified" : "encrypted";
}

void sn_cli_print_e2e(const SnMessage *message)
{
	const char *words = sn_cli_e2e_words(message);

	if (words && sn_e2e_alarm(message->secure) > 1)
		print_mark(sn_e2e_alarm(message->secure), words);
}

const char *sn_cli_entry_e2e(SnStore *store, const SnOutboxEntry *entry, gboolean odd)
{
	g_autoptr(SnMessage) message = entry->channel == SN_CHANNEL_IM && entry->message
	                                       ? sn_message_get(store, entry->message, 0) : NULL;

	return message && (!odd || sn_e2e_alarm(message->secure) > 1) ? sn_cli_e2e_words(message) : NULL;
}

/* ---- JSON ---- */

void sn_cli_json_e2e(SnJson *object, const SnMessage *message)
{
	const char *words = sn_cli_e2e_words(message);

	if (!words)
		return;
	SnJson *security = sn_json_object();
	sn_json_text(security, "words", words);
	sn_json_text(security, "mark", mark_of(sn_e2e_alarm(message->secure)));
	sn_json_bool(security, "encrypted", (message->secure & SN_E2E_OPENED) != 0);
	sn_json_bool(security, "verified", (message->secure & SN_E2E_VERIFIED) != 0);
	if (message->direction == SN_OUT)
		sn_json_bool(security, "device_left_out", (message->secure & SN_E2E_LEFT_OUT) != 0);
	sn_json_put(object, "security", security);
}

static void add_signature(SnJson *object, const SnSignature *signature)
{
	if (!signature)
		return;
	sn_json_text(object, "signature", sn_signature_word(signature->state));
	sn_json_text(object, "signer", signature->address);
	sn_json_text(object, "fingerprint", signature->fingerprint);
	sn_json_bool(object, "by_mail", signature->by_mail);
}

static void add_file(SnJson *array, const SnOpenedFile *file)
{
	SnJson *item = sn_json_object();

	sn_json_text(item, "name", file->name);
	sn_json_text(item, "type", file->type);
	sn_json_int(item, "size", (gint64)g_bytes_get_size(file->bytes));
	sn_json_append(array, item);
}

void sn_cli_json_opened(SnJson *message, const SnOpened *opened)
{
	static const char *const locks[] = { [SN_LOCK_ASK] = "passphrase", [SN_LOCK_NO_KEY] = "no-key",
		                             [SN_LOCK_PARTLY] = "partly", [SN_LOCK_FAILED] = "failed" };
	g_autofree char *words = sn_opened_words(opened), *text = sn_opened_text(opened);
	SnJson *security = sn_json_object(), *files = NULL;

	sn_json_text(security, "words", words);
	sn_json_text(security, "mark", mark_of(sn_opened_alarm(opened)));
	sn_json_bool(security, "encrypted", opened->encrypted);
	sn_json_bool(security, "partly", sn_opened_partly(opened));
	sn_json_text(security, "locked", locks[opened->lock]);
	sn_json_text(security, "subject", opened->subject);
	add_signature(security, sn_opened_signature(opened));
	sn_json_put(message, "security", security);
	if (!opened->parts->len)
		return;
	sn_json_text(message, "body", text);
	sn_json_drop(message, "attachments");
	for (guint i = 0; i < opened->parts->len; i++) {
		const SnOpenedPart *part = opened->parts->pdata[i];
		for (guint j = 0; j < part->files->len; j++) {
			files = files ? files : sn_json_array(message, "attachments");
			add_file(files, part->files->pdata[j]);
		}
	}
}
