/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bulk.c - emails that nobody wrote to the user: newsletters, and notices of machines. The rules are
 * those of docs/sennit.1 under "Newsletters and notices"; when in doubt somebody wrote it.
 */
#include <string.h>

#include "src/mime/mime_private.h"

/* Where people post, what comes is theirs. */
static gboolean is_discussed(const SnMail *mail, GMimeObject *object)
{
	static const char *const software[] = { "Mailing-List", "X-Mailing-List", "X-Mailman-Version" };

	for (guint i = 0; i < mail->addresses->len; i++)
		if (((const SnMailAddress *)mail->addresses->pdata[i])->role == SN_MAIL_LIST_POST)
			return TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(software); i++)
		if (g_mime_object_get_header(object, software[i]))
			return TRUE;
	return FALSE;
}

/* "No_Reply+x@y" as "no-reply"; NULL when there is no From:. Caller frees. */
static char *bare_sender(const SnMail *mail)
{
	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *address = mail->addresses->pdata[i];
		char *bare;
		if (address->role != SN_MAIL_FROM)
			continue;
		bare = g_ascii_strdown(address->address, (gssize)strcspn(address->address, "@+"));
		return g_strdelimit(bare, "_.", '-');
	}
	return NULL;
}

static gboolean is_machine(const char *sender)
{
	/* alone, or with more behind a sign: "noreply-billing" */
	static const char *const begins[] = { "noreply", "no-reply", "donotreply", "do-not-reply",
		                              "nicht-antworten", "ne-pas-repondre" };
	static const char *const whole[] = { "notification", "notifications", "notify", "alerts",
		                             "bounces", "automailer", "cron" };

	for (gsize i = 0; sender && i < G_N_ELEMENTS(begins); i++)
		if (g_str_has_prefix(sender, begins[i]) && strchr("-", sender[strlen(begins[i])]))
			return TRUE;
	for (gsize i = 0; sender && i < G_N_ELEMENTS(whole); i++)
		if (strcmp(sender, whole[i]) == 0)
			return TRUE;
	return FALSE;
}

static gboolean has_word(GMimeObject *object, const char *header, const char *first, const char *second)
{
	const char *value = g_mime_object_get_header(object, header);

	return value && (g_ascii_strncasecmp(value, first, strlen(first)) == 0 ||
	                 (second && g_ascii_strncasecmp(value, second, strlen(second)) == 0));
}

SnMailBulk sn_mime_bulk(const SnMail *mail, GMimeObject *object)
{
	g_autofree char *sender = bare_sender(mail);
	gboolean discussed = is_discussed(mail, object);

	if (!discussed && (g_mime_object_get_header(object, "List-Unsubscribe") ||
	                   (has_word(object, "Precedence", "bulk", "junk") && mail->list_id)))
		return SN_MAIL_NEWSLETTER;
	/* what a mail system says is about what the user wrote */
	if (mail->reports->len > 0 || g_strcmp0(sender, "mailer-daemon") == 0 ||
	    g_strcmp0(sender, "postmaster") == 0)
		return SN_MAIL_PERSONAL;
	if (is_machine(sender) || g_strcmp0(mail->auto_submitted, "auto-generated") == 0)
		return SN_MAIL_NOTICE;
	return SN_MAIL_PERSONAL;
}
