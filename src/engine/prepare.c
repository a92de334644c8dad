/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prepare.c - a raw email as the message it will be in the store, as far as that needs no store.
 *
 * This is the expensive half of filing an email and runs on a parser thread.
 */
#include "src/engine/crypto.h"
#include "src/engine/sync_private.h"
#include "src/mime/secure.h"

#include <string.h>

enum {
	MAX_CARRIED = 500, /* earlier messages taken from one email: as many as one is sent with */
	MAX_PARTIES = 500,
};
#define CLOCK_SKEW SN_DAY /* a Date: that far after its arrival is wrong */
#define EARLIEST ((SnTime)315532800 * SN_SECOND) /* 1980: there was no email as we know it */

void sn_prepared_free(SnPrepared *prepared)
{
	if (!prepared)
		return;
	sn_mail_free(prepared->mail);
	sn_message_free(prepared->message);
	g_free(prepared->sender);
	g_free(prepared->sender_name);
	g_clear_pointer(&prepared->carried, g_ptr_array_unref);
	g_clear_pointer(&prepared->raw, g_bytes_unref);
	g_free(prepared);
}

static SnRole role_of(SnMailRole role)
{
	switch (role) {
	case SN_MAIL_FROM: return SN_ROLE_FROM;
	case SN_MAIL_TO: return SN_ROLE_TO;
	case SN_MAIL_CC: return SN_ROLE_CC;
	case SN_MAIL_BCC: return SN_ROLE_BCC;
	case SN_MAIL_REPLY_TO: return SN_ROLE_REPLY_TO;
	case SN_MAIL_DELIVERED: return SN_ROLE_DELIVERED;
	case SN_MAIL_LIST_POST: return SN_ROLE_LIST_POST;
	case SN_MAIL_FOLLOWUP: return SN_ROLE_FOLLOWUP;
	}
	g_assert_not_reached();
}

static void add_parties(SnPrepared *prepared)
{
	const GPtrArray *addresses = prepared->mail->addresses;
	guint count = MIN(addresses->len, MAX_PARTIES);

	for (guint i = 0; i < count; i++) {
		const SnMailAddress *address = g_ptr_array_index(addresses, i);
		g_autofree char *value = sn_address_normalise(SN_CHANNEL_MAIL, address->address);
		if (!value)
			continue;
		if (address->role == SN_MAIL_FROM && !prepared->sender) {
			prepared->sender = g_strdup(value);
			prepared->sender_name = g_strdup(address->name);
		}
		sn_message_add_party(prepared->message, role_of(address->role), value,
		                     address->name);
	}
}

static void add_parts(SnPrepared *prepared)
{
	const GPtrArray *parts = prepared->mail->parts;

	for (guint i = 0; i < parts->len; i++) {
		const SnMailPart *from = g_ptr_array_index(parts, i);
		if (!from->is_attachment && !(from->is_inline && from->content_id))
			continue;
		SnPart *part = g_new0(SnPart, 1);
		part->position = from->position;
		part->type = g_strdup(from->type);
		part->name = g_strdup(from->name);
		part->size = from->size;
		part->sha256 = g_strdup(from->sha256);
		part->inline_ = !from->is_attachment;
		sn_message_add_part(prepared->message, part);
	}
}

/* The root of the thread as the sender saw it: the oldest reference, else what is answered. */
static char *thread_of(const SnMail *mail)
{
	if (mail->references && mail->references->len > 0)
		return g_strdup(g_ptr_array_index(mail->references, 0));
	return g_strdup(mail->in_reply_to ? mail->in_reply_to : mail->message_id);
}

static void append_notice(GString *notice, const char *line)
{
	if (!line || !*line)
		return;
	if (notice->len)
		g_string_append(notice, "; ");
	g_string_append(notice, line);
}

static char *notice_of(const SnMail *mail)
{
	GString *notice = g_string_new(NULL);

	append_notice(notice, mail->notice);
	if (mail->remote_images) {
		g_autofree char *images =
			g_strdup_printf("%d remote image%s not loaded", mail->remote_images,
		                        mail->remote_images == 1 ? "" : "s");
		append_notice(notice, images);
	}
	if (mail->trackers) {
		g_autofree char *trackers =
			g_strdup_printf("%d of them too small to be seen, as trackers are", mail->trackers);
		append_notice(notice, trackers);
	}
	if (notice->len)
		return g_string_free(notice, FALSE);
	g_string_free(notice, TRUE);
	return NULL;
}

/* What the sender claims, unless it cannot be: then it stands where it arrived. */
static SnTime time_of(const SnMail *mail, SnTime received)
{
	gboolean wrong = mail->date < EARLIEST || mail->date > received + CLOCK_SKEW;

	return received && wrong ? received : mail->date;
}

static void fill_message(SnPrepared *prepared, const SnConfig *config, SnTime received)
{
	const SnMail *mail = prepared->mail;
	SnMessage *message = prepared->message;

	add_parties(prepared);
	add_parts(prepared);
	gboolean own = sn_config_owns(config, SN_CHANNEL_MAIL, prepared->sender);
	message->direction = own ? SN_OUT : SN_IN;
	message->state = own ? SN_STATE_ACCEPTED : SN_STATE_RECEIVED;
	message->time = time_of(mail, received);
	message->subject = g_strdup(mail->subject);
	message->message_id = g_strdup(mail->message_id);
	message->in_reply_to = g_strdup(mail->in_reply_to);
	message->thread = thread_of(mail);
	message->secure = mail->secure;
	message->encrypted = mail->encrypted || (mail->secure & SN_SECURE_ENCRYPTED);
	message->list_id = g_strdup(mail->list_id);
	message->bulk = own ? SN_BULK_NONE : (SnBulk)mail->bulk;
	message->authentication = g_strdup(mail->authentication);
	message->notice = notice_of(mail);
	message->body = g_strdup(mail->text ? mail->text : "");
}

