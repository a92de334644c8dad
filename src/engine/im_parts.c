/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/im_parts.h"
#include "src/engine/history_files.h"

#include <string.h>

#include "src/route/plan.h"
#include "src/store/rooms.h"
#include "src/text/text.h"

#define MODEST_STANZA 10000   /* where the server tells no limit (RFC 6120 section 13.12) */
#define STANZA_OVERHEAD 2000  /* addresses, ids, quote, extensions */
#define KEYS_OVERHEAD 3000    /* of what is encrypted: the keys of some ten devices */
#define FORWARD_OVERHEAD 800  /* of each forwarded stanza */
#define LATE (10 * SN_MINUTE) /* from then on the time it was written is said */
#define TEXT_SHORT 500        /* of an earlier message whose original goes along */
#define TEXT_LONG 3000        /* of one that goes as text only */
#define NOTICE_MAX 1000

/* Encrypted, a text is a third longer, and each device of both sides takes its share. */
static gsize text_limit(const SnEngineAccount *account, gboolean sealed)
{
	gsize stanza = account->stanza_max ? account->stanza_max : MODEST_STANZA;
	gsize overhead = STANZA_OVERHEAD + (sealed ? KEYS_OVERHEAD : 0);
	gsize room = stanza > 2 * overhead ? stanza - overhead : STANZA_OVERHEAD;

	return sealed ? room / 4 * 3 : room;
}

static gboolean fits_upload(const SnEngineAccount *account, gint64 size)
{
	return account->upload_max < 0 || (account->upload_max > 0 && size <= account->upload_max);
}

/* The file of an earlier IM, where it is for anybody to get; NULL. An address with a key in it
 * (aesgcm:) belongs to encrypted talk. */
static const SnPart *open_file(const SnMessage *message)
{
	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		if (part->url && g_str_has_prefix(part->url, "https://"))
			return part;
	}
	return NULL;
}

/* What it says as a stanza; NULL: nothing that another stanza could repeat. */
static const char *forward_body(const SnMessage *message)
{
	const SnPart *file;

	if (message->channel != SN_CHANNEL_IM)
		return NULL;
	if (message->body && *message->body)
		return message->body;
	file = open_file(message);
	return file ? file->url : NULL;
}

static gsize forward_size(const SnMessage *message)
{
	const char *body = forward_body(message);
	const SnPart *file = open_file(message);

	return sn_im_escaped_size(body, strlen(body)) + FORWARD_OVERHEAD +
	       (file ? 3 * strlen(file->url) + 500 : 0);
}

static gboolean can_forward(const SnEngineAccount *account, const SnMessage *message)
{
	return forward_body(message) && forward_size(message) < text_limit(account, FALSE);
}

/* Earlier IMs in groups that fit into one stanza each. Of GArray of SnId. */
static GPtrArray *group_forwards(const SnEngineAccount *account, const GPtrArray *messages)
{
	GPtrArray *groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	gsize limit = text_limit(account, FALSE), size = 0;
	GArray *group = NULL;

	for (guint i = 0; i < messages->len; i++) {
		const SnMessage *message = messages->pdata[i];
		if (!can_forward(account, message))
			continue;
		gsize more = forward_size(message);
		if (!group || size + more > limit) {
			group = g_array_new(FALSE, FALSE, sizeof(SnId));
			g_ptr_array_add(groups, group);
			size = 0;
		}
		g_array_append_val(group, message->id);
		size += more;
	}
	return groups;
}

/* Later than the sender meant it to go: a time of his own choice is not late. */
static gboolean is_late(SnDelivery *self, const SnOutboxEntry *entry)
{
	return sn_delivery_now(self) - MAX(entry->created, entry->send_at) > LATE;
}

static gboolean same_day(SnTime one, SnTime other)
{
	g_autoptr(GDateTime) a = g_date_time_new_from_unix_local(one / 1000);
	g_autoptr(GDateTime) b = g_date_time_new_from_unix_local(other / 1000);

	return a && b && g_date_time_get_year(a) == g_date_time_get_year(b) &&
	       g_date_time_get_day_of_year(a) == g_date_time_get_day_of_year(b);
}

