/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/imap_private.h"
#include "backends/mail/names.h"

#define MAX_FOLDERS 20000

static const struct mailimap_mailbox_list *entry_at(clistiter *i)
{
	return clist_content(i);
}

static gboolean has_attribute(const struct mailimap_mailbox_list *entry, const char *attribute)
{
	if (!entry->mb_flag || !entry->mb_flag->mbf_oflags)
		return FALSE;
	for (clistiter *i = clist_begin(entry->mb_flag->mbf_oflags); i; i = clist_next(i)) {
		const struct mailimap_mbx_list_oflag *flag = clist_content(i);
		const char *text = flag->of_flag_ext;
		if (text && g_ascii_strcasecmp(*text == '\\' ? text + 1 : text, attribute) == 0)
			return TRUE;
	}
	return FALSE;
}

static const char *role_by_attribute(const struct mailimap_mailbox_list *entry)
{
	if (!entry->mb_flag || !entry->mb_flag->mbf_oflags)
		return NULL;
	for (clistiter *i = clist_begin(entry->mb_flag->mbf_oflags); i; i = clist_next(i)) {
		const struct mailimap_mbx_list_oflag *flag = clist_content(i);
		const char *role =
			flag->of_flag_ext ? sn_role_of_attribute(flag->of_flag_ext) : NULL;
		if (role)
			return role;
	}
	return NULL;
}

static gboolean is_selectable(const struct mailimap_mailbox_list *entry)
{
	gboolean noselect = entry->mb_flag &&
			    entry->mb_flag->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG &&
			    entry->mb_flag->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT;

	return !noselect && !has_attribute(entry, "Noselect") &&
	       !has_attribute(entry, "NonExistent");
}

/* Each role once: what the server says goes before what a name suggests. */
static const char *choose_role(const char *name, const struct mailimap_mailbox_list *entry,
			       GHashTable *taken)
{
	const char *role = role_by_attribute(entry);

	if (!role) {
		role = sn_role_of_name(name);
		if (role && g_hash_table_contains(taken, role))
			return NULL;
	}
	return role;
}

static void report_folder(SnImap *imap, SnMailRequest *request,
			  const struct mailimap_mailbox_list *entry, GHashTable *taken)
{
	g_autofree char *name = sn_name_from_wire(entry->mb_name, entry->mb_delimiter);

	if (!name)
		return;
	SnMailEvent *event = sn_report_event(&imap->report, SN_MAIL_EV_FOLDER, request->id);
	event->role = g_strdup(choose_role(name, entry, taken));
	event->folder = g_steal_pointer(&name);
	event->selectable = is_selectable(entry);
	sn_report_mail(&imap->report, event, sizeof *event);
}

gboolean sn_imap_serve_list(SnImap *imap, SnMailRequest *request, SnMailEvent *done, GError **error)
{
	clist *list = NULL;
	int result = mailimap_list(imap->session->imap, "", "*", &list);
	g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
	guint count = 0;

	if (!sn_imap_check(imap->session, result, error, "The folders cannot be listed")) {
		if (list)
			mailimap_list_result_free(list);
		return FALSE;
	}
	for (clistiter *i = list ? clist_begin(list) : NULL; i; i = clist_next(i)) {
		const char *role = role_by_attribute(entry_at(i));
		if (role)
			g_hash_table_add(taken, (gpointer)role);
	}
	for (clistiter *i = list ? clist_begin(list) : NULL; i && count < MAX_FOLDERS;
	     i = clist_next(i), count++)
		report_folder(imap, request, entry_at(i), taken);
	if (list)
		mailimap_list_result_free(list);
	return TRUE;
}

gboolean sn_imap_create_folder(SnImapSession *session, const char *folder, GError **error)
{
	g_autofree char *wire = sn_imap_wire_name(session, folder, error);

	if (!wire)
		return FALSE;
	if (!sn_imap_check(session, mailimap_create(session->imap, wire), error,
			   "The folder %s could not be made", folder))
		return FALSE;
	/* other clients show only what is subscribed; no matter when it fails */
	mailimap_subscribe(session->imap, wire);
	return TRUE;
}

gboolean sn_imap_serve_create(SnImap *imap, SnMailRequest *request, SnMailEvent *done,
			      GError **error)
{
	return sn_imap_create_folder(imap->session, request->folder, error);
}
