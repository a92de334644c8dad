/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A calendar object (RFC 5545, iTIP RFC 5546) in words: what, when in the zone of this machine, where,
 * who. Nothing is fetched, and nothing is answered.
 */
#include <libical/ical.h>
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

enum {
	MAX_CALENDAR = 256 * 1024,
	MAX_NESTED = 1000, /* components */
	MAX_DEPTH = 10,
	MAX_EVENTS = 5,
	MAX_ATTENDEES = 30,
	MAX_DESCRIPTION = 4000,
};

static char *clean(const char *text)
{
	char *line = text ? sn_text_clean_line(text, -1) : NULL;

	if (line && !*line)
		g_clear_pointer(&line, g_free);
	return line;
}

/* "Ann Other <ann@x.test>" of an organiser or attendee; NULL. */
static char *person(icalproperty *property, const char *address)
{
	const char *name = NULL;
	icalparameter *parameter = icalproperty_get_first_parameter(property, ICAL_CN_PARAMETER);

	if (parameter)
		name = icalparameter_get_cn(parameter);
	if (address && g_ascii_strncasecmp(address, "mailto:", 7) == 0)
		address += 7;
	g_autofree char *clean_name = clean(name), *clean_address = clean(address);
	if (!clean_name || g_strcmp0(clean_name, clean_address) == 0)
		return g_steal_pointer(&clean_address);
	return clean_address ? g_strdup_printf("%s <%s>", clean_name, clean_address)
	                     : g_steal_pointer(&clean_name);
}

/* ---- when ---- */

/* In the zone of this machine; a time without any zone is meant for wherever one is. */
static GDateTime *local_time(icaltimetype time)
{
	if (icaltime_is_null_time(time) || !icaltime_is_valid_time(time))
		return NULL;
	if (time.is_date || (!time.zone && !icaltime_is_utc(time)))
		return g_date_time_new_local(time.year, time.month, time.day, time.hour, time.minute, 0);
	icaltimezone *zone = (icaltimezone *)(guintptr)time.zone;
	gint64 seconds = icaltime_as_timet_with_zone(time, zone ? zone : icaltimezone_get_utc_timezone());
	return g_date_time_new_from_unix_local(seconds);
}

static char *day_of(GDateTime *time)
{
	return g_date_time_format(time, "%A %-d %B %Y");
}

static gboolean same_day(GDateTime *one, GDateTime *two)
{
	return g_date_time_get_year(one) == g_date_time_get_year(two) &&
	       g_date_time_get_day_of_year(one) == g_date_time_get_day_of_year(two);
}

/* The end of days is the day after the last one. */
static char *all_day(GDateTime *start, GDateTime *end)
{
	g_autoptr(GDateTime) last = end ? g_date_time_add_days(end, -1) : NULL;
	g_autofree char *first_day = day_of(start);

	if (!last || g_date_time_compare(last, start) <= 0)
		return g_strdup_printf("%s, all day", first_day);
	g_autofree char *last_day = day_of(last);
	return g_strdup_printf("%s to %s", first_day, last_day);
}

static char *when(icalcomponent *event)
{
	icaltimetype from = icalcomponent_get_dtstart(event);
	g_autoptr(GDateTime) start = local_time(from);
	g_autoptr(GDateTime) end = local_time(icalcomponent_get_dtend(event));

	if (!start)
		return NULL;
	if (from.is_date)
		return all_day(start, end);
	g_autofree char *day = day_of(start), *time = g_date_time_format(start, "%H:%M");
	const char *zone = g_date_time_get_timezone_abbreviation(start);
	if (!end || g_date_time_compare(end, start) <= 0)
		return g_strdup_printf("%s, %s (%s)", day, time, zone);
	g_autofree char *end_time = g_date_time_format(end, "%H:%M");
	if (same_day(start, end))
		return g_strdup_printf("%s, %s to %s (%s)", day, time, end_time, zone);
	g_autofree char *end_day = day_of(end);
	return g_strdup_printf("%s, %s to %s, %s (%s)", day, time, end_day, end_time, zone);
}

