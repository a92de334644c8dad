-- SPDX-License-Identifier: GPL-3.0-or-later
-- A host full of people, for tests: `crowd` of them enter the room `crowd_room` when the server starts. Once
-- somebody from elsewhere is in, `crowd_renames` of them change their nick and `crowd_lines` lines are said.
-- The room is the server's own; only the people are made up, and hear nothing.
local st = require "util.stanza";
local jid = require "util.jid";

local room_jid = module:get_option_string("crowd_room");
local count = module:get_option_number("crowd", 2000);
local renames = module:get_option_number("crowd_renames", 200);
local lines = module:get_option_number("crowd_lines", 1000);
local at_once = 50; -- so that the server answers others meanwhile

for _, kind in ipairs { "message", "presence", "iq" } do
	for _, target in ipairs { "host", "bare", "full" } do
		module:hook(kind .. "/" .. target, function () return true; end, 1000);
	end
end

local function from(n)
	return ("person%d@%s/here"):format(n, module.host);
end

local function in_turn(total, step, done)
	local next = 1;
	module:add_timer(0.01, function ()
		for n = next, math.min(total, next + at_once - 1) do step(n); end
		next = next + at_once;
		if next <= total then return 0.01; end
		done();
	end);
end

local function enter(n)
	module:send(st.presence({ from = from(n), to = room_jid .. "/person" .. n })
		:tag("x", { xmlns = "http://jabber.org/protocol/muc" }):tag("history", { maxstanzas = "0" }));
end

local function rename(n)
	module:send(st.presence({ from = from(n), to = room_jid .. "/somebody" .. n }));
end

local function speak(n)
	module:send(st.message({ from = from(n), to = room_jid, type = "groupchat", id = "line" .. n },
		("line %d of a room in which many speak at once, and of which nobody reads it all"):format(n)));
end

local function room()
	return prosody.hosts[jid.host(room_jid)].modules.muc.get_room_from_jid(room_jid);
end

local begun = false;

local function begin(event)
	if begun or event.room.jid ~= room_jid or jid.host(event.occupant.bare_jid) == module.host then return; end
	begun = true;
	module:add_timer(2, function ()
		in_turn(renames, rename, function ()
			in_turn(lines, speak, function () module:log("info", "the crowd has spoken"); end);
		end);
	end);
end

module:add_timer(0.5, function ()
	-- hosts are loaded in any order: only now is the one of the rooms certainly there
	module:context(jid.host(room_jid)):hook("muc-occupant-joined", begin);
	enter(1);
	local big = room();
	local deliver = big.route_to_occupant;
	-- of the presences and lines for each of each, millions, nobody here reads one
	function big:route_to_occupant(occupant, stanza)
		if jid.host(occupant.bare_jid) ~= module.host then deliver(self, occupant, stanza); end
	end
	big._data.presence_broadcast = {};
	in_turn(count, function (n) if n > 1 then enter(n); end end, function ()
		big._data.presence_broadcast = nil;
		module:log("info", "the crowd is in");
	end);
end);
