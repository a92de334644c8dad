/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/send_limits.h"

#include <glib/gstdio.h>

#include "src/route/limits.h"
#include "src/text/text.h"

/* Bytes of a file of the draft; 0 when that is not to be seen here (it is said when it is read). */
static gint64 size_of(const char *path)
{
	GStatBuf info;

	return g_path_is_absolute(path) && g_stat(path, &info) == 0 ? info.st_size : 0;
}

static char *im_words(const GPtrArray *files, gint64 limit)
{
	for (guint i = 0; i < files->len; i++) {
		const char *path = g_ptr_array_index(files, i);
		gint64 bytes = size_of(path);
		if (bytes == 0 || bytes <= limit)
			continue;
		g_autofree char *base = g_path_get_basename(path);
		g_autofree char *name = sn_text_clean_line(base, -1);
		g_autofree char *size = sn_text_size(bytes), *most = sn_text_size(limit);
		if (limit == 0)
			return g_strdup_printf("%s cannot go by IM: the server takes no files.", name);
		return g_strdup_printf("%s has %s; the IM server takes files up to %s.", name, size,
		                       most);
	}
	return NULL;
}

/* In base64 a file takes a third more. */
static char *mail_words(const GPtrArray *files, gint64 limit)
{
	gint64 bytes = 0;

	for (guint i = 0; i < files->len; i++)
		bytes += size_of(g_ptr_array_index(files, i));
	if (bytes / 3 * 4 <= limit)
		return NULL;
	g_autofree char *size = sn_text_size(bytes / 3 * 4), *most = sn_text_size(limit);
	return g_strdup_printf("As an email the files take %s; the mail server takes %s.", size, most);
}

char *sn_send_too_large(SnApp *app, const SnPlan *plan)
{
	const GPtrArray *files = app->composer->draft->attachments;
	SnLimits limits;

	if (!files || files->len == 0 || !plan->account_name)
		return NULL;
	sn_limits_get(app->store, plan->account_name, &limits);
	if (plan->channel == SN_CHANNEL_IM)
		return limits.upload >= 0 ? im_words(files, limits.upload) : NULL;
	return limits.mail > 0 ? mail_words(files, limits.mail) : NULL;
}