/* The user wants what came encrypted to be kept in the clear, to search for it. Only what needs no
 * passphrase now, and is encrypted as a whole: what lies beside other text may not be the sender's. */
static void keep_decrypted(SnPrepared *prepared, const SnConfig *config)
{
	SnMessage *message = prepared->message;

	if (!sn_config_settings(config)->crypto_index_decrypted ||
	    !(message->secure & SN_SECURE_ENCRYPTED))
		return;
	SnGpg gpg = sn_engine_gpg(config);
	g_autoptr(SnOpened) opened = sn_mail_open(prepared->raw, &gpg, FALSE);
	if (!opened->encrypted)
		return;
	g_free(message->body);
	message->body = sn_opened_text(opened);
	if (opened->subject) {
		g_free(message->subject);
		message->subject = g_strdup(opened->subject);
	}
}

static SnPrepared *prepare(const SnConfig *config, const SnAccount *account, GBytes *raw,
                           SnTime received)
{
	SnMailOptions options = {
		.authserv_id = account ? account->authserv_id : NULL,
		.own_servers = account ? (const char *const *)account->own_servers : NULL,
	};
	SnPrepared *prepared = g_new0(SnPrepared, 1);
	g_autoptr(GError) error = NULL;

	prepared->raw = g_bytes_ref(raw);
	prepared->message = sn_message_new();
	prepared->message->channel = SN_CHANNEL_MAIL;
	prepared->message->size = (gint64)g_bytes_get_size(raw);
	prepared->mail = sn_mail_parse(raw, &options, &error);
	if (prepared->mail) {
		fill_message(prepared, config, received);
		keep_decrypted(prepared, config);
		return prepared;
	}
	/* it exists on the server, so it gets a row: silence would hide it */
	prepared->message->time = received;
	prepared->message->state = SN_STATE_RECEIVED;
	prepared->message->body = g_strdup("");
	prepared->message->notice =
		g_strdup_printf("this email cannot be read: %s", error->message);
	return prepared;
}

static gboolean im_is_ours(const SnConfig *config, const SnMailCarried *carried)
{
	g_autofree char *from = sn_address_normalise(SN_CHANNEL_IM, carried->from);
	g_autofree char *to = carried->to ? sn_address_normalise(SN_CHANNEL_IM, carried->to) : NULL;

	return sn_config_owns(config, SN_CHANNEL_IM, from) ||
	       sn_config_owns(config, SN_CHANNEL_IM, to);
}

void sn_carried_say(SnMessage *message, guint not_ours, guint too_many)
{
	GString *notice = g_string_new(message->notice);

	if (not_ours) {
		g_autofree char *line = g_strdup_printf(
			not_ours == 1 ? "%u earlier message left out, it was not to or from you"
				      : "%u earlier messages left out, they were not to or from you",
			not_ours);
		append_notice(notice, line);
	}
	if (too_many) {
		g_autofree char *line = g_strdup_printf(
			"%u earlier messages left out, more than %d are not taken", too_many,
			MAX_CARRIED);
		append_notice(notice, line);
	}
	g_free(message->notice);
	message->notice = g_string_free(notice, notice->len == 0);
}

static gboolean is_told_file(const GPtrArray *carried, const char *sha256)
{
	for (guint i = 0; i < carried->len; i++) {
		const SnMailCarried *one = g_ptr_array_index(carried, i);
		for (guint j = 0; one->files && j < one->files->len; j++) {
			const SnMailCarriedFile *file = g_ptr_array_index(one->files, j);
			if (g_strcmp0(file->sha256, sha256) == 0)
				return TRUE;
		}
	}
	return FALSE;
}

/* A file that an earlier IM had goes along as a file of the email. It is here for the history's
 * sake, as the digest is, and no file of what the email says. */
static void note_told_files(SnMessage *message, const GPtrArray *carried)
{
	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		SnPart *part = g_ptr_array_index(message->parts, i);
		if (part->sha256 && is_told_file(carried, part->sha256))
			part->inline_ = TRUE;
	}
}

/* A carried message carries nothing further: one level is what the sender vouches for. */
static void prepare_carried(SnPrepared *prepared, const SnConfig *config)
{
	const GPtrArray *carried = prepared->mail ? prepared->mail->carried : NULL;
	guint count = carried ? MIN(carried->len, MAX_CARRIED) : 0, not_ours = 0;

	if (!count)
		return;
	prepared->carried = g_ptr_array_new_with_free_func((GDestroyNotify)sn_prepared_free);
	for (guint i = 0; i < count; i++) {
		const SnMailCarried *one = g_ptr_array_index(carried, i);
		SnPrepared *inner = one->rfc822 ? prepare(config, NULL, one->rfc822, one->time)
		                                : g_new0(SnPrepared, 1);
		g_ptr_array_add(prepared->carried, inner);
		not_ours += one->rfc822 ? !sn_carried_is_ours(config, inner->message)
		                        : !im_is_ours(config, one);
	}
	sn_carried_say(prepared->message, not_ours, carried->len - count);
	if (!not_ours && carried->len == count)
		note_told_files(prepared->message, carried);
	/* what came along stands at its own time: no need to read it twice */
	if (!not_ours && carried->len == count && prepared->mail->own_length >= 0) {
		prepared->message->body[prepared->mail->own_length] = '\0';
		g_strchomp(prepared->message->body);
	}
}

SnPrepared *sn_prepare_mail(const SnConfig *config, const SnAccount *account, GBytes *raw,
                            SnTime received)
{
	SnPrepared *prepared = prepare(config, account, raw, received);

	prepare_carried(prepared, config);
	return prepared;
}
