/* SPDX-License-Identifier: GPL-3.0-or-later */
/* muc_admin.c - XEP-0045 sections 8 to 10: roles, affiliations, the owner's form;
 * and XEP-0425: moderators take back what somebody said. */
#include "backends/xmpp/rooms_private.h"

#include <string.h>

#define MAX_LIST 5000
#define MAX_FIELDS 100
#define MAX_VALUES 100
#define NS_MODERATE_0 "urn:xmpp:message-moderate:0"
#define NS_RETRACT_0 "urn:xmpp:message-retract:0"
#define NS_MODERATE_1 "urn:xmpp:message-moderate:1"
#define NS_RETRACT_1 "urn:xmpp:message-retract:1"
#define NS_FASTEN "urn:xmpp:fasten:0"

static const char *const no_features[] = { NULL };

static guint64 *id_of(const SnXmppJob *job)
{
	return g_memdup2(&job->request->id, sizeof(guint64));
}

char *sn_muc_job_room(SnIm *im, SnXmppJob *job)
{
	char *jid = sn_jid_normalise(job->request->jid);

	if (jid && strchr(jid, '@'))
		return jid;
	g_free(jid);
	sn_xmpp_fail(im, job, g_error_new(SN_ERROR, SN_ERROR_INVALID,
					  "\"%s\" is no address of a room.",
					  job->request->jid ? job->request->jid : ""));
	return NULL;
}

static void invalid(SnIm *im, SnXmppJob *job, const char *text)
{
	sn_xmpp_fail(im, job, g_error_new(SN_ERROR, SN_ERROR_INVALID, "%s", text));
}

/* What a refusal means to a person. */
static GError *why_not(const SnXmppJob *job, const GError *error)
{
	if (error->code == SN_ERROR_PERMISSION)
		return g_error_new(SN_ERROR, SN_ERROR_PERMISSION, "%s does not let you do that.",
				   job->request->jid);
	if (error->code == SN_ERROR_EXISTS)
		return g_error_new(SN_ERROR, SN_ERROR_EXISTS,
				   "%s would be left without an owner.", job->request->jid);
	return g_error_copy(error);
}

static void simple_answer(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (job && error)
		sn_xmpp_fail(im, job, why_not(job, error));
	else if (job)
		sn_xmpp_done(im, job, NULL);
}

/* ---- roles and affiliations ---- */

static void send_item(SnIm *im, SnXmppJob *job, const char *key, const char *who, const char *what,
		      const char *value)
{
	g_autofree char *room = sn_muc_job_room(im, job);

	if (!room)
		return;
	xmpp_stanza_t *iq = sn_iq_new(im, "set", room);
	xmpp_stanza_t *item =
		sn_xml_child(sn_xml_child(iq, "query", SN_NS_MUC_ADMIN), "item", NULL);
	sn_xml_set(item, key, who);
	sn_xml_set(item, what, value);
	sn_xml_child_text(item, "reason", NULL, job->request->status);
	sn_iq_ask(im, iq, simple_answer, id_of(job), g_free);
}

static void start_role(SnIm *im, SnXmppJob *job)
{
	if (!job->request->nick || !*job->request->nick)
		invalid(im, job, "Whose role is to change?");
	else
		send_item(im, job, "nick", job->request->nick, "role",
			  sn_room_role_word(job->request->role));
}

static void start_affiliation(SnIm *im, SnXmppJob *job)
{
	g_autofree char *who = job->request->with ? sn_jid_normalise(job->request->with) : NULL;

	if (!who)
		invalid(im, job, "Whose address is that?");
	else
		send_item(im, job, "jid", who, "affiliation",
			  sn_room_affiliation_word(job->request->affiliation));
}

static void occupant_free(gpointer occupant)
{
	sn_im_occupant_free(occupant);
}

static void list_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	if (error) {
		sn_xmpp_fail(im, job, why_not(job, error));
		return;
	}
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM_LIST, job->request->id);
	xmpp_stanza_t *item = sn_xml_find(sn_xml_find(answer, "query", SN_NS_MUC_ADMIN), "item",
					  SN_NS_MUC_ADMIN);
	event->jid = g_strdup(job->request->jid);
	event->occupants = g_ptr_array_new_with_free_func(occupant_free);
	for (int looked = 0; item && looked < MAX_LIST; looked++) {
		g_autofree char *jid = sn_xml_attr(item, "jid");
		char *bare = jid ? sn_jid_normalise(jid) : NULL;
		if (bare) {
			SnImOccupant *one = g_new0(SnImOccupant, 1);
			one->jid = bare;
			one->nick = sn_xml_attr(item, "nick");
			one->affiliation = job->request->affiliation;
			one->reason = sn_xml_line(sn_xml_find(item, "reason", SN_NS_MUC_ADMIN));
			g_ptr_array_add(event->occupants, one);
		}
		item = sn_xml_next(xmpp_stanza_get_next(item), "item", SN_NS_MUC_ADMIN);
	}
	sn_xmpp_push(im, event);
	sn_xmpp_done(im, job, NULL);
}