/* "(written 14:02)", with the day when it was another one. */
static char *late_line(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(entry->created / 1000);
	g_autofree char *clock = time ? g_date_time_format(time, "%H:%M") : NULL;
	g_autofree char *whole = sn_delivery_time_text(entry->created);

	return g_strdup_printf("\n(written %s)",
	                       clock && same_day(entry->created, sn_delivery_now(self)) ? clock : whole);
}

/* What of the user's own files cannot go; the user chose to send all the same. NULL: nothing. */
static char *lost_files(const SnOutboxEntry *entry, const SnEngineAccount *account)
{
	GString *text = NULL;

	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++) {
		const SnAttachment *file = entry->attachments->pdata[i];
		if (fits_upload(account, file->size))
			continue;
		g_autofree char *size = sn_text_size(file->size);
		if (!text)
			text = g_string_new("\n(not sent, the server takes no such file:");
		g_string_append_printf(text, " %s, %s;", file->name ? file->name : "a file", size);
	}
	if (!text)
		return g_strdup("");
	text->str[text->len - 1] = ')';
	return g_string_free(text, FALSE);
}

/* The text of a message that is nothing but files. */
static char *file_names(const SnOutboxEntry *entry)
{
	GString *names = g_string_new(NULL);

	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++) {
		const SnAttachment *file = entry->attachments->pdata[i];
		g_string_append_printf(names, "%s%s", i ? ", " : "",
		                       file->name ? file->name : "a file");
	}
	return g_string_free(names, FALSE);
}

static GPtrArray *body_parts(SnDelivery *self, const SnOutboxEntry *entry,
                             const SnEngineAccount *account)
{
	g_autofree char *lost = lost_files(entry, account);
	g_autofree char *names = file_names(entry);
	const char *body = entry->body && *entry->body ? entry->body : names;
	g_autofree char *whole = g_strconcat(body, lost, NULL);

	return sn_im_split(whole, text_limit(account, sn_delivery_is_sealed(self, entry)));
}

/* Earlier emails go as files when they are here as they came, and fit with what can be taken out. */
static void plan_emails(SnDelivery *self, const SnOutboxEntry *entry,
                        const SnEngineAccount *account, const GPtrArray *messages, GArray *emails,
                        GPtrArray *left)
{
	gint64 largest = account->upload_max < 0 ? G_MAXINT64 : account->upload_max;
	g_autoptr(GPtrArray) files = NULL;

	if (largest == 0)
		return;
	files = sn_history_files(self, entry, messages, largest);
	for (guint i = 0; i < files->len; i++) {
		const SnEmailFiles *email = files->pdata[i];
		if (email->size > largest)
			continue;
		g_array_append_val(emails, email->message);
		g_ptr_array_add(left, sn_email_files_format(email));
	}
}