/* "every 2 weeks, until 3 May 2027"; NULL. */
static char *repeats(icalcomponent *event)
{
	static const struct {
		icalrecurrencetype_frequency freq;
		const char *one, *many;
	} words[] = {
		{ ICAL_HOURLY_RECURRENCE, "hour", "hours" },  { ICAL_DAILY_RECURRENCE, "day", "days" },
		{ ICAL_WEEKLY_RECURRENCE, "week", "weeks" },  { ICAL_MONTHLY_RECURRENCE, "month", "months" },
		{ ICAL_YEARLY_RECURRENCE, "year", "years" },
	};
	icalproperty *rule = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);

	if (!rule)
		return NULL;
	struct icalrecurrencetype recurrence = icalproperty_get_rrule(rule);
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		if (words[i].freq != recurrence.freq)
			continue;
		GString *out = g_string_new("every ");
		if (recurrence.interval > 1)
			g_string_append_printf(out, "%d %s", recurrence.interval, words[i].many);
		else
			g_string_append(out, words[i].one);
		g_autoptr(GDateTime) until = local_time(recurrence.until);
		if (until) {
			g_autofree char *day = g_date_time_format(until, "%-d %B %Y");
			g_string_append_printf(out, ", until %s", day);
		} else if (recurrence.count > 0) {
			g_string_append_printf(out, ", %d times", recurrence.count);
		}
		return g_string_free(out, FALSE);
	}
	return NULL;
}

/* ---- who ---- */

static const char *answer_words(icalproperty *attendee)
{
	icalparameter *parameter =
		icalproperty_get_first_parameter(attendee, ICAL_PARTSTAT_PARAMETER);

	switch (parameter ? icalparameter_get_partstat(parameter) : ICAL_PARTSTAT_NONE) {
	case ICAL_PARTSTAT_ACCEPTED: return "accepts";
	case ICAL_PARTSTAT_DECLINED: return "declines";
	case ICAL_PARTSTAT_TENTATIVE: return "perhaps";
	case ICAL_PARTSTAT_DELEGATED: return "sends somebody else";
	default: return NULL;
	}
}

static void add_line(GString *out, const char *label, const char *value)
{
	if (value && *value)
		g_string_append_printf(out, "%-10s %s\n", label, value);
}

static void add_attendees(GString *out, icalcomponent *event)
{
	icalproperty *at = icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY);
	int count = 0;

	for (; at; at = icalcomponent_get_next_property(event, ICAL_ATTENDEE_PROPERTY), count++) {
		g_autofree char *who = person(at, icalproperty_get_attendee(at));
		const char *answer = answer_words(at);
		if (!who || count >= MAX_ATTENDEES)
			continue;
		g_autofree char *line = answer ? g_strdup_printf("%s: %s", who, answer) : g_strdup(who);
		add_line(out, count == 0 ? "Who:" : "", line);
	}
	if (count > MAX_ATTENDEES)
		g_string_append_printf(out, "%-10s and %d more\n", "", count - MAX_ATTENDEES);
}

/* ---- what ---- */

static const char *heading(icalproperty_method method, icalcomponent *event)
{
	if (icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED)
		return "Cancelled";
	switch (method) {
	case ICAL_METHOD_CANCEL: return "Cancelled";
	case ICAL_METHOD_REQUEST:
		return icalcomponent_get_sequence(event) > 0 ? "Invitation, changed" : "Invitation";
	case ICAL_METHOD_REPLY: return "Answer to an invitation";
	case ICAL_METHOD_COUNTER: return "Another time is proposed";
	case ICAL_METHOD_DECLINECOUNTER: return "The proposed time is declined";
	case ICAL_METHOD_ADD: return "Invitation, one more date";
	case ICAL_METHOD_REFRESH: return "The invitation is asked for again";
	default: return "Event";
	}
}