static void start_list(SnIm *im, SnXmppJob *job)
{
	g_autofree char *room = sn_muc_job_room(im, job);

	if (!room)
		return;
	xmpp_stanza_t *iq = sn_iq_new(im, "get", room);
	sn_xml_set(sn_xml_child(sn_xml_child(iq, "query", SN_NS_MUC_ADMIN), "item", NULL),
		   "affiliation", sn_room_affiliation_word(job->request->affiliation));
	sn_iq_ask(im, iq, list_came, id_of(job), g_free);
}

/* ---- the owner's form ---- */

static void field_free(gpointer field)
{
	sn_im_field_free(field);
}

static char **values_of(xmpp_stanza_t *parent)
{
	GPtrArray *values = g_ptr_array_new();
	xmpp_stanza_t *value = sn_xml_find(parent, "value", SN_NS_FORM);

	for (int looked = 0; value && looked < MAX_VALUES; looked++) {
		char *text = sn_xml_text(value);
		g_ptr_array_add(values, text ? text : g_strdup(""));
		value = sn_xml_next(xmpp_stanza_get_next(value), "value", SN_NS_FORM);
	}
	g_ptr_array_add(values, NULL);
	return (char **)g_ptr_array_free(values, FALSE);
}

static void read_options(SnImField *field, xmpp_stanza_t *from)
{
	GPtrArray *values = g_ptr_array_new(), *labels = g_ptr_array_new();
	xmpp_stanza_t *option = sn_xml_find(from, "option", SN_NS_FORM);

	for (int looked = 0; option && looked < MAX_VALUES; looked++) {
		char *value = sn_xml_line(sn_xml_find(option, "value", SN_NS_FORM));
		char *label = sn_xml_attr(option, "label");
		if (value) {
			g_ptr_array_add(labels, label ? label : g_strdup(value));
			g_ptr_array_add(values, value);
		} else {
			g_free(label);
		}
		option = sn_xml_next(xmpp_stanza_get_next(option), "option", SN_NS_FORM);
	}
	g_assert(values->len == labels->len);
	g_ptr_array_add(values, NULL);
	g_ptr_array_add(labels, NULL);
	field->options = (char **)g_ptr_array_free(values, FALSE);
	field->option_labels = (char **)g_ptr_array_free(labels, FALSE);
}

static GPtrArray *read_form(xmpp_stanza_t *answer)
{
	GPtrArray *fields = g_ptr_array_new_with_free_func(field_free);
	xmpp_stanza_t *form =
		sn_xml_find(sn_xml_find(answer, "query", SN_NS_MUC_OWNER), "x", SN_NS_FORM);
	xmpp_stanza_t *from = sn_xml_find(form, "field", SN_NS_FORM);

	for (int looked = 0; from && looked < MAX_FIELDS; looked++) {
		g_autofree char *var = sn_xml_attr(from, "var");
		if (var) {
			SnImField *field = g_new0(SnImField, 1);
			field->var = g_steal_pointer(&var);
			field->type = sn_xml_attr(from, "type");
			field->label = sn_xml_attr(from, "label");
			field->values = values_of(from);
			read_options(field, from);
			g_ptr_array_add(fields, field);
		}
		from = sn_xml_next(xmpp_stanza_get_next(from), "field", SN_NS_FORM);
	}
	return fields;
}

static const SnImField *changed_field(const GPtrArray *changes, const char *var)
{
	for (guint i = 0; changes && i < changes->len; i++) {
		const SnImField *field = g_ptr_array_index(changes, i);
		if (g_strcmp0(field->var, var) == 0)
			return field;
	}
	return NULL;
}

/* All of the form goes back, since services differ in what a missing field means. */
static void submit_form(SnIm *im, SnXmppJob *job, const GPtrArray *fields)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", job->request->jid);
	xmpp_stanza_t *form =
		sn_xml_child(sn_xml_child(iq, "query", SN_NS_MUC_OWNER), "x", SN_NS_FORM);

	sn_xml_set(form, "type", "submit");
	for (guint i = 0; i < fields->len; i++) {
		const SnImField *field = g_ptr_array_index(fields, i);
		const SnImField *change = changed_field(job->request->fields, field->var);
		char **values = change ? change->values : field->values;
		if (g_strcmp0(field->type, "fixed") == 0)
			continue;
		xmpp_stanza_t *out = sn_xml_child(form, "field", NULL);
		sn_xml_set(out, "var", field->var);
		for (char **value = values; value && *value; value++)
			sn_xml_child_text(out, "value", NULL, *value);
	}
	sn_iq_ask(im, iq, simple_answer, id_of(job), g_free);
}

static void form_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	if (error) {
		sn_xmpp_fail(im, job, why_not(job, error));
		return;
	}
	g_autoptr(GPtrArray) fields = read_form(answer);
	if (job->request->kind == SN_IM_REQ_ROOM_CONFIGURE) {
		submit_form(im, job, fields);
		return;
	}
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM_FORM, job->request->id);
	event->jid = g_strdup(job->request->jid);
	event->fields = g_steal_pointer(&fields);
	sn_xmpp_push(im, event);
	sn_xmpp_done(im, job, NULL);
}

