/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the composer looks: mode line, fields of an email, text, files. */
#include "src/route/schedule.h"
#include "ui/composer.h"

#include <string.h>

#include "src/text/text.h"
#include "ui/reattach.h"
#include "ui/send_limits.h"
#include "ui/words.h"

enum { TERMS_ROWS = 2, SIGNATURE_ROWS = 8 };

static const char *const field_names[] = { "Cc", "Bcc", "Subject", "" };

static gboolean row_shows(SnComposer *composer, SnField field)
{
	if (sn_composer_channel(composer) != SN_CHANNEL_MAIL)
		return FALSE;
	return field == SN_FIELD_SUBJECT || composer->shows[field];
}

/* Who writes, where there is a choice. */
static gboolean from_shows(SnComposer *composer)
{
	return sn_composer_channel(composer) == SN_CHANNEL_MAIL && composer->draft &&
	       (composer->draft->sender || sn_composer_has_identities(composer));
}

static int file_rows(const SnComposer *composer)
{
	guint files = composer->draft && composer->draft->attachments
	                      ? composer->draft->attachments->len
	                      : 0;

	return (int)MIN(files + (sn_reattach_awaited(composer) != NULL), 3);
}

/* Where the keys are looked up, that line says it better than "once it can be encrypted". */
static char *terms_text(SnComposer *composer)
{
	const SnTerms *terms = composer->draft ? &composer->draft->terms : NULL;
	gboolean only_encrypt = terms && !terms->send_at && !terms->when && !terms->then;

	if (only_encrypt && sn_composer_channel(composer) == SN_CHANNEL_MAIL &&
	    composer->app->setup->host.outlook)
		return NULL;
	return sn_composer_terms_text(composer);
}

/* When it goes, and what the other side is asked to tell, where that is not as always. */
static char *row_text(SnComposer *composer)
{
	g_autofree char *terms = terms_text(composer);
	const SnDraft *draft = composer->draft;
	GString *out = g_string_new(terms);
	gboolean mail = draft && sn_composer_channel(composer) == SN_CHANNEL_MAIL;
	const char *read = NULL, *reports = NULL;

	if (mail && (draft->read_receipt == SN_READ_RECEIPT_YES ||
	             (draft->read_receipt == SN_READ_RECEIPT_DEFAULT &&
	              composer->app->settings->mail_request_mdn)))
		read = "a read receipt is asked for";
	if (mail && draft->read_receipt == SN_READ_RECEIPT_NO && composer->app->settings->mail_request_mdn)
		read = "no read receipt is asked for";
	if (mail && draft->reports)
		reports = draft->reports == SN_REPORTS_ALL        ? "all reports of delivery"
		          : draft->reports == SN_REPORTS_FAILURES ? "reports of failure only"
		                                                  : "no reports, not even of failure";
	for (int i = 0; i < 2; i++)
		if (i ? reports : read)
			g_string_append_printf(out, "%s%s", out->len ? "; " : "", i ? reports : read);
	if (out->len)
		*out->str = g_ascii_toupper(*out->str);
	return g_string_free(out, out->len == 0);
}

static int terms_rows(SnComposer *composer, int columns)
{
	g_autofree char *text = row_text(composer);
	g_autoptr(GArray) spans = text ? sn_text_wrap(text, MAX(columns, 8)) : NULL;

	return spans ? MIN((int)spans->len, TERMS_ROWS) : 0;
}

static int secure_rows(SnComposer *composer, int columns)
{
	SnObject object;
	g_autofree char *text = sn_composer_secure_text(composer, &object);
	g_autoptr(GArray) spans = text ? sn_text_wrap(text, MAX(columns, 8)) : NULL;

	return spans ? MIN((int)spans->len, TERMS_ROWS) : 0;
}

char *sn_composer_answers(SnComposer *composer)
{
	SnApp *app = composer->app;
	SnId id = composer->draft ? composer->draft->reply_to : 0;

	if (composer->answered && composer->answered->id != id)
		g_clear_pointer(&composer->answered, sn_message_free);
	if (id && !composer->answered)
		composer->answered = sn_message_get(app->store, id, 0);
	return composer->answered ? sn_words_answers(composer->answered, sn_app_now(app)) : NULL;
}

/* With its delimiter; it goes as it is, so its lines are not wrapped. */
static int signature_rows(SnComposer *composer)
{
	const char *signature = sn_composer_signature(composer);
	int rows = signature ? 2 : 0;

	for (; signature && *signature && rows < SIGNATURE_ROWS; signature++)
		rows += *signature == '\n' && signature[1];
	return rows;
}

