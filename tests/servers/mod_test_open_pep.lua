-- SPDX-License-Identifier: GPL-3.0-or-later
-- A server that does not keep secrets, for tests: it ignores the wish that a node of ours be private
-- and says so (open_pep = "before"), or only once something was published ("after").
local st = require "util.stanza";
local mode = module:get_option_string("open_pep", "before");
local node = "sennit:people:1";
local published = false;

local function field(form, var, value)
	form:tag("field", { var = var }):tag("value"):text(value):up():up();
end

local function tell_config(event, model)
	local reply = st.reply(event.stanza)
		:tag("pubsub", { xmlns = "http://jabber.org/protocol/pubsub#owner" })
		:tag("configure", { node = node })
		:tag("x", { xmlns = "jabber:x:data", type = "form" });
	field(reply, "FORM_TYPE", "http://jabber.org/protocol/pubsub#node_config");
	field(reply, "pubsub#access_model", model);
	field(reply, "pubsub#persist_items", "1");
	event.origin.send(reply);
	return true;
end

module:hook("iq/bare/http://jabber.org/protocol/pubsub#owner:pubsub", function (event)
	local configure = event.stanza.tags[1]:get_child("configure");
	if not configure or configure.attr.node ~= node then return; end
	if event.stanza.attr.type == "set" then
		event.origin.send(st.reply(event.stanza));
		return true;
	end
	return tell_config(event, (mode == "before" or published) and "open" or "whitelist");
end, 100);

module:hook("iq/bare/http://jabber.org/protocol/pubsub:pubsub", function (event)
	local publish = event.stanza.tags[1]:get_child("publish");
	if publish and publish.attr.node == node then
		published = true;
		module:log("info", "published to the open node");
		event.stanza.tags[1]:remove_children("publish-options");
	end
end, 100);