/* The same bytes twice are uploaded once. */
static gboolean is_repeated(const SnOutboxEntry *entry, guint index)
{
	const SnAttachment *file = entry->attachments->pdata[index];

	for (guint i = 0; i < index; i++) {
		const SnAttachment *other = entry->attachments->pdata[i];
		if (file->sha256 && g_strcmp0(file->sha256, other->sha256) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean goes(const SnOutboxEntry *entry, const SnEngineAccount *account, guint index)
{
	const SnAttachment *file = entry->attachments->pdata[index];

	return fits_upload(account, file->size) && !is_repeated(entry, index);
}

GPtrArray *sn_im_parts_plan(SnDelivery *self, const SnOutboxEntry *entry,
                            const SnEngineAccount *account)
{
	g_autoptr(GPtrArray) messages = sn_history_messages(self, entry, NULL);
	/* forwarded stanzas have no place in an encrypted message: their text goes in it */
	g_autoptr(GPtrArray) forwards = sn_delivery_is_sealed(self, entry)
		? g_ptr_array_new()
		: group_forwards(account, messages);
	g_autoptr(GPtrArray) parts = body_parts(self, entry, account);
	g_autoptr(GArray) emails = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GPtrArray) left = g_ptr_array_new_with_free_func(g_free);
	SnImStepInput input = { .body_parts = (int)parts->len,
		                .emails = emails,
		                .forwards = forwards,
		                .text = messages->len > 0 };

	plan_emails(self, entry, account, messages, emails, left);
	g_assert(left->len == emails->len);
	input.left = (char *const *)left->pdata;
	/* Numbers of attachments count those that go, in order. */
	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++)
		input.attachments += goes(entry, account, i);
	return sn_im_steps_make(&input);
}

/* ---- an email that cannot be uploaded ---- */

static gboolean any_left_out(const GPtrArray *steps)
{
	for (guint i = 0; i < steps->len; i++)
		if (g_strcmp0(((const SnImStep *)steps->pdata[i])->url, SN_IM_LEFT_OUT) == 0)
			return TRUE;
	return FALSE;
}

/* Of SnEmailFiles: the emails that have gone, and from *next on those that are still to go. */
static GPtrArray *emails_of(const GPtrArray *steps, guint *next)
{
	GPtrArray *emails = g_ptr_array_new_with_free_func((GDestroyNotify)sn_email_files_free);

	*next = 0;
	for (guint i = 0; i < steps->len; i++) {
		const SnImStep *step = steps->pdata[i];
		if (step->kind != SN_IM_STEP_UPLOAD || step->source != 'm' ||
		    g_strcmp0(step->url, SN_IM_LEFT_OUT) == 0)
			continue;
		SnEmailFiles *files = g_new0(SnEmailFiles, 1);
		files->message = step->number;
		files->left = step->left ? sn_email_files_parse(step->left) : NULL;
		if (!files->left)
			files->left = g_array_new(FALSE, FALSE, sizeof(SnLeftOut));
		g_ptr_array_add(emails, files);
		*next = step->url ? emails->len : *next;
	}
	return emails;
}

void sn_im_parts_settle(SnDelivery *self, const SnEngineAccount *account, const GPtrArray *steps)
{
	guint next;

	if (!any_left_out(steps))
		return;
	g_autoptr(GPtrArray) emails = emails_of(steps, &next);
	sn_email_files_settle(self, emails, next,
	                      account->upload_max < 0 ? G_MAXINT64 : account->upload_max);
	for (guint i = next; i < emails->len; i++) {
		const SnEmailFiles *files = emails->pdata[i];
		const SnImStep like = { .source = 'm', .number = files->message };
		SnImStep *upload = sn_im_steps_upload(steps, &like);
		g_assert(upload && !upload->url);
		g_free(upload->left);
		upload->left = sn_email_files_format(files);
	}
}

/* ---- files ---- */

int sn_im_parts_position(const SnOutboxEntry *entry, const SnEngineAccount *account, gint64 number)
{
	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++)
		if (goes(entry, account, i) && number-- == 0)
			return (int)i + 1;
	return 0;
}

static const SnAttachment *attachment_at(const SnOutboxEntry *entry,
                                         const SnEngineAccount *account, gint64 number)
{
	int position = sn_im_parts_position(entry, account, number);

	return position ? entry->attachments->pdata[position - 1] : NULL;
}

/* "Re budget.eml": a file name from a subject, with nothing in it that a shell or a file system
 * could take for something else. */
static char *email_name(const SnMessage *message)
{
	g_autofree char *line =
		sn_text_clean_line(message->subject ? message->subject : "", -1);
	GString *name = g_string_new(NULL);

	for (const char *c = line; *c && name->len < 60; c = g_utf8_next_char(c)) {
		gunichar letter = g_utf8_get_char(c);
		if (g_unichar_isalnum(letter) || letter == '-' || letter == '_')
			g_string_append_unichar(name, letter);
		else if (name->len && name->str[name->len - 1] != ' ')
			g_string_append_c(name, ' ');
	}
	g_strchomp(name->str);
	name->len = strlen(name->str);
	if (name->len == 0)
		g_string_append(name, "email");
	g_string_append(name, ".eml");
	return g_string_free(name, FALSE);
}

