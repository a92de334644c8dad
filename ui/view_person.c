/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A person: the address map, presence, rules, and the files exchanged. */
#include "src/text/text.h"
#include "ui/view_person.h"
#include "ui/words.h"

enum { FILES_SHOWN = 50, FILE_IDS = 1 << 30 };

/* ---- marks ---- */

static gboolean is_marked(const SnView *view, SnId address)
{
	return view->data && g_hash_table_contains(view->data, &address);
}

void sn_person_toggle_mark(SnView *view, SnId address)
{
	if (!view->data)
		view->data = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	if (!g_hash_table_remove(view->data, &address))
		g_hash_table_add(view->data, g_memdup2(&address, sizeof address));
}

void sn_person_forget_marks(SnView *view)
{
	g_clear_pointer((GHashTable **)&view->data, g_hash_table_unref);
}

GArray *sn_person_marked(SnView *view)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnId selected = sn_page_selected(view->page);
	GHashTableIter iter;
	gpointer key;

	if (view->data) {
		g_hash_table_iter_init(&iter, view->data);
		while (g_hash_table_iter_next(&iter, &key, NULL))
			g_array_append_vals(ids, key, 1);
	}
	if (!ids->len && selected > 0)
		g_array_append_val(ids, selected);
	return ids;
}

static void close_person(SnApp *app, SnView *view)
{
	sn_person_forget_marks(view);
}

/* ---- the address map ---- */

static void fill_address(SnView *view, const SnAddress *address)
{
	SnPage *page = view->page;

	sn_page_line(page, address->id, NULL);
	sn_page_addf(page, address->channel == SN_CHANNEL_IM ? SN_OBJ_CHANNEL_IM : SN_OBJ_CHANNEL_MAIL,
	             "%s%-6s", is_marked(view, address->id) ? "+" : " ",
	             sn_channel_word(address->channel));
	sn_page_add(page, SN_OBJ_DEFAULT, address->value);
	sn_page_addf(page, address->confirmed ? SN_OBJ_SUCCESS : SN_OBJ_WARNING, "  %s",
	             address->confirmed   ? "confirmed"
	             : address->contested ? "claimed by others too"
	                                  : "not confirmed");
	sn_page_addf(page, SN_OBJ_FAINT, "  %s", sn_words_source(address->source));
	if (address->evidence) {
		g_autofree char *evidence = sn_text_clean_line(address->evidence, -1);
		sn_page_addf(page, SN_OBJ_FAINT, " (%s)", evidence);
	}
}

static void fill_addresses(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) addresses = sn_person_addresses(app->store, view->subject);
	gboolean candidates = FALSE;

	sn_page_heading(view->page, "Addresses");
	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = g_ptr_array_index(addresses, i);
		if (!address->confirmed && !candidates) {
			candidates = TRUE;
			sn_page_line(view->page, 0, NULL);
			sn_page_note(view->page, "Perhaps also theirs. Never used without your yes: "
			                         "y confirms, x takes away.");
		}
		fill_address(view, address);
	}
}

/* What is not followed, because something speaks against it. */
static void fill_conflicts(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) conflicts = sn_map_conflicts(app->store, view->subject);
	gboolean open = conflicts->len && !((const SnConflict *)conflicts->pdata[0])->overruled;

	if (conflicts->len == 0)
		return;
	sn_page_heading(view->page, "Your sources disagree");
	if (open)
		sn_page_note(view->page, "An address that two of them claim belongs to neither until you "
		                         "decide: y or x above.");
	for (guint i = 0; i < conflicts->len; i++) {
		const SnConflict *one = g_ptr_array_index(conflicts, i);
		g_autofree char *text = sn_words_conflict(one);
		g_autofree char *clean = sn_text_clean_line(text, -1);
		sn_page_wrap(view->page, 0, NULL, 1,
		             sn_theme_style(app->theme,
		                            one->overruled ? SN_OBJ_FAINT : SN_OBJ_WARNING),
		             clean);
	}
}

static void fill_files(SnApp *app, SnView *view)
{
	g_autoptr(GError) error = NULL;
	SnId conversation = sn_conversation_for_person(app->store, view->subject, NULL);
	SnQuery query = { .conversation = conversation, .channel = -1, .has_attachment = TRUE };
	g_autoptr(GPtrArray) messages = NULL;

	if (conversation)
		messages = sn_message_search(app->store, &query, 0, 0, FILES_SHOWN, SN_MESSAGE_FULL,
		                             &error);
	sn_page_heading(view->page, "Files exchanged");
	if (!messages || messages->len == 0)
		sn_page_note(view->page, "None yet.");
	for (guint i = 0; messages && i < messages->len; i++) {
		const SnMessage *message = g_ptr_array_index(messages, i);
		g_autofree char *when = sn_words_when(message->time, sn_app_now(app));
		for (guint p = 0; message->parts && p < message->parts->len; p++) {
			const SnPart *part = g_ptr_array_index(message->parts, p);
			g_autofree char *size = part->size >= 0 ? sn_text_size(part->size) : NULL;
			if (part->inline_)
				continue;
			sn_page_line(view->page, -message->id, NULL);
			sn_page_addf(view->page, SN_OBJ_ATTACHMENT, " %s",
			             part->name ? part->name : part->type);
			if (size)
				sn_page_addf(view->page, SN_OBJ_FAINT, "  %s", size);
			sn_page_addf(view->page, SN_OBJ_FAINT, "  %s",
			             message->direction == SN_OUT ? "from you" : "from them");
			sn_page_right(view->page, SN_OBJ_LIST_TIME, when);
		}
	}
}

static void fill(SnApp *app, SnView *view)
{
	g_autoptr(SnPerson) person = sn_person_get(app->store, view->subject);

	if (!person)
		return;
	view->subject = person->id; /* merged with somebody meanwhile */
	sn_page_line(view->page, 0, NULL);
	sn_page_addf(view->page, SN_OBJ_LIST_UNREAD, " %s", person->name);
	fill_addresses(app, view);
	fill_conflicts(app, view);
	sn_person_fill_availability(app, view);
	fill_files(app, view);
}

/* A file leads to its message; an address that is not confirmed can be. */
static void activate(SnApp *app, SnView *view)
{
	gint64 id = sn_page_selected(view->page);

	if (id < 0) {
		g_autoptr(SnMessage) message = sn_message_get(app->store, -id, 0);
		if (!message)
			return;
		sn_view_close_all(app);
		sn_list_select(app->list, message->conversation);
		sn_timeline_open(app->timeline, message->conversation, message->id);
		sn_app_focus(app, SN_PANE_TIMELINE);
	}
}

const SnViewOps sn_view_person = {
	.name = "person",
	.title = "Person",
	.empty = "This person is no longer there.",
	.close = close_person,
	.fill = fill,
	.activate = activate,
};