static void start_form(SnIm *im, SnXmppJob *job)
{
	g_autofree char *room = sn_muc_job_room(im, job);

	if (!room)
		return;
	xmpp_stanza_t *iq = sn_iq_new(im, "get", room);
	sn_xml_child(iq, "query", SN_NS_MUC_OWNER);
	sn_iq_ask(im, iq, form_came, id_of(job), g_free);
}

static void start_destroy(SnIm *im, SnXmppJob *job)
{
	g_autofree char *room = sn_muc_job_room(im, job);

	if (!room)
		return;
	xmpp_stanza_t *iq = sn_iq_new(im, "set", room);
	xmpp_stanza_t *destroy =
		sn_xml_child(sn_xml_child(iq, "query", SN_NS_MUC_OWNER), "destroy", NULL);
	sn_xml_child_text(destroy, "reason", NULL, job->request->status);
	sn_iq_ask(im, iq, simple_answer, id_of(job), g_free);
}

const SnXmppExtension sn_ext_muc_admin = {
	.name = "managing rooms",
	.features = no_features,
	.starts = { { SN_IM_REQ_ROOM_ROLE, TRUE, start_role },
		    { SN_IM_REQ_ROOM_AFFILIATION, TRUE, start_affiliation },
		    { SN_IM_REQ_ROOM_LIST, TRUE, start_list },
		    { SN_IM_REQ_ROOM_FORM, TRUE, start_form },
		    { SN_IM_REQ_ROOM_CONFIGURE, TRUE, start_form },
		    { SN_IM_REQ_ROOM_DESTROY, TRUE, start_destroy } },
};

/* ---- XEP-0425 ---- */

static void old_moderation(SnIm *im, SnXmppJob *job)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", job->request->jid);
	xmpp_stanza_t *apply = sn_xml_child(iq, "apply-to", NS_FASTEN);
	xmpp_stanza_t *moderate = sn_xml_child(apply, "moderate", NS_MODERATE_0);

	sn_xml_set(apply, "id", job->request->item);
	sn_xml_child(moderate, "retract", NS_RETRACT_0);
	sn_xml_child_text(moderate, "reason", NULL, job->request->status);
	sn_iq_ask(im, iq, simple_answer, id_of(job), g_free);
}

/* Services of before 2024 know the first version only. */
static void new_answered(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (job && error &&
	    (error->code == SN_ERROR_UNAVAILABLE || error->code == SN_ERROR_REJECTED ||
	     error->code == SN_ERROR_INVALID))
		old_moderation(im, job);
	else
		simple_answer(im, answer, error, data);
}

static void start_retract(SnIm *im, SnXmppJob *job)
{
	g_autofree char *room = sn_muc_job_room(im, job);

	if (!room)
		return;
	if (!job->request->item) {
		invalid(im, job, "The room gave that message no id, so it cannot be taken back.");
		return;
	}
	xmpp_stanza_t *iq = sn_iq_new(im, "set", room);
	xmpp_stanza_t *moderate = sn_xml_child(iq, "moderate", NS_MODERATE_1);
	sn_xml_set(moderate, "id", job->request->item);
	sn_xml_child(moderate, "retract", NS_RETRACT_1);
	sn_xml_child_text(moderate, "reason", NULL, job->request->status);
	sn_iq_ask(im, iq, new_answered, id_of(job), g_free);
}

/* Only the room itself says that its moderators took something back. */
static void read_retraction(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	xmpp_stanza_t *apply = sn_xml_find(stanza, "apply-to", NS_FASTEN);
	xmpp_stanza_t *retract = sn_xml_find(stanza, "retract", NS_RETRACT_1);
	xmpp_stanza_t *moderated = apply ? sn_xml_find(apply, "moderated", NS_MODERATE_0)
					 : sn_xml_find(retract, "moderated", NS_MODERATE_1);

	if (!message->groupchat || !moderated || !message->from || sn_jid_resource(message->from) ||
	    (apply && !sn_xml_find(moderated, "retract", NS_RETRACT_0)))
		return;
	message->retracts = sn_xml_attr(apply ? apply : retract, "id");
	message->retracted_by = sn_xml_attr(moderated, "by");
	message->retract_reason = sn_xml_line(
		sn_xml_find(apply ? moderated : retract, "reason", apply ? NS_MODERATE_0 : NS_RETRACT_1));
}

static const char *const moderation_features[] = { NULL };

const SnXmppExtension sn_ext_moderation = {
	.name = "moderation",
	.claims = SN_XMPP_CLAIMS({ "0425", "0.3.1", SN_XMPP_COMPLETE, "0.1.0",
				   "tests/unit/test_rooms_script:moderators_take_back_and_only_the_room_says_so",
				   NULL }),
	.features = moderation_features,
	.read = read_retraction,
	.starts = { { SN_IM_REQ_ROOM_RETRACT, TRUE, start_retract } },
};