static void add_event(GString *out, icalproperty_method method, icalcomponent *event)
{
	icalproperty *organiser = icalcomponent_get_first_property(event, ICAL_ORGANIZER_PROPERTY);
	g_autofree char *what = clean(icalcomponent_get_summary(event));
	g_autofree char *where = clean(icalcomponent_get_location(event));
	g_autofree char *who =
		organiser ? person(organiser, icalproperty_get_organizer(organiser)) : NULL;
	g_autofree char *time = when(event), *again = repeats(event);
	const char *text = icalcomponent_get_description(event);

	if (out->len)
		g_string_append_c(out, '\n');
	g_string_append_printf(out, "%s: %s\n", heading(method, event), what ? what : "(without a title)");
	add_line(out, "When:", time ? time : "the time is not readable");
	add_line(out, "Repeats:", again);
	add_line(out, "Where:", where);
	add_line(out, "Organiser:", who);
	add_attendees(out, event);
	g_autofree char *description =
		text ? sn_text_clean(text, (gssize)strnlen(text, MAX_DESCRIPTION)) : NULL;
	if (description && *g_strstrip(description))
		g_string_append_printf(out, "\n%s\n", description);
}

/* A moment of a task: its day, and the time if it has one. NULL. */
static char *moment(icaltimetype time)
{
	g_autoptr(GDateTime) local = local_time(time);

	if (!local)
		return NULL;
	return g_date_time_format(local, time.is_date ? "%A %-d %B %Y" : "%A %-d %B %Y, %H:%M (%Z)");
}

static const char *task_state(icalcomponent *task)
{
	switch (icalcomponent_get_status(task)) {
	case ICAL_STATUS_NEEDSACTION: return "to be done";
	case ICAL_STATUS_INPROCESS: return "under way";
	case ICAL_STATUS_COMPLETED: return "done";
	case ICAL_STATUS_CANCELLED: return "cancelled";
	case ICAL_STATUS_DRAFT: return "a draft";
	case ICAL_STATUS_FINAL: return "final";
	default: return NULL;
	}
}

/* A task (VTODO) or a journal entry (VJOURNAL): RFC 5545 sections 3.6.2 and 3.6.3. */
static void add_other(GString *out, icalproperty_method method, icalcomponent *one)
{
	gboolean task = icalcomponent_isa(one) == ICAL_VTODO_COMPONENT;
	icalproperty *organiser = icalcomponent_get_first_property(one, ICAL_ORGANIZER_PROPERTY);
	icalproperty *percent = icalcomponent_get_first_property(one, ICAL_PERCENTCOMPLETE_PROPERTY);
	g_autofree char *what = clean(icalcomponent_get_summary(one));
	g_autofree char *where = clean(icalcomponent_get_location(one));
	g_autofree char *who =
		organiser ? person(organiser, icalproperty_get_organizer(organiser)) : NULL;
	g_autofree char *start = moment(icalcomponent_get_dtstart(one));
	g_autofree char *due = task ? moment(icalcomponent_get_due(one)) : NULL;
	g_autofree char *again = repeats(one);
	int done = percent ? icalproperty_get_percentcomplete(percent) : 0;
	g_autofree char *share =
		done > 0 && done <= 100 ? g_strdup_printf("%d per cent", done) : NULL;
	const char *text = icalcomponent_get_description(one);

	if (out->len)
		g_string_append_c(out, '\n');
	g_string_append_printf(out, "%s%s: %s\n", task ? "Task" : "Journal entry",
	                       method == ICAL_METHOD_CANCEL ? ", cancelled"
	                       : method == ICAL_METHOD_REPLY ? ", an answer" : "",
	                       what ? what : "(without a title)");
	add_line(out, task ? "Begins:" : "Of:", start);
	add_line(out, "Due:", due);
	add_line(out, "Repeats:", again);
	add_line(out, "State:", task_state(one));
	add_line(out, "Done:", share);
	add_line(out, "Where:", where);
	add_line(out, "Organiser:", who);
	add_attendees(out, one);
	g_autofree char *description =
		text ? sn_text_clean(text, (gssize)strnlen(text, MAX_DESCRIPTION)) : NULL;
	if (description && *g_strstrip(description))
		g_string_append_printf(out, "\n%s\n", description);
}