/* Bytes, name and type of what a step uploads or announces. */
static GBytes *file_of(SnDelivery *self, const SnOutboxEntry *entry,
                       const SnEngineAccount *account, const SnImStep *step, char **name,
                       char **type, GError **error)
{
	SnStore *store = self->engine->store;

	if (step->source == 'a') {
		const SnAttachment *file = attachment_at(entry, account, step->number);
		if (!file) {
			g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
			            "A file of the message is not there any more");
			return NULL;
		}
		*name = g_strdup(file->name ? file->name : "file");
		*type = g_strdup(file->type ? file->type : "application/octet-stream");
		return sn_outbox_attachment_bytes(store, file->sha256, error);
	}
	g_autoptr(SnMessage) message = sn_message_get(store, step->number, 0);
	g_autoptr(GArray) left = step->left ? sn_email_files_parse(step->left) : NULL;
	if (!message) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		            "An earlier email is not there any more");
		return NULL;
	}
	*name = email_name(message);
	*type = g_strdup("message/rfc822");
	return sn_history_email(self, message->id, left, error);
}

gboolean sn_im_parts_file(SnDelivery *self, const SnOutboxEntry *entry, const SnImStep *step,
                          SnImRequest *request, GError **error)
{
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);

	g_assert(step->kind == SN_IM_STEP_UPLOAD && account);
	request->bytes =
		file_of(self, entry, account, step, &request->name, &request->type, error);
	return request->bytes != NULL;
}

/* Between its upload and its stanza an earlier email may have become one that stays here. */
static gboolean still_allowed(SnDelivery *self, const SnOutboxEntry *entry, SnId email)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	guint left_out;

	g_array_append_val(ids, email);
	g_ptr_array_unref(sn_history_allowed(self, entry, ids, &left_out));
	return left_out == 0;
}

static SnImMessage *file_message(SnDelivery *self, const SnOutboxEntry *entry,
                                 const SnEngineAccount *account, const GPtrArray *steps,
                                 const SnImStep *step)
{
	const SnImStep *upload = sn_im_steps_upload(steps, step);
	g_autofree char *name = NULL, *type = NULL;

	if (!upload || !upload->url || strcmp(upload->url, SN_IM_LEFT_OUT) == 0)
		return NULL;
	if (step->source == 'm' && !still_allowed(self, entry, step->number))
		return NULL;
	SnImMessage *message = sn_im_message_new();
	SnImFile *file = g_new0(SnImFile, 1);
	g_autoptr(GBytes) bytes = file_of(self, entry, account, upload, &name, &type, NULL);
	file->url = g_strdup(upload->url);
	file->size = -1;
	if (bytes) {
		file->name = g_steal_pointer(&name);
		file->type = g_steal_pointer(&type);
		file->size = (gint64)g_bytes_get_size(bytes);
		file->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
	}
	/* The body is just the address: that is how clients recognise a file (XEP-0066). */
	message->body = g_strdup(upload->url);
	message->attach_to = step->source == 'm' ? g_strdup(entry->origin_id) : NULL;
	message->files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	g_ptr_array_add(message->files, file);
	return message;
}

/* ---- earlier messages ---- */

static gboolean goes_along(const GPtrArray *steps, SnId id)
{
	for (guint i = 0; i < steps->len; i++) {
		const SnImStep *step = steps->pdata[i];
		if (step->kind == SN_IM_STEP_UPLOAD && step->source == 'm' && step->number == id)
			return g_strcmp0(step->url, SN_IM_LEFT_OUT) != 0;
		for (guint j = 0; step->ids && j < step->ids->len; j++)
			if (g_array_index(step->ids, SnId, j) == id)
				return TRUE;
	}
	return FALSE;
}

static void append_quoted(GString *text, const char *lines)
{
	g_auto(GStrv) split = g_strsplit(lines, "\n", -1);
	guint count = g_strv_length(split);

	while (count > 0 && !*split[count - 1])
		count--;
	for (guint i = 0; i < count; i++)
		g_string_append_printf(text, "%s%s\n", *split[i] ? "> " : ">", split[i]);
}

