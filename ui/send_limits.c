/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/send_limits.h"

#include <glib/gstdio.h>

#include <string.h>

#include "src/route/letter.h"
#include "src/route/limits.h"
#include "src/text/text.h"

gint64 sn_send_file_size(SnApp *app, const char *file)
{
	SnAttachment *held = sn_attachment_from_held(file);
	gint64 size = held ? sn_outbox_attachment_size(app->store, held->sha256) : -1;
	GStatBuf info;

	if (!held && g_path_is_absolute(file) && g_stat(file, &info) == 0)
		size = info.st_size;
	sn_attachment_free(held);
	return size;
}

static char *im_words(SnApp *app, const GPtrArray *files, gint64 limit)
{
	for (guint i = 0; i < files->len; i++) {
		const char *file = g_ptr_array_index(files, i);
		gint64 bytes = sn_send_file_size(app, file);
		if (bytes <= 0 || bytes <= limit)
			continue;
		g_autofree char *base = sn_composer_file_name(file);
		g_autofree char *name = sn_text_clean_line(base, -1);
		g_autofree char *size = sn_text_size(bytes), *most = sn_text_size(limit);
		if (limit == 0)
			return g_strdup_printf("%s cannot go by IM: the server takes no files.", name);
		return g_strdup_printf("%s has %s; the IM server takes files up to %s.", name, size,
		                       most);
	}
	return NULL;
}

static gint64 sum_of(SnApp *app, const GPtrArray *files)
{
	gint64 bytes = 0;

	for (guint i = 0; i < files->len; i++)
		bytes += MAX(sn_send_file_size(app, g_ptr_array_index(files, i)), 0);
	return bytes;
}

/* Files go in base64, and the text as it is. */
static char *mail_words(SnApp *app, const GPtrArray *files, gint64 limit)
{
	gint64 bytes = sn_letter_encoded_size(sum_of(app, files)) +
	               (gint64)strlen(sn_composer_text(app->composer, SN_FIELD_BODY));

	if (bytes <= limit)
		return NULL;
	g_autofree char *size = sn_text_size(bytes), *most = sn_text_size(limit);
	return g_strdup_printf("As an email the files take %s; the mail server takes %s.", size, most);
}

char *sn_send_files_words(SnApp *app, const SnPlan *plan)
{
	const GPtrArray *files = app->composer->draft ? app->composer->draft->attachments : NULL;
	g_autofree char *size = NULL, *most = NULL;
	SnLimits limits = { SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN };

	if (!files || files->len == 0)
		return NULL;
	size = sn_text_size(sum_of(app, files));
	if (plan && plan->account_name)
		sn_limits_get(app->store, plan->account_name, &limits);
	if (plan && plan->channel == SN_CHANNEL_MAIL && limits.mail > 0)
		most = sn_text_size(limits.mail / 4 * 3);
	if (files->len == 1 && !most)
		return NULL;
	return g_strdup_printf("%u file%s, %s%s%s", files->len, files->len > 1 ? "s" : "", size,
	                       most ? " of " : "", most ? most : "");
}

char *sn_send_too_large(SnApp *app, const SnPlan *plan)
{
	const GPtrArray *files = app->composer->draft->attachments;
	SnLimits limits;

	if (!files || files->len == 0 || !plan->account_name)
		return NULL;
	sn_limits_get(app->store, plan->account_name, &limits);
	if (plan->channel == SN_CHANNEL_IM)
		return limits.upload >= 0 ? im_words(app, files, limits.upload) : NULL;
	return limits.mail > 0 ? mail_words(app, files, limits.mail) : NULL;
}