/* Folded lines as one (RFC 5545 section 3.1). */
static char *unfold(const char *text, gsize length)
{
	GString *out = g_string_sized_new(length);

	for (gsize i = 0; i < length && text[i]; i++) {
		gsize end = i;
		while (end < length && text[end] == '\r')
			end++;
		if (end + 1 < length && text[end] == '\n' && (text[end + 1] == ' ' || text[end + 1] == '\t'))
			i = end + 1;
		else
			g_string_append_c(out, text[i]);
	}
	return g_string_free(out, FALSE);
}

/* "BEGIN:VEVENT": +1, "END:VEVENT": -1, another field: 0, nothing that the library should see: 2. */
static int step_of(const char *line)
{
	gsize name = 0;

	while (g_ascii_isalnum(line[name]) || line[name] == '-')
		name++;
	gboolean begins = name == 5 && g_ascii_strncasecmp(line, "BEGIN", 5) == 0;
	gboolean ends = name == 3 && g_ascii_strncasecmp(line, "END", 3) == 0;
	if (name == 0 || !strchr(":;", line[name]) || !line[name])
		return 2;
	if (!begins && !ends)
		return 0;
	const char *what = line + name + 1;
	gsize length = 0;
	while (g_ascii_isalnum(what[length]) || what[length] == '-')
		length++;
	if (line[name] != ':' || length == 0 || what[length + strspn(what + length, " \t")] != '\0')
		return 2;
	return begins ? 1 : -1;
}

/* Lines that are fields, in which all that begins ends; the library recurses over what is nested,
 * and writes to the terminal of an end too many. NULL: it is none. */
static char *sane(const char *text, gsize length)
{
	g_autofree char *unfolded = unfold(text, length);
	g_auto(GStrv) lines = g_strsplit_set(unfolded, "\r\n", -1);
	GString *out = g_string_sized_new(length);
	int nested = 0, depth = 0;

	for (char **line = lines; *line && out->len < MAX_CALENDAR; line++) {
		int step = step_of(*line);
		if (step == 2 || (step < 0 && depth == 0) || (step == 0 && depth == 0) ||
		    (step > 0 && (depth == MAX_DEPTH || ++nested > MAX_NESTED)))
			continue;
		depth += step;
		g_string_append_printf(out, "%s\r\n", *line);
		if (depth == 0)
			break; /* one object */
	}
	if (depth == 0 && nested > 0)
		return g_string_free(out, FALSE);
	g_string_free(out, TRUE);
	return NULL;
}

char *sn_mime_read_invitation(const char *text, gsize length)
{
	g_autofree char *copy = sane(text, length);
	GString *out = g_string_new(NULL);
	int events = 0;

	icalcomponent *root = copy ? icalparser_parse_string(copy) : NULL;
	if (root) {
		icalcomponent *calendar = icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT
			? root : icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT);
		icalproperty_method method =
			calendar ? icalcomponent_get_method(calendar) : ICAL_METHOD_NONE;
		icalcomponent *holder = calendar ? calendar : root;
		icalcomponent *one = icalcomponent_get_first_component(holder, ICAL_ANY_COMPONENT);
		for (; one && events <= MAX_EVENTS;
		     one = icalcomponent_get_next_component(holder, ICAL_ANY_COMPONENT)) {
			icalcomponent_kind kind = icalcomponent_isa(one);
			if (kind != ICAL_VEVENT_COMPONENT && kind != ICAL_VTODO_COMPONENT &&
			    kind != ICAL_VJOURNAL_COMPONENT)
				continue;
			if (++events > MAX_EVENTS)
				g_string_append(out, "\nThere is more in the file.\n");
			else if (kind == ICAL_VEVENT_COMPONENT)
				add_event(out, method, one);
			else
				add_other(out, method, one);
		}
		icalcomponent_free(root);
	}
	return g_string_free(out, events == 0);
}