/* Newest first until the stanza is full, so that what is nearest is surely there. *more_than_along:
 * it says something that no other stanza brings. */
static char *history_text(const GPtrArray *messages, const GPtrArray *steps, gsize limit,
                          gboolean *more_than_along)
{
	g_autoptr(GPtrArray) pieces = g_ptr_array_new_with_free_func(g_free);
	guint only_text = 0, left_out = 0;
	gsize size = NOTICE_MAX;

	for (guint i = messages->len; i > 0; i--) {
		SnMessage *message = messages->pdata[i - 1];
		gboolean along = goes_along(steps, message->id);
		g_autoptr(GPtrArray) one = g_ptr_array_new();
		g_ptr_array_add(one, message);
		g_autofree char *lines =
			sn_history_transcript(one, along ? TEXT_SHORT : TEXT_LONG);
		g_autoptr(GString) quoted = g_string_new(NULL);
		append_quoted(quoted, lines);
		gsize more = sn_im_escaped_size(quoted->str, quoted->len);
		if (size + more > limit || left_out) {
			left_out += !along;
			continue;
		}
		size += more;
		only_text += !along;
		g_ptr_array_add(pieces, g_strdup(quoted->str));
	}
	GString *text = g_string_new(SN_IM_HISTORY_HEAD);
	for (guint i = pieces->len; i > 0; i--)
		g_string_append_printf(text, "%s%s", (char *)pieces->pdata[i - 1],
		                       i > 1 ? ">\n" : "");
	if (only_text)
		g_string_append_printf(text, "(%u of them as text only, without attachments)\n",
		                       only_text);
	if (left_out)
		g_string_append_printf(text, "(%u older ones left out: too long for an IM)\n",
		                       left_out);
	*more_than_along = only_text || left_out;
	return g_string_free(text, FALSE);
}

static SnImMessage *text_message(SnDelivery *self, const SnOutboxEntry *entry,
                                 const SnEngineAccount *account, const GPtrArray *steps)
{
	guint left_out;
	g_autoptr(GPtrArray) messages = sn_history_messages(self, entry, &left_out);

	if (messages->len == 0)
		return NULL;
	SnImMessage *message = sn_im_message_new();
	gboolean more;
	g_autofree char *text = history_text(
		messages, steps, text_limit(account, sn_delivery_is_sealed(self, entry)), &more);
	g_autofree char *line = left_out ? sn_history_left_out_line(left_out) : NULL;
	message->body = line ? g_strconcat(text, line, NULL) : g_strchomp(g_strdup(text));
	message->attach_to = more ? NULL : g_strdup(entry->origin_id);
	return message;
}

static const char *first_to(const SnMessage *message)
{
	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		if (party->role == SN_ROLE_TO)
			return party->address;
	}
	return NULL;
}

static GPtrArray *files_of(const SnPart *part)
{
	GPtrArray *files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	SnImFile *file = g_new0(SnImFile, 1);

	*file = (SnImFile){ .url = g_strdup(part->url),
		            .name = g_strdup(part->name),
		            .type = g_strdup(part->type),
		            .sha256 = g_strdup(part->sha256),
		            .size = part->size };
	g_ptr_array_add(files, file);
	return files;
}

static SnImMessage *forward_message(SnDelivery *self, const SnOutboxEntry *entry,
                                    const SnEngineAccount *account, const SnImStep *step)
{
	g_autoptr(GPtrArray) forwarded =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_message_free);
	g_autoptr(GPtrArray) messages = sn_history_allowed(self, entry, step->ids, NULL);

	for (guint i = 0; i < messages->len; i++) {
		const SnMessage *earlier = messages->pdata[i];
		const char *body = forward_body(earlier);
		const SnPart *shared = body ? open_file(earlier) : NULL;
		if (!body)
			continue;
		const char *to = first_to(earlier);
		SnImMessage *inner = sn_im_message_new();
		inner->from = g_strdup(earlier->sender_value);
		inner->to = g_strdup(to ? to : account->config->im.user);
		inner->id = g_strdup(earlier->origin_id);
		inner->origin_id = g_strdup(earlier->origin_id);
		inner->body = g_strdup(body);
		if (shared)
			inner->files = files_of(shared);
		inner->time = earlier->time;
		g_ptr_array_add(forwarded, inner);
	}
	if (forwarded->len == 0)
		return NULL;
	SnImMessage *message = sn_im_message_new();
	/* A line for clients that show nothing of forwarded stanzas; no copy of their text. */
	message->body = forwarded->len == 1
		? g_strdup("(1 earlier IM is attached)")
		: g_strdup_printf("(%u earlier IMs are attached)", forwarded->len);
	message->forwarded = g_steal_pointer(&forwarded);
	return message;
}