int sn_composer_height(SnComposer *composer, int columns, int available, gboolean focus)
{
	int text, rows = 1;
	gboolean idle = !focus && sn_composer_is_empty(composer);

	if (!composer->conversation || available < 8)
		return 0;
	if (idle)
		return 2 + terms_rows(composer, columns - 2); /* mode line and a hint */
	rows += (composer->draft && composer->draft->reply_to) + from_shows(composer);
	for (int field = 0; field < SN_FIELD_BODY; field++)
		rows += row_shows(composer, (SnField)field);
	text = sn_edit_height(composer->fields[SN_FIELD_BODY], columns - 2);
	rows += file_rows(composer) + terms_rows(composer, columns - 2) +
	        (focus ? secure_rows(composer, columns - 2) : 0) +
	        signature_rows(composer);
	return MIN(rows + MAX(text, focus ? 3 : 1), MAX(available * 2 / 5, 4));
}

static SnObject mode_object(const SnPlan *plan)
{
	switch (plan->status) {
	case SN_PLAN_READY: return plan->switched ? SN_OBJ_MODE_SWITCHED : SN_OBJ_MODE;
	case SN_PLAN_NEED_CHOICE: return plan->switched ? SN_OBJ_MODE_SWITCHED : SN_OBJ_MODE;
	default: return SN_OBJ_MODE_BLOCKED;
	}
}

/* "with 3 emails, 14 kB": only when something travels along or was left out. */
static char *history_words(SnComposer *composer)
{
	const SnHistory *history = sn_composer_history(composer);
	g_autofree char *summary = NULL;
	GString *out;

	if (!history || history->messages->len == 0)
		return g_strdup("");
	summary = sn_history_summary(history);
	out = g_string_new("with ");
	g_string_append(out, summary);
	return g_string_free(out, FALSE);
}

/* Where all of it has no room: what will happen stands nowhere else, the address above as well. */
static void leave_out_address(char *what, const SnPlan *plan)
{
	const SnParty *to = plan->recipients->len == 1 ? plan->recipients->pdata[0] : NULL;
	g_autofree char *words = to ? g_strconcat(" to ", to->address, NULL) : NULL;
	char *found = words ? strstr(what, words) : NULL;

	if (found)
		memmove(found, found + strlen(words), strlen(found + strlen(words)) + 1);
}

static void draw_mode(SnComposer *composer, SnRect rect)
{
	SnApp *app = composer->app;
	const SnPlan *plan = sn_composer_plan(composer);
	/* what is put off needs no choice now */
	gboolean put_off = plan && plan->status == SN_PLAN_NEED_CHOICE &&
	                   sn_terms_wait(&composer->draft->terms);
	g_autofree char *what = plan && plan->text ? g_strdup(plan->text) : g_strdup("");
	SnStyle style = sn_theme_style(app->theme, plan ? mode_object(plan) : SN_OBJ_MODE);
	const char *contexts[] = { "compose", NULL };
	g_autofree char *keys = sn_binds_keys_of(app->binds, contexts, "channel");
	/* as long as nobody knows where to, what would go along is not the question */
	g_autofree char *history =
		plan && plan->recipients->len ? history_words(composer) : g_strdup("");
	g_autoptr(GString) right = g_string_new(history);
	int width;

	sn_grid_fill(app->grid, rect, style);
	if (!plan)
		return;
	if (keys)
		g_string_append_printf(right, "%s%s %s", right->len ? "  " : "", keys,
		                       plan->channel == SN_CHANNEL_IM ? "by email" : "by IM");
	if (put_off && strstr(what, ": "))
		*strstr(what, ": ") = '\0';
	width = sn_text_width(right->str);
	/* what will happen comes first, then what travels along, then the reminder of the key */
	if (sn_text_width(what) + width + 4 > rect.cols) {
		g_string_assign(right, history);
		width = sn_text_width(right->str);
	}
	/* the size stands in the history view too; why a message waits stands nowhere else */
	if (sn_text_width(what) + width + 4 > rect.cols && strrchr(right->str, ',')) {
		g_string_truncate(right, (gsize)(strrchr(right->str, ',') - right->str));
		width = sn_text_width(right->str);
	}
	width = MIN(width, rect.cols / 2);
	if (sn_text_width(what) > rect.cols - width - 4)
		leave_out_address(what, plan);
	sn_grid_fit(app->grid, rect.x + rect.cols - width - 1, rect.y, width, style, right->str);
	sn_grid_fit(app->grid, rect.x + 1, rect.y, rect.cols - width - 4, style,
	            what);
}

/* Rows it took; one is left for the text. */
static int draw_wrapped(SnComposer *composer, SnRect rect, const char *text, int rows, SnObject object)
{
	SnApp *app = composer->app;
	g_autoptr(GArray) spans = rows > 0 ? sn_text_wrap(text, MAX(rect.cols, 8)) : NULL;
	SnStyle style = sn_theme_style(app->theme, object);

	for (int y = 0; y < rows; y++) {
		SnSpan span = g_array_index(spans, SnSpan, y);
		/* the last row takes what is left, and says when it is cut */
		g_autofree char *line = y + 1 < rows ? g_strndup(text + span.start, span.end - span.start)
		                                     : g_strdup(text + span.start);
		sn_grid_fit(app->grid, rect.x, rect.y + y, rect.cols, style, line);
	}
	return MAX(rows, 0);
}

