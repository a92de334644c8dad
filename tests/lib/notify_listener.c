/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify_listener - a notification daemon for tests. Owns org.freedesktop.Notifications on the
 * session bus and prints each call as one line of JSON:
 *
 *   {"event":"ready"}
 *   {"event":"notify","id":1,"replaces":0,"app":"sennit","title":"...","body":"...",
 *    "actions":["default","Open"],"urgency":1,"category":"im.received"}
 *   {"event":"close","id":1}
 *
 * Commands on stdin, one a line: "click ID" invokes the default action, "close ID" closes it,
 * "quit". notify_listener [--no-actions] [--no-markup] [--hang] [FILE]
 * --hang never answers a call. FILE: print there instead of stdout.
 */
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char interface_xml[] =
	"<node><interface name='org.freedesktop.Notifications'>"
	"<method name='GetCapabilities'><arg type='as' direction='out'/></method>"
	"<method name='GetServerInformation'><arg type='s' direction='out'/>"
	"<arg type='s' direction='out'/><arg type='s' direction='out'/>"
	"<arg type='s' direction='out'/></method>"
	"<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/>"
	"<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
	"<arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>"
	"<arg type='i' direction='in'/><arg type='u' direction='out'/></method>"
	"<method name='CloseNotification'><arg type='u' direction='in'/></method>"
	"<signal name='NotificationClosed'><arg type='u'/><arg type='u'/></signal>"
	"<signal name='ActionInvoked'><arg type='u'/><arg type='s'/></signal>"
	"</interface></node>";

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"

typedef struct {
	GMainLoop *loop;
	GDBusConnection *bus;
	FILE *out;
	gboolean hang, actions, markup;
	guint last_id;
} Listener;

static void print_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20)
			fprintf(out, "\\u%04x", *p);
		else
			fputc(*p, out);
	}
	fputc('"', out);
}

static guint32 took_notification(Listener *listener, GVariant *parameters)
{
	const char *app, *icon, *title, *body, *category = "";
	g_autofree const char **actions = NULL;
	g_autoptr(GVariant) hints = NULL;
	guint32 replaces;
	gint32 timeout;
	guchar urgency = 1;

	g_variant_get(parameters, "(&su&s&s&s^a&s@a{sv}i)", &app, &replaces, &icon, &title, &body,
		      &actions, &hints, &timeout);
	g_variant_lookup(hints, "urgency", "y", &urgency);
	g_variant_lookup(hints, "category", "&s", &category);
	guint32 id = replaces ? replaces : ++listener->last_id;
	fprintf(listener->out, "{\"event\":\"notify\",\"id\":%u,\"replaces\":%u,\"app\":", id,
		replaces);
	print_string(listener->out, app);
	fputs(",\"title\":", listener->out);
	print_string(listener->out, title);
	fputs(",\"body\":", listener->out);
	print_string(listener->out, body);
	fputs(",\"actions\":[", listener->out);
	for (int i = 0; actions[i]; i++) {
		fputs(i ? "," : "", listener->out);
		print_string(listener->out, actions[i]);
	}
	fprintf(listener->out, "],\"urgency\":%u,\"category\":", urgency);
	print_string(listener->out, category);
	fputs("}\n", listener->out);
	return id;
}

static void on_call(GDBusConnection *bus, const char *sender, const char *path,
		    const char *interface, const char *method, GVariant *parameters,
		    GDBusMethodInvocation *invocation, gpointer data)
{
	Listener *listener = data;
	guint32 id;

	if (listener->hang)
		return; /* leaks the invocation: the caller waits until its time is up */
	if (strcmp(method, "GetCapabilities") == 0) {
		GVariantBuilder builder;
		g_variant_builder_init(&builder, G_VARIANT_TYPE("as"));
		g_variant_builder_add(&builder, "s", "body");
		if (listener->actions)
			g_variant_builder_add(&builder, "s", "actions");
		if (listener->markup)
			g_variant_builder_add(&builder, "s", "body-markup");
		g_dbus_method_invocation_return_value(invocation, g_variant_new("(as)", &builder));
	} else if (strcmp(method, "GetServerInformation") == 0) {
		g_dbus_method_invocation_return_value(
			invocation, g_variant_new("(ssss)", "listener", "sennit", "1", "1.2"));
	} else if (strcmp(method, "Notify") == 0) {
		id = took_notification(listener, parameters);
		g_dbus_method_invocation_return_value(invocation, g_variant_new("(u)", id));
	} else {
		g_variant_get(parameters, "(u)", &id);
		fprintf(listener->out, "{\"event\":\"close\",\"id\":%u}\n", id);
		g_dbus_method_invocation_return_value(invocation, NULL);
	}
	fflush(listener->out);
}

static void on_name(GDBusConnection *bus, const char *name, gpointer data)
{
	Listener *listener = data;

	fputs("{\"event\":\"ready\"}\n", listener->out);
	fflush(listener->out);
}

static void on_name_lost(GDBusConnection *bus, const char *name, gpointer data)
{
	fprintf(stderr, "notify_listener: no bus, or somebody else owns %s\n", NAME);
	exit(1);
}

static void on_bus(GDBusConnection *bus, const char *name, gpointer data)
{
	static const GDBusInterfaceVTable table = { .method_call = on_call };
	Listener *listener = data;
	g_autoptr(GDBusNodeInfo) info = g_dbus_node_info_new_for_xml(interface_xml, NULL);

	listener->bus = bus;
	g_dbus_connection_register_object(bus, PATH, info->interfaces[0], &table, listener, NULL,
					  NULL);
}

static gboolean on_command(GIOChannel *channel, GIOCondition condition, gpointer data)
{
	Listener *listener = data;
	g_autofree char *line = NULL;
	guint id;

	if (g_io_channel_read_line(channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
		/* nobody commands: serve until killed */
		return G_SOURCE_REMOVE;
	}
	if (sscanf(line, "click %u", &id) == 1)
		g_dbus_connection_emit_signal(listener->bus, NULL, PATH, NAME, "ActionInvoked",
					      g_variant_new("(us)", id, "default"), NULL);
	else if (sscanf(line, "close %u", &id) == 1)
		g_dbus_connection_emit_signal(listener->bus, NULL, PATH, NAME, "NotificationClosed",
					      g_variant_new("(uu)", id, 2), NULL);
	else if (g_str_has_prefix(line, "quit"))
		g_main_loop_quit(listener->loop);
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
	Listener listener = { .out = stdout, .actions = TRUE, .markup = TRUE };

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--hang") == 0)
			listener.hang = TRUE;
		else if (strcmp(argv[i], "--no-actions") == 0)
			listener.actions = FALSE;
		else if (strcmp(argv[i], "--no-markup") == 0)
			listener.markup = FALSE;
		else if (!(listener.out = fopen(argv[i], "a")))
			g_error("cannot write %s", argv[i]);
	}
	listener.loop = g_main_loop_new(NULL, FALSE);
	g_bus_own_name(G_BUS_TYPE_SESSION, NAME, G_BUS_NAME_OWNER_FLAGS_NONE, on_bus, on_name,
		       on_name_lost, &listener, NULL);
	GIOChannel *commands = g_io_channel_unix_new(STDIN_FILENO);
	g_io_add_watch(commands, G_IO_IN | G_IO_HUP, on_command, &listener);
	g_main_loop_run(listener.loop);
	return 0;
}