/* ---- the body ---- */

/* So that a receiver that knows how can join them again. */
static void mark_parts(SnImMessage *message, const SnOutboxEntry *entry, const GPtrArray *steps)
{
	int first = -1, count = 0;

	for (guint i = 0; i < steps->len; i++) {
		if (((SnImStep *)steps->pdata[i])->kind != SN_IM_STEP_BODY)
			continue;
		first = first < 0 ? (int)i : first;
		count++;
	}
	if (count < 2)
		return;
	message->part_of = g_strdup(entry->origin_id);
	message->part_first = first;
	message->part_count = count;
}

static SnImMessage *body_message(SnDelivery *self, const SnOutboxEntry *entry,
                                 const SnEngineAccount *account, const GPtrArray *steps,
                                 guint index)
{
	const SnImStep *step = steps->pdata[index];
	g_autoptr(GPtrArray) parts = body_parts(self, entry, account);
	gboolean last = index + 1 == steps->len ||
	                ((SnImStep *)steps->pdata[index + 1])->kind != SN_IM_STEP_BODY;

	if (step->number >= parts->len)
		return NULL;
	/* What no longer fits the planned number of parts goes with the last one. */
	g_autoptr(GString) text = g_string_new(parts->pdata[step->number]);
	for (guint i = (guint)step->number + 1; last && i < parts->len; i++)
		g_string_append(text, parts->pdata[i]);
	SnImMessage *message = sn_im_message_new();
	message->body = sn_im_quote(self, entry, message, text->str, step->number == 0);
	mark_parts(message, entry, steps);
	message->want_receipt = last;
	message->want_marker = last;
	if (is_late(self, entry)) {
		message->written = entry->created;
		message->note = last ? late_line(self, entry) : NULL;
	}
	return message;
}

SnImMessage *sn_im_parts_message(SnDelivery *self, const SnOutboxEntry *entry,
                                 const SnEngineAccount *account, const GPtrArray *steps,
                                 guint index)
{
	const SnImStep *step = steps->pdata[index];
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(self->engine->store, entry->conversation);
	SnImMessage *message = NULL;

	switch (step->kind) {
	case SN_IM_STEP_UPLOAD: g_assert_not_reached();
	case SN_IM_STEP_BODY:
		message = body_message(self, entry, account, steps, index);
		break;
	case SN_IM_STEP_FILE: message = file_message(self, entry, account, steps, step); break;
	case SN_IM_STEP_TEXT: message = text_message(self, entry, account, steps); break;
	case SN_IM_STEP_FORWARD:
		message = forward_message(self, entry, account, step);
		if (message)
			message->attach_to = g_strdup(entry->origin_id);
		break;
	}
	if (!message)
		return NULL;
	message->store_hint = TRUE;
	gboolean in_room = conversation && conversation->kind == SN_CONV_ROOM;
	message->room_private = in_room && sn_room_private_nick(conversation->key);
	message->groupchat = in_room && !message->room_private;
	if (message->room_private)
		message->to = g_strdup(conversation->key);
	if (in_room)
		message->want_receipt = FALSE; /* XEP-0184 section 5.3 */
	if (!message->thread && entry->thread && step->kind != SN_IM_STEP_BODY)
		g_free(sn_im_quote(self, entry, message, "", FALSE));
	return message;
}