/* What will happen, where the user said when. */
static int draw_terms(SnComposer *composer, SnRect rect)
{
	g_autofree char *text = row_text(composer);

	return draw_wrapped(composer, rect, text, MIN(terms_rows(composer, rect.cols), rect.rows - 1),
	                    SN_OBJ_STATE_WAITING);
}

/* Whether it can be signed and encrypted. */
static int draw_secure(SnComposer *composer, SnRect rect)
{
	SnObject object = SN_OBJ_FAINT;
	g_autofree char *text = sn_composer_secure_text(composer, &object);

	return draw_wrapped(composer, rect, text, MIN(secure_rows(composer, rect.cols), rect.rows - 1),
	                    object);
}

static void draw_hint(SnComposer *composer, SnRect rect)
{
	SnApp *app = composer->app;
	const char *contexts[] = { "timeline", "global", NULL };
	g_autofree char *write = sn_binds_keys_of(app->binds, contexts, "write");
	g_autofree char *reply = sn_binds_keys_of(app->binds, contexts, "reply");
	g_autofree char *text = g_strdup_printf("%s writes, %s answers the selected message",
	                                        write ? write : ":write", reply ? reply : ":reply");

	sn_grid_fit(app->grid, rect.x + 1, rect.y, rect.cols - 1,
	            sn_theme_style(app->theme, SN_OBJ_FAINT), text);
}

/* As it will stand below the text; where there is no room for all of it, that is said. */
static void draw_signature(SnComposer *composer, SnRect rect)
{
	SnApp *app = composer->app;
	/* in one row its beginning: that there is one, and which */
	g_autofree char *all = g_strconcat(rect.rows > 1 ? "-- \n" : "-- ", sn_composer_signature(composer), NULL);
	g_auto(GStrv) lines = g_strsplit(g_strchomp(all), "\n", -1);
	const SnIdentity *identity =
		composer->draft->signature ? sn_config_identity(app->config, composer->draft->signature, NULL) : NULL;
	SnStyle style = sn_theme_style(app->theme, SN_OBJ_FAINT);

	for (int y = 0; y < rect.rows && lines[y]; y++) {
		g_autofree char *clean = sn_text_clean_line(lines[y], -1);
		gboolean cut = y + 1 == rect.rows && lines[y + 1];
		g_autofree char *line = g_strconcat(clean, cut ? " ..." : "", NULL);
		sn_grid_fit(app->grid, rect.x, rect.y + y, rect.cols, style, line);
	}
	if (identity && rect.cols > 40) {
		g_autofree char *whose = g_strdup_printf("as %s", identity->address);
		int width = MIN(sn_text_width(whose), rect.cols - 4);
		sn_grid_fit(app->grid, rect.x + rect.cols - width, rect.y, width, style, whose);
	}
}

static void draw_from(SnComposer *composer, SnRect rect, SnStyle name)
{
	SnApp *app = composer->app;
	const SnPlan *plan = sn_composer_plan(composer);
	const SnIdentity *identity = plan ? plan->identity : NULL;
	const char *contexts[] = { "compose", NULL };
	g_autofree char *keys = sn_binds_keys_of(app->binds, contexts, "from next");
	g_autofree char *who = identity && identity->name
	                               ? g_strdup_printf("%s <%s>", identity->name, identity->address)
	                               : g_strdup(identity ? identity->address : "");
	SnStyle style = sn_theme_style(app->theme, composer->draft->sender ? SN_OBJ_COMPOSE : SN_OBJ_FAINT);
	g_autofree char *other = g_strdup_printf("%s another", keys ? keys : ":from");
	int width = sn_text_width(other);
	gboolean fits = sn_text_width(who) + width + 2 <= rect.cols - 9;

	sn_grid_text(app->grid, rect.x, rect.y, 8, name, "From", -1);
	sn_grid_fit(app->grid, rect.x + 9, rect.y, rect.cols - 9, style, who);
	if (fits)
		sn_grid_fit(app->grid, rect.x + rect.cols - width, rect.y, width,
		            sn_theme_style(app->theme, SN_OBJ_FAINT), other);
}

static int draw_fields(SnComposer *composer, SnRect rect, gboolean focus)
{
	SnApp *app = composer->app;
	SnStyle name = sn_theme_style(app->theme, SN_OBJ_FIELD);
	g_autofree char *answers = sn_composer_answers(composer);
	int y = 0;

	if (answers && rect.rows > 1)
		sn_grid_fit(app->grid, rect.x, rect.y + y++, rect.cols,
		            sn_theme_style(app->theme, SN_OBJ_FAINT), answers);
	if (from_shows(composer) && rect.rows > y + 1)
		draw_from(composer, (SnRect){ rect.x, rect.y + y++, rect.cols, 1 }, name);
	for (int field = 0; field < SN_FIELD_BODY && y < rect.rows - 1; field++) {
		gboolean own = field != SN_FIELD_SUBJECT || composer->subject_typed;
		SnStyle style = sn_theme_style(app->theme, own ? SN_OBJ_COMPOSE : SN_OBJ_FAINT);
		if (!row_shows(composer, (SnField)field))
			continue;
		sn_grid_text(app->grid, rect.x, rect.y + y, 8, name, field_names[field], -1);
		sn_edit_draw(composer->fields[field], app->grid,
		             (SnRect){ rect.x + 9, rect.y + y, rect.cols - 9, 1 }, style,
		             focus && (int)composer->field == field);
		y++;
	}
	return y;
}

static void draw_files(SnComposer *composer, SnRect rect)
{
	SnApp *app = composer->app;
	const GPtrArray *files = composer->draft->attachments;
	const SnAwaited *awaited = sn_reattach_awaited(composer);
	g_autofree char *all = sn_send_files_words(app, sn_composer_plan(composer));
	int first = rect.cols;

	if (awaited && rect.rows > 0) {
		g_autofree char *name = sn_text_clean_line(awaited->name, -1);
		g_autofree char *line = g_strdup_printf("file %s (being fetched)", name);
		sn_grid_fit(app->grid, rect.x, rect.y, rect.cols,
		            sn_theme_style(app->theme, SN_OBJ_STATE_WAITING), line);
		rect.y++;
		rect.rows--;
	}
	if (all && rect.rows > 0) {
		int width = MIN(sn_text_width(all), rect.cols / 2);
		sn_grid_fit(app->grid, rect.x + rect.cols - width, rect.y, width,
		            sn_theme_style(app->theme, SN_OBJ_FAINT), all);
		first = rect.cols - width - 1;
	}
	for (int i = 0; files && i < rect.rows; i++) {
		g_autofree char *name = sn_composer_file_name(g_ptr_array_index(files, (guint)i));
		g_autofree char *clean = sn_text_clean_line(name, -1);
		gint64 bytes = sn_send_file_size(app, g_ptr_array_index(files, (guint)i));
		g_autofree char *size = bytes >= 0 ? sn_text_size(bytes) : NULL;
		g_autofree char *line =
			i == 2 && files->len > 3
				? g_strdup_printf("and %u more files", files->len - 2)
				: g_strdup_printf("file %s%s%s", clean, size ? "  " : "", size ? size : "");
		sn_grid_fit(app->grid, rect.x, rect.y + i, i == 0 ? first : rect.cols,
		            sn_theme_style(app->theme, SN_OBJ_ATTACHMENT), line);
	}
}

void sn_composer_draw(SnComposer *composer, SnRect rect, gboolean focus)
{
	SnRect inner = { rect.x + 1, rect.y + 1, rect.cols - 2, rect.rows - 1 };
	int signature, text, fields, terms, files = MIN(file_rows(composer), rect.rows - 2);

	draw_mode(composer, (SnRect){ rect.x, rect.y, rect.cols, 1 });
	terms = draw_terms(composer, inner);
	if (focus)
		terms += draw_secure(composer, (SnRect){ inner.x, inner.y + terms, inner.cols,
		                                         inner.rows - terms });
	inner.y += terms;
	inner.rows -= terms;
	if (!focus && sn_composer_is_empty(composer)) {
		draw_hint(composer, inner);
		return;
	}
	fields = draw_fields(composer, inner, focus);
	inner.y += fields;
	inner.rows -= fields + files;
	/* the text comes first */
	text = sn_edit_height(composer->fields[SN_FIELD_BODY], inner.cols);
	signature = CLAMP(inner.rows - MAX(text, 3), MIN(inner.rows - 2, 2), signature_rows(composer));
	signature = sn_composer_signature(composer) ? MAX(signature, 0) : 0;
	inner.rows -= signature;
	if (signature)
		draw_signature(composer, (SnRect){ inner.x, inner.y + inner.rows, inner.cols, signature });
	sn_edit_draw(composer->fields[SN_FIELD_BODY], composer->app->grid, inner,
	             sn_theme_style(composer->app->theme, SN_OBJ_COMPOSE),
	             focus && composer->field == SN_FIELD_BODY);
	if (files > 0)
		draw_files(composer, (SnRect){ inner.x, inner.y + inner.rows + signature, inner.cols, files });
}
