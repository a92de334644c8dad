-- The database of sennit. This file is the newest shape; src/store/migrate.c brings older ones here.
-- Enumerations are the numbers of the enums in the headers of this folder (checked in migrate.c).
-- Times are milliseconds since 1970 UTC. What the list and the timeline show is kept right at write
-- time by the triggers below, so that reading never counts, sorts or scans.

-- ---- what a search reads ----
--
-- SQLite reads the schema at each opening, one entry after the other. For a search it stops behind
-- what that one needs (narrow.c names it), so nothing that no search needs belongs here.

CREATE TABLE person (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	name_rank INTEGER NOT NULL DEFAULT 0, -- 0 the address, 1 in a To:, 2 in own From:, 3 roster or card, 4 user
	rule INTEGER NOT NULL DEFAULT 0,
	wish INTEGER NOT NULL DEFAULT 0,
	wish_origin TEXT,
	is_self INTEGER NOT NULL DEFAULT 0,
	wish_time INTEGER NOT NULL DEFAULT 0,
	-- the user's policy for this person; NULL, 0: as the account or the settings say
	not_available INTEGER, -- presences that count as not available, 1 << show
	quiet_hours TEXT,
	time_zone TEXT,
	questions INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE address (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	channel INTEGER NOT NULL,
	value TEXT NOT NULL COLLATE NOCASE, -- as first seen; nobody tells mailboxes apart by case
	name TEXT,
	person INTEGER NOT NULL REFERENCES person (id),
	first_seen INTEGER NOT NULL,
	last_used INTEGER NOT NULL DEFAULT 0,
	seen_online INTEGER NOT NULL DEFAULT 0, -- last time its presence was another than offline
	written INTEGER NOT NULL DEFAULT 0, -- how often the user wrote there (suggest.c)
	last_written INTEGER NOT NULL DEFAULT 0,
	UNIQUE (channel, value)
) STRICT;

CREATE TABLE message (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL REFERENCES conversation (id),
	account INTEGER NOT NULL,
	channel INTEGER NOT NULL,
	direction INTEGER NOT NULL,
	time INTEGER NOT NULL,
	sender INTEGER NOT NULL REFERENCES address (id),
	sender_name TEXT,
	peer INTEGER, -- the address that files it with a person; minus a group whose members are one
	subject TEXT,
	preview TEXT,
	state INTEGER NOT NULL,
	flags INTEGER NOT NULL DEFAULT 0,
	message_id TEXT,
	origin_id TEXT,
	stanza_id TEXT,
	in_reply_to TEXT,
	thread TEXT,
	reply_to INTEGER NOT NULL DEFAULT 0,
	encrypted INTEGER NOT NULL DEFAULT 0,
	carried INTEGER NOT NULL DEFAULT 0,
	secure INTEGER NOT NULL DEFAULT 0,
	carried_by INTEGER NOT NULL DEFAULT 0,
	outbox INTEGER NOT NULL DEFAULT 0,
	size INTEGER NOT NULL DEFAULT 0,
	attachments INTEGER NOT NULL DEFAULT 0,
	list_id TEXT,
	authentication TEXT,
	notice TEXT,
	raw INTEGER REFERENCES blob (id),
	-- 1 lies only in trash, junk or drafts, or was deleted here; 2 folded below another (about),
	-- 3 told twice, 4 an earlier text of another (attached)
	hidden INTEGER NOT NULL DEFAULT 0,
	lost INTEGER, -- since when no folder holds it any more
	unread INTEGER AS (direction = 0 AND carried = 0 AND hidden = 0 AND flags & 9 = 0) VIRTUAL,
	shown INTEGER AS (carried = 0 AND hidden = 0) VIRTUAL,
	contradicted INTEGER NOT NULL DEFAULT 0, -- SnDiffers over all that was told of it
	brought INTEGER NOT NULL DEFAULT 0, -- earlier messages that came along with it
	attached INTEGER NOT NULL DEFAULT 0, -- it only brought them, for that message's sake
	about INTEGER NOT NULL DEFAULT 0, -- it only reports on that message, and is folded below it
	mdn INTEGER NOT NULL DEFAULT 0, -- SnMdn: its sender asks to be told that it was read
	mdn_to TEXT,
	bulk INTEGER NOT NULL DEFAULT 0, -- SnBulk
	tags TEXT, -- IMAP keywords of its places, in order, with blanks between; NULL none
	occupant TEXT, -- who said it in a room, whatever the nick (XEP-0421)
	mention INTEGER NOT NULL DEFAULT 0, -- it speaks to the user, in a room
	amended INTEGER NOT NULL DEFAULT 0 -- SnAmended
) STRICT;
CREATE INDEX message_time ON message (time, id);
CREATE INDEX message_sender ON message (sender);
CREATE INDEX message_sender_name ON message (sender_name) WHERE sender_name IS NOT NULL;
CREATE INDEX message_carried ON message (time, id) WHERE carried = 1;

-- Contentless: one row for each message under its id, which is never used again. Chinese, Japanese
-- and Korean runs are written as overlapping pairs (words.c) so that a part of a word is found.
CREATE VIRTUAL TABLE search USING fts5 (subject, body, people, files, content = '',
	columnsize = 0, tokenize = 'unicode61 remove_diacritics 2');
-- Pieces of the index are put together when there are eight, not four: a tenth less to do for each
-- message, and a question looks into a few more pieces.
INSERT INTO search (search, rank) VALUES ('automerge', 8);

-- For some conditions of a search also these.
CREATE TABLE conversation (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind INTEGER NOT NULL,
	key TEXT NOT NULL,
	title TEXT NOT NULL,
	person INTEGER REFERENCES person (id),
	last_message INTEGER NOT NULL DEFAULT 0,
	last_time INTEGER NOT NULL DEFAULT 0,
	channel INTEGER NOT NULL DEFAULT 0,
	last_direction INTEGER NOT NULL DEFAULT 0,
	last_state INTEGER NOT NULL DEFAULT 0,
	preview TEXT,
	unread INTEGER NOT NULL DEFAULT 0,
	attention INTEGER NOT NULL DEFAULT 0,
	pending INTEGER NOT NULL DEFAULT 0,
	muted INTEGER NOT NULL DEFAULT 0,
	pinned INTEGER NOT NULL DEFAULT 0,
	archived INTEGER NOT NULL DEFAULT 0,
	opened INTEGER NOT NULL DEFAULT 0, -- asked for by somebody: listed even when empty
	reply_mode INTEGER NOT NULL DEFAULT 0,
	has_draft INTEGER NOT NULL DEFAULT 0,
	presence INTEGER NOT NULL DEFAULT 0,
	needs INTEGER AS (attention > 0) VIRTUAL,
	-- what its messages are: -1 there was none, 0 somebody wrote, else as of the last one; and what
	-- the user says it is, NULL nothing
	bulk INTEGER NOT NULL DEFAULT -1,
	bulk_set INTEGER,
	-- 0 the list, 1 the archived ones, 2 nothing to show, 3 newsletters and notices
	shelf INTEGER AS (CASE WHEN last_message = 0 AND NOT opened AND NOT has_draft AND attention = 0
		AND pending = 0 THEN 2 WHEN archived THEN 1 WHEN coalesce(bulk_set, bulk) > 0 AND NOT pinned
		AND attention = 0 AND pending = 0 AND NOT has_draft THEN 3 ELSE 0 END) VIRTUAL,
	mentions INTEGER NOT NULL DEFAULT 0, -- of unread: those that speak to the user (rooms)
	UNIQUE (kind, key)
) STRICT;

CREATE TABLE party (
	message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	role INTEGER NOT NULL,
	address TEXT NOT NULL,
	name TEXT,
	PRIMARY KEY (message, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE folder (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	account INTEGER NOT NULL REFERENCES account (id),
	name TEXT NOT NULL,
	role TEXT,
	uidvalidity INTEGER NOT NULL DEFAULT 0,
	uidnext INTEGER NOT NULL DEFAULT 0,
	highestmodseq INTEGER NOT NULL DEFAULT 0,
	total INTEGER NOT NULL DEFAULT 0,
	unread INTEGER NOT NULL DEFAULT 0,
	mailbox_id TEXT,
	-- it is a label (Gmail) of emails that lie in that folder, under whose numbers they stand here; its
	-- own id: it holds them; 0 no labels
	base INTEGER NOT NULL DEFAULT 0,
	directory TEXT, -- Maildir: absolute; NULL elsewhere
	read_only INTEGER NOT NULL DEFAULT 0, -- as the server said when it was opened last
	UNIQUE (account, name)
) STRICT;

-- target: where an own, not yet replayed change moves it; '\Deleted': it goes for good.
-- shown_in, time, top: for lists of a folder, which are read a screen at a time. shown_in: the folder
-- in whose list it stands, which is where it goes once that is decided; 0 none. time: the message's.
-- top: no newer message of its thread stands in that list.
CREATE TABLE location (
	folder INTEGER NOT NULL REFERENCES folder (id),
	uid INTEGER NOT NULL,
	message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
	name TEXT,
	flags INTEGER NOT NULL DEFAULT 0,
	target TEXT,
	shown_in INTEGER NOT NULL DEFAULT 0,
	time INTEGER NOT NULL DEFAULT 0,
	top INTEGER NOT NULL DEFAULT 1,
	keywords TEXT, -- as the server has them, with our changes; NULL: it does not tell (Maildir)
	PRIMARY KEY (folder, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX location_message ON location (message);
CREATE INDEX location_listed ON location (shown_in, time, message);

-- ---- all else ----

CREATE TABLE setting (
	key TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- ---- the user's own side ----

CREATE TABLE account (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL UNIQUE,
	presence_known INTEGER NOT NULL DEFAULT 0,
	presence_since INTEGER NOT NULL DEFAULT 0, -- when presence_known changed
	quota_used INTEGER NOT NULL DEFAULT 0, -- octets in the mailbox, as the server told last
	quota_limit INTEGER NOT NULL DEFAULT 0 -- 0 not told
) STRICT;

CREATE TABLE own_address (
	channel INTEGER NOT NULL,
	value TEXT NOT NULL COLLATE NOCASE,
	account INTEGER NOT NULL REFERENCES account (id),
	PRIMARY KEY (channel, value, account)
) STRICT, WITHOUT ROWID;

-- ---- persons and the address map ----

CREATE INDEX person_self ON person (id) WHERE is_self;
CREATE INDEX address_person ON address (person);
CREATE INDEX address_written ON address (last_written) WHERE written > 0;

-- What the contact asked for ("always email me"), by address, so that it follows the address when
-- people are merged and split. person.wish is what the user noted, and comes first. refused: the user
-- does not want it; it stays until the contact says something else.
CREATE TABLE contact_wish (
	address INTEGER NOT NULL REFERENCES address (id) ON DELETE CASCADE,
	source INTEGER NOT NULL,
	rule INTEGER NOT NULL,
	detail TEXT,
	time INTEGER NOT NULL,
	refused INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (address, source)
) STRICT, WITHOUT ROWID;

-- The person made for one address alone, which keeps its id for good: people come together and part
-- again, and each is named after one of its addresses. name: what was seen with this address.
CREATE TABLE native (
	address INTEGER PRIMARY KEY REFERENCES address (id),
	person INTEGER NOT NULL UNIQUE REFERENCES person (id),
	name TEXT,
	name_rank INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Keys that came by email, and what was said with them: peer.h.
CREATE TABLE peer (
	address TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
	last_seen INTEGER NOT NULL DEFAULT 0,
	key_time INTEGER NOT NULL DEFAULT 0,
	key BLOB,
	fingerprint TEXT,
	mutual INTEGER NOT NULL DEFAULT 0,
	gossip_time INTEGER NOT NULL DEFAULT 0,
	gossip_key BLOB,
	gossip_fingerprint TEXT
) STRICT;

-- What the user decided, one register for each thing that can be decided; the newest clock wins, also
-- over what another device of the user says. value NULL: taken back. See facts.c for the keys.
CREATE TABLE fact (
	key TEXT NOT NULL PRIMARY KEY,
	value TEXT,
	clock INTEGER NOT NULL,
	device TEXT NOT NULL,
	chunk INTEGER NOT NULL DEFAULT 0 -- in which item it travels
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_chunk ON fact (device, chunk);

-- The decisions about two addresses (a < b) among the facts, by row; clock: when. verdict: 1 a came to b, 2 b came
-- to a, 3 a belongs to b, 4 b belongs to a, 5 they are different people.
CREATE TABLE decision (
	a INTEGER NOT NULL REFERENCES address (id),
	b INTEGER NOT NULL REFERENCES address (id),
	verdict INTEGER NOT NULL,
	clock INTEGER NOT NULL,
	device TEXT NOT NULL,
	PRIMARY KEY (a, b)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_b ON decision (b);

-- Cards of the user's address books: addresses of one person. origin names the card for good.
CREATE TABLE card (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	source INTEGER NOT NULL,
	origin TEXT NOT NULL,
	uid TEXT,
	name TEXT,
	evidence TEXT,
	first_seen INTEGER NOT NULL,
	UNIQUE (source, origin)
) STRICT;

CREATE TABLE card_address (
	card INTEGER NOT NULL REFERENCES card (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	address INTEGER NOT NULL REFERENCES address (id),
	PRIMARY KEY (card, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX card_address_address ON card_address (address);

-- What others say of two addresses (a < b): they may be one person. Never more than a suggestion.
CREATE TABLE claim (
	a INTEGER NOT NULL REFERENCES address (id),
	b INTEGER NOT NULL REFERENCES address (id),
	source INTEGER NOT NULL,
	evidence TEXT,
	first_seen INTEGER NOT NULL,
	PRIMARY KEY (a, b, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_b ON claim (b);

-- A card (0: the user on another device) says something of an address that is not followed, because
-- another card says otherwise with the same right (overruled 0), or somebody with more right (1).
CREATE TABLE conflict (
	address INTEGER NOT NULL REFERENCES address (id),
	card INTEGER NOT NULL,
	other INTEGER NOT NULL DEFAULT 0, -- the address that the user's own decision was about
	overruled INTEGER NOT NULL,
	PRIMARY KEY (address, card, other)
) STRICT, WITHOUT ROWID;

-- What the user did to the address map, so that it can be undone.
CREATE TABLE map_change (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	time INTEGER NOT NULL,
	what TEXT NOT NULL,
	undone INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE map_change_fact (
	change INTEGER NOT NULL REFERENCES map_change (id) ON DELETE CASCADE,
	key TEXT NOT NULL,
	before TEXT,
	after TEXT,
	PRIMARY KEY (change, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE roster (
	account INTEGER NOT NULL REFERENCES account (id),
	address INTEGER NOT NULL REFERENCES address (id),
	name TEXT,
	subscription INTEGER NOT NULL,
	ask INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (account, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX roster_address ON roster (address);

-- A row with show OFFLINE (1) remembers since when.
CREATE TABLE presence (
	address INTEGER NOT NULL REFERENCES address (id),
	account INTEGER NOT NULL REFERENCES account (id),
	resource TEXT NOT NULL,
	show INTEGER NOT NULL,
	status TEXT,
	priority INTEGER NOT NULL DEFAULT 0,
	since INTEGER NOT NULL,
	idle INTEGER NOT NULL DEFAULT 0, -- nobody was there since then; 0 not told
	caps TEXT, -- fingerprint of the client
	PRIMARY KEY (address, account, resource)
) STRICT, WITHOUT ROWID;
CREATE INDEX presence_account ON presence (account);

-- What a client with this fingerprint can do.
CREATE TABLE caps (
	fingerprint TEXT NOT NULL PRIMARY KEY,
	name TEXT,
	features TEXT NOT NULL, -- one a line
	time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whom the account's server keeps away.
CREATE TABLE blocked (
	account INTEGER NOT NULL REFERENCES account (id),
	jid TEXT NOT NULL COLLATE NOCASE,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;

-- ---- conversations ----

CREATE INDEX conversation_list ON conversation
	(shelf, pinned DESC, needs DESC, last_time DESC, id DESC);
CREATE INDEX conversation_of_person ON conversation (person) WHERE person IS NOT NULL;
CREATE INDEX conversation_unread ON conversation (unread) WHERE unread > 0;
CREATE INDEX conversation_needs ON conversation (attention) WHERE attention > 0;
CREATE INDEX conversation_pending ON conversation (pending) WHERE pending > 0;

-- Members of groups, posters of lists and rooms. A person's are the person's addresses.
CREATE TABLE member (
	conversation INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
	address INTEGER NOT NULL REFERENCES address (id),
	PRIMARY KEY (conversation, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_address ON member (address);

-- What stands in titles of conversations (target > 0) and in addresses (minus their id) from each of
-- their letters on, folded, at most 12 letters: any part of a name is the beginning of a row (names.c).
-- Who has no conversation is found by their first address.
CREATE TABLE name_part (
	part TEXT NOT NULL,
	target INTEGER NOT NULL,
	PRIMARY KEY (part, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
	conversation INTEGER PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
	mode INTEGER NOT NULL,
	reply_to INTEGER NOT NULL,
	subject TEXT,
	body TEXT NOT NULL,
	cc TEXT,
	bcc TEXT,
	attachments TEXT, -- one path a line
	history TEXT,
	picked TEXT, -- ids with blanks between
	updated INTEGER NOT NULL,
	send_at INTEGER NOT NULL DEFAULT 0,
	conditions INTEGER NOT NULL DEFAULT 0,
	otherwise INTEGER NOT NULL DEFAULT 0,
	within INTEGER NOT NULL DEFAULT 0,
	encrypt INTEGER NOT NULL DEFAULT 0,
	agreed TEXT, -- ids of encrypted messages that may travel in the open
	read_receipt INTEGER NOT NULL DEFAULT 0, -- SnReadReceipt
	sender TEXT, -- own address it is to go from; NULL: as the message answered says
	forwards TEXT, -- ids of messages that it passes on
	format INTEGER NOT NULL DEFAULT 0, -- SnFormat
	whom INTEGER NOT NULL DEFAULT 0, -- SnWhom
	sign INTEGER NOT NULL DEFAULT 0, -- SnSign
	reports INTEGER NOT NULL DEFAULT 0, -- SnReports
	signature TEXT -- own address whose signature goes below; "" none; NULL that of the sender
) STRICT;

-- A conversation whose messages are shown in another (heir) as long as its people are one person.
-- gave: what it added to the other; see shells.c.
CREATE TABLE shell (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL UNIQUE REFERENCES conversation (id) ON DELETE CASCADE,
	heir INTEGER NOT NULL REFERENCES conversation (id),
	gave INTEGER NOT NULL,
	opened INTEGER NOT NULL,
	time INTEGER NOT NULL
) STRICT;
CREATE INDEX shell_heir ON shell (heir);

-- Its draft (part 0), and that of the other before both were put together (part 1).
CREATE TABLE shell_draft (
	conversation INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
	part INTEGER NOT NULL,
	mode INTEGER NOT NULL,
	reply_to INTEGER NOT NULL,
	subject TEXT,
	body TEXT NOT NULL,
	cc TEXT,
	bcc TEXT,
	attachments TEXT,
	history TEXT,
	picked TEXT,
	updated INTEGER NOT NULL,
	send_at INTEGER NOT NULL,
	conditions INTEGER NOT NULL,
	otherwise INTEGER NOT NULL,
	within INTEGER NOT NULL,
	encrypt INTEGER NOT NULL,
	agreed TEXT,
	read_receipt INTEGER NOT NULL,
	sender TEXT,
	forwards TEXT,
	format INTEGER NOT NULL,
	whom INTEGER NOT NULL,
	sign INTEGER NOT NULL,
	reports INTEGER NOT NULL,
	signature TEXT,
	PRIMARY KEY (conversation, part)
) STRICT, WITHOUT ROWID;

-- ---- messages ----

-- Bytes kept once: raw emails, attachments on their way out. codec: 0 as they are, 1 zstd, 2 not here
-- but in the file where the email lies (folder.directory, location.name).
CREATE TABLE blob (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	sha256 TEXT NOT NULL UNIQUE,
	size INTEGER NOT NULL,
	codec INTEGER NOT NULL,
	refs INTEGER NOT NULL DEFAULT 0,
	data BLOB NOT NULL
) STRICT;
CREATE INDEX message_timeline ON message (conversation, hidden, time, id);
CREATE INDEX message_unread ON message (conversation, time, id) WHERE unread = 1;
CREATE INDEX message_message_id ON message (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX message_origin_id ON message (origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX message_stanza_id ON message (stanza_id) WHERE stanza_id IS NOT NULL;
CREATE INDEX message_in_reply_to ON message (in_reply_to) WHERE in_reply_to IS NOT NULL;
CREATE INDEX message_thread ON message (thread, time, id) WHERE thread IS NOT NULL;
CREATE INDEX message_raw ON message (raw) WHERE raw IS NOT NULL;
CREATE INDEX message_lost ON message (lost) WHERE lost IS NOT NULL;
CREATE INDEX message_brought ON message (conversation) WHERE brought > 0;
CREATE INDEX message_attached ON message (attached) WHERE attached <> 0;
CREATE INDEX message_about ON message (about) WHERE about <> 0;
CREATE INDEX message_mdn ON message (mdn) WHERE mdn IN (1, 3);
CREATE INDEX message_files ON message (conversation, time, id) WHERE attachments > 0;

-- The XMPP thread id that stands for an email thread.
CREATE TABLE thread_alias (
	alias TEXT NOT NULL PRIMARY KEY,
	thread TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE body (
	message INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
	text TEXT NOT NULL, -- empty when packed
	packed BLOB -- compressed with zstd (body.c); NULL: it is not
) STRICT;

CREATE TABLE part (
	message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	type TEXT,
	name TEXT,
	size INTEGER NOT NULL DEFAULT -1,
	sha256 TEXT,
	url TEXT,
	path TEXT,
	inline INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (message, position)
) STRICT, WITHOUT ROWID;

-- A file that is offered by its address: what was promised, how far it is, why it did not come.
CREATE TABLE transfer (
	message INTEGER NOT NULL,
	position INTEGER NOT NULL,
	promised TEXT, -- SHA-256 that its sender told
	done INTEGER NOT NULL DEFAULT 0,
	total INTEGER NOT NULL DEFAULT 0, -- 0: not under way
	fault TEXT,
	PRIMARY KEY (message, position),
	FOREIGN KEY (message, position) REFERENCES part (message, position)
		ON DELETE CASCADE ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

-- Who told of which message, and how it differs from what is here.
CREATE TABLE carried (
	by_message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
	message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
	differs INTEGER NOT NULL DEFAULT 0, -- SnDiffers; then what was told follows
	told_sender TEXT,
	told_time INTEGER,
	told_subject TEXT,
	told_text TEXT,
	PRIMARY KEY (by_message, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX carried_message ON carried (message);

-- ---- the outbox ----

CREATE TABLE outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL REFERENCES conversation (id),
	message INTEGER NOT NULL REFERENCES message (id),
	account INTEGER NOT NULL REFERENCES account (id),
	channel INTEGER NOT NULL,
	state INTEGER NOT NULL,
	reason TEXT,
	error_word TEXT,
	request INTEGER NOT NULL DEFAULT 0,
	if_unavailable INTEGER NOT NULL DEFAULT 0,
	created INTEGER NOT NULL,
	next_try INTEGER NOT NULL DEFAULT 0,
	expires INTEGER NOT NULL DEFAULT 0,
	send_at INTEGER NOT NULL DEFAULT 0,
	attempts INTEGER NOT NULL DEFAULT 0,
	sender TEXT NOT NULL,
	message_id TEXT UNIQUE,
	origin_id TEXT UNIQUE,
	subject TEXT,
	body TEXT NOT NULL,
	reply_to INTEGER NOT NULL DEFAULT 0,
	thread TEXT,
	converted_to INTEGER NOT NULL DEFAULT 0,
	converted_from INTEGER NOT NULL DEFAULT 0,
	quick_question TEXT,
	step INTEGER NOT NULL DEFAULT 0,
	announce INTEGER NOT NULL DEFAULT 0,
	history_attachments INTEGER NOT NULL DEFAULT 0,
	dismissed INTEGER NOT NULL DEFAULT 0,
	-- queued, choosing, sending, waiting, asked
	open INTEGER AS (state IN (2, 3, 4, 8, 9)) VIRTUAL,
	pends INTEGER AS (state IN (2, 4, 8, 9)) VIRTUAL,
	needs INTEGER AS (state = 3 OR (state = 11 AND NOT dismissed)) VIRTUAL,
	-- the sender's terms: terms.h
	conditions INTEGER NOT NULL DEFAULT 0,
	otherwise INTEGER NOT NULL DEFAULT 0,
	encrypt INTEGER NOT NULL DEFAULT 0,
	untold INTEGER NOT NULL DEFAULT 0, -- what it came to has still to be announced
	read_receipt INTEGER NOT NULL DEFAULT 0, -- SnReadReceipt
	behind INTEGER NOT NULL DEFAULT 0, -- the entry that goes first
	jid TEXT, -- of an IM: to whom
	-- the time when the engine has to look at it; 0 at once
	look INTEGER AS (CASE state
		WHEN 3 THEN iif(error_word IS 'uncertain', NULL, nullif(expires, 0))
		WHEN 4 THEN 0
		WHEN 2 THEN iif(behind, nullif(expires, 0), max(send_at, next_try))
		WHEN 8 THEN iif(behind, nullif(expires, 0), iif(expires, min(next_try, expires), next_try))
		WHEN 9 THEN next_try END) VIRTUAL,
	-- goes on when the account is connected again
	stopped INTEGER AS (state = 4 OR (state = 8 AND (error_word IS NOT NULL OR conditions <> 0)) OR (state = 9 AND step = 0)) VIRTUAL,
	resend INTEGER NOT NULL DEFAULT 0, -- the email that goes on as it is
	format INTEGER NOT NULL DEFAULT 0, -- SnFormat
	sign INTEGER NOT NULL DEFAULT 0, -- SnSign
	reports INTEGER NOT NULL DEFAULT 0 -- SnReports
) STRICT;
CREATE INDEX outbox_untold ON outbox (id) WHERE untold = 1;
CREATE INDEX outbox_conversation ON outbox (conversation);
CREATE INDEX outbox_message ON outbox (message);
CREATE INDEX outbox_open ON outbox (id) WHERE open = 1;
CREATE INDEX outbox_needs ON outbox (id) WHERE needs = 1;
CREATE INDEX outbox_request ON outbox (id) WHERE request <> 0;
CREATE INDEX outbox_question ON outbox (quick_question) WHERE quick_question IS NOT NULL;
CREATE INDEX outbox_look ON outbox (look) WHERE look IS NOT NULL;
CREATE INDEX outbox_order ON outbox (conversation, id) WHERE open = 1;
CREATE INDEX outbox_behind ON outbox (behind) WHERE behind <> 0;
CREATE INDEX outbox_jid ON outbox (jid) WHERE open = 1;
CREATE INDEX outbox_stopped ON outbox (account, channel) WHERE stopped = 1;

CREATE TABLE outbox_recipient (
	outbox INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	role INTEGER NOT NULL,
	address TEXT NOT NULL,
	name TEXT,
	fate INTEGER NOT NULL DEFAULT 0, -- SnFate: what is known of this one
	fate_time INTEGER NOT NULL DEFAULT 0,
	fate_text TEXT,
	PRIMARY KEY (outbox, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox_attachment (
	outbox INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	name TEXT,
	type TEXT,
	blob INTEGER NOT NULL REFERENCES blob (id),
	PRIMARY KEY (outbox, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_attachment_blob ON outbox_attachment (blob);

CREATE TABLE outbox_history (
	outbox INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	message INTEGER NOT NULL,
	agreed INTEGER NOT NULL DEFAULT 0, -- encrypted, and the user lets it go in the open
	PRIMARY KEY (outbox, seq)
) STRICT, WITHOUT ROWID;

-- The journal: why has this not gone?
CREATE TABLE outbox_event (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	outbox INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
	time INTEGER NOT NULL,
	what TEXT NOT NULL,
	detail TEXT
) STRICT;
CREATE INDEX outbox_event_of ON outbox_event (outbox, id);

CREATE TABLE question (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL REFERENCES conversation (id),
	message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
	question TEXT NOT NULL,
	time INTEGER NOT NULL,
	answered INTEGER NOT NULL DEFAULT 0,
	answer TEXT, -- what was answered; NULL
	entry INTEGER NOT NULL DEFAULT 0, -- the outbox entry of a rule's answer
	away INTEGER NOT NULL DEFAULT 0 -- 1 an availability question: now, later, email
) STRICT;
CREATE INDEX question_conversation ON question (conversation, id);
CREATE INDEX question_message ON question (message);

CREATE TABLE question_choice (
	question INTEGER NOT NULL REFERENCES question (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	value TEXT NOT NULL,
	label TEXT NOT NULL,
	PRIMARY KEY (question, seq)
) STRICT, WITHOUT ROWID;

-- Questions of ours to contacts (outbox.quick_question), and what came back.
CREATE TABLE asked (
	question TEXT NOT NULL PRIMARY KEY,
	account INTEGER NOT NULL REFERENCES account (id),
	address INTEGER NOT NULL REFERENCES address (id),
	time INTEGER NOT NULL,
	answer INTEGER NOT NULL DEFAULT 0,
	answered INTEGER NOT NULL DEFAULT 0, -- when; 0 not yet
	told INTEGER NOT NULL DEFAULT 0 -- that it is too late
) STRICT, WITHOUT ROWID;
CREATE INDEX asked_address ON asked (address, time);

-- ---- rooms (rooms.h) ----

CREATE TABLE room (
	conversation INTEGER PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
	account INTEGER NOT NULL REFERENCES account (id),
	jid TEXT NOT NULL,
	nick TEXT,
	state INTEGER NOT NULL DEFAULT 0,
	wanted INTEGER NOT NULL DEFAULT 0,
	bookmarked INTEGER NOT NULL DEFAULT 0,
	subject TEXT,
	subject_by TEXT,
	features INTEGER NOT NULL DEFAULT 0,
	tell INTEGER NOT NULL DEFAULT 0,
	keywords TEXT,
	why_word TEXT,
	why TEXT,
	people INTEGER NOT NULL DEFAULT 0,
	UNIQUE (account, jid)
) STRICT;

-- here 0: gone, and kept as long as it tells whose a message is.
CREATE TABLE room_person (
	room INTEGER NOT NULL REFERENCES room (conversation) ON DELETE CASCADE,
	nick TEXT NOT NULL,
	jid TEXT,
	occupant TEXT,
	show TEXT,
	role TEXT,
	affiliation TEXT,
	here INTEGER NOT NULL DEFAULT 1,
	own INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (room, nick)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_person_occupant ON room_person (room, occupant) WHERE occupant IS NOT NULL;

CREATE TABLE room_line (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	room INTEGER NOT NULL REFERENCES room (conversation) ON DELETE CASCADE,
	time INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	text TEXT NOT NULL
) STRICT;
CREATE INDEX room_line_time ON room_line (room, time, id);

CREATE TABLE room_wish (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	account INTEGER NOT NULL,
	room TEXT NOT NULL,
	verb TEXT NOT NULL,
	who TEXT,
	value TEXT,
	text TEXT,
	secret TEXT
) STRICT;

-- What was asked for last: the owner's form, and who has which affiliation.
CREATE TABLE room_field (
	room INTEGER NOT NULL REFERENCES room (conversation) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	var TEXT NOT NULL,
	type TEXT,
	label TEXT,
	value TEXT,
	options TEXT,
	option_labels TEXT,
	PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE room_listed (
	room INTEGER NOT NULL REFERENCES room (conversation) ON DELETE CASCADE,
	jid TEXT NOT NULL,
	affiliation TEXT NOT NULL,
	reason TEXT,
	PRIMARY KEY (room, jid)
) STRICT, WITHOUT ROWID;

-- ---- what the engine knows about servers ----
CREATE INDEX location_top ON location (shown_in, time, message) WHERE top = 1;
CREATE INDEX location_name ON location (folder, name) WHERE name IS NOT NULL;

CREATE TABLE action (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind INTEGER NOT NULL,
	account INTEGER NOT NULL,
	folder INTEGER NOT NULL DEFAULT 0,
	message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
	uid INTEGER NOT NULL DEFAULT 0,
	name TEXT,
	set_flags INTEGER NOT NULL DEFAULT 0,
	clear_flags INTEGER NOT NULL DEFAULT 0,
	target TEXT,
	attempts INTEGER NOT NULL DEFAULT 0,
	next_try INTEGER NOT NULL DEFAULT 0,
	why TEXT,
	set_tags TEXT,
	clear_tags TEXT,
	change INTEGER NOT NULL DEFAULT 0, -- mail_change that it is part of
	lands INTEGER NOT NULL DEFAULT 0 -- it is under way, to that folder; -1: to none
) STRICT;
CREATE INDEX action_message ON action (message);
CREATE INDEX action_due ON action (account, id) WHERE uid <> 0 OR kind = 2;

-- What the user did to emails, one row for all that was done at once, so that it can be undone before
-- and after the server was told. Of an item: what it had before that it has no more, and what it got.
CREATE TABLE mail_change (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	time INTEGER NOT NULL,
	what TEXT NOT NULL,
	undone INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE mail_change_item (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	change INTEGER NOT NULL REFERENCES mail_change (id) ON DELETE CASCADE,
	kind INTEGER NOT NULL, -- SnActionKind
	message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
	folder INTEGER NOT NULL DEFAULT 0, -- where it was; of a copy: where the copy lies
	uid INTEGER NOT NULL DEFAULT 0,
	target TEXT,
	set_flags INTEGER NOT NULL DEFAULT 0,
	clear_flags INTEGER NOT NULL DEFAULT 0,
	set_tags TEXT,
	clear_tags TEXT
) STRICT;
CREATE INDEX mail_change_item_of ON mail_change_item (change);
CREATE INDEX mail_change_item_message ON mail_change_item (message);

CREATE TABLE status (
	account TEXT NOT NULL,
	end TEXT NOT NULL,
	kind INTEGER NOT NULL,
	detail TEXT,
	error_word TEXT,
	done INTEGER NOT NULL DEFAULT 0,
	total INTEGER NOT NULL DEFAULT 0,
	since INTEGER NOT NULL DEFAULT 0,
	next_try INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (account, end)
) STRICT, WITHOUT ROWID;

CREATE TABLE archive (
	account INTEGER NOT NULL REFERENCES account (id),
	jid TEXT NOT NULL,
	last_id TEXT NOT NULL,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;

-- Chat transcripts that lie in a folder, and the days whose transcript has to be written
-- (transcript.h). ids: sorted, one a line; NULL when it cannot be read here.
CREATE TABLE transcript (
	folder INTEGER NOT NULL REFERENCES folder (id),
	uid INTEGER NOT NULL,
	key TEXT NOT NULL,
	ids TEXT,
	PRIMARY KEY (folder, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX transcript_key ON transcript (key);

CREATE TABLE transcript_day (
	account INTEGER NOT NULL REFERENCES account (id),
	peer INTEGER NOT NULL,
	day INTEGER NOT NULL,
	due INTEGER NOT NULL,
	tries INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (account, peer, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX transcript_due ON transcript_day (account, due);

-- The version of a draft that lies on a mail server (draft_copy.h). It outlives the draft.
CREATE TABLE draft_copy (
	conversation INTEGER PRIMARY KEY,
	account INTEGER NOT NULL REFERENCES account (id),
	message_id TEXT,
	next_id TEXT,
	updated INTEGER NOT NULL DEFAULT 0,
	uid INTEGER NOT NULL DEFAULT 0, -- of message_id there; 0 unknown
	digest TEXT,                    -- of its text
	next_digest TEXT,
	next_updated INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What is to be taken out of Drafts there.
CREATE TABLE draft_stale (
	account INTEGER NOT NULL REFERENCES account (id),
	message_id TEXT NOT NULL,
	uid INTEGER NOT NULL DEFAULT 0, -- only this one; 0: whichever has that id
	PRIMARY KEY (account, message_id)
) STRICT, WITHOUT ROWID;

-- Lists that the user leaves, or left: SnLeave. url is kept only as long as it is to be asked.
CREATE TABLE unsubscribed (
	list TEXT NOT NULL PRIMARY KEY COLLATE NOCASE, -- "list:" and List-Id, or "from:" and an address
	name TEXT NOT NULL,
	state INTEGER NOT NULL,
	target TEXT NOT NULL,
	url TEXT,
	account INTEGER NOT NULL,
	message INTEGER NOT NULL, -- the one that it was asked for on
	entry INTEGER NOT NULL DEFAULT 0,
	time INTEGER NOT NULL,
	next INTEGER NOT NULL,
	tries INTEGER NOT NULL DEFAULT 0,
	detail TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX unsubscribed_wanted ON unsubscribed (next) WHERE state = 0;

CREATE TRIGGER transcript_gone AFTER DELETE ON location BEGIN
	DELETE FROM transcript WHERE folder = OLD.folder AND uid = OLD.uid;
END;

-- ---- what keeps the conversation's row right ----

CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
	UPDATE conversation SET unread = unread + 1 WHERE id = NEW.conversation AND NEW.unread;
	UPDATE conversation SET last_message = NEW.id, last_time = NEW.time, channel = NEW.channel,
		last_direction = NEW.direction, last_state = NEW.state, preview = NEW.preview
		WHERE id = NEW.conversation AND NEW.shown AND (NEW.time, NEW.id) > (last_time, last_message);
	UPDATE blob SET refs = refs + 1 WHERE id = NEW.raw;
	UPDATE conversation SET bulk = iif(NEW.bulk = 0 OR bulk = 0, 0, NEW.bulk)
		WHERE id = NEW.conversation AND NOT NEW.carried AND bulk <> 0 AND bulk <> NEW.bulk;
END;

CREATE TRIGGER message_unread_changed AFTER UPDATE OF conversation, flags, hidden, carried, direction
ON message WHEN OLD.unread <> NEW.unread OR OLD.conversation <> NEW.conversation BEGIN
	UPDATE conversation SET unread = unread - 1 WHERE id = OLD.conversation AND OLD.unread;
	UPDATE conversation SET unread = unread + 1 WHERE id = NEW.conversation AND NEW.unread;
END;

CREATE TRIGGER message_left AFTER UPDATE OF conversation, time, hidden, carried
ON message WHEN OLD.shown AND (NOT NEW.shown OR OLD.conversation <> NEW.conversation
	OR OLD.time > NEW.time) BEGIN
	UPDATE conversation SET last_message = 0, last_time = 0, preview = NULL
		WHERE id = OLD.conversation AND last_message = OLD.id;
	UPDATE conversation SET last_message = m.id, last_time = m.time, channel = m.channel,
		last_direction = m.direction, last_state = m.state, preview = m.preview
		FROM (SELECT id, time, channel, direction, state, preview FROM message
			WHERE conversation = OLD.conversation AND hidden = 0 AND carried = 0
			ORDER BY time DESC, id DESC LIMIT 1) AS m
		WHERE conversation.id = OLD.conversation AND last_message = 0;
END;

CREATE TRIGGER message_last_changed AFTER UPDATE OF conversation, channel, direction, time, state,
	preview, hidden, carried
ON message WHEN NEW.shown BEGIN
	UPDATE conversation SET last_message = NEW.id, last_time = NEW.time, channel = NEW.channel,
		last_direction = NEW.direction, last_state = NEW.state, preview = NEW.preview
		WHERE id = NEW.conversation AND (NEW.time, NEW.id) >= (last_time, last_message);
END;

CREATE TRIGGER message_moved AFTER UPDATE OF conversation ON message
WHEN OLD.conversation <> NEW.conversation BEGIN
	UPDATE outbox SET conversation = NEW.conversation WHERE message = NEW.id;
	UPDATE question SET conversation = NEW.conversation WHERE message = NEW.id;
	UPDATE conversation SET bulk = iif(NEW.bulk = 0 OR bulk = 0, 0, NEW.bulk)
		WHERE id = NEW.conversation AND NOT NEW.carried AND bulk <> 0 AND bulk <> NEW.bulk;
END;

CREATE TRIGGER message_raw_changed AFTER UPDATE OF raw ON message WHEN OLD.raw IS NOT NEW.raw BEGIN
	UPDATE blob SET refs = refs + 1 WHERE id = NEW.raw;
	UPDATE blob SET refs = refs - 1 WHERE id = OLD.raw;
	DELETE FROM blob WHERE id = OLD.raw AND refs <= 0;
END;

CREATE TRIGGER message_deleted AFTER DELETE ON message BEGIN
	UPDATE conversation SET unread = unread - 1 WHERE id = OLD.conversation AND OLD.unread;
	UPDATE conversation SET last_message = 0, last_time = 0, preview = NULL
		WHERE id = OLD.conversation AND last_message = OLD.id;
	UPDATE conversation SET last_message = m.id, last_time = m.time, channel = m.channel,
		last_direction = m.direction, last_state = m.state, preview = m.preview
		FROM (SELECT id, time, channel, direction, state, preview FROM message
			WHERE conversation = OLD.conversation AND hidden = 0 AND carried = 0
			ORDER BY time DESC, id DESC LIMIT 1) AS m
		WHERE conversation.id = OLD.conversation AND last_message = 0;
	UPDATE blob SET refs = refs - 1 WHERE id = OLD.raw;
	DELETE FROM blob WHERE id = OLD.raw AND refs <= 0;
END;

CREATE TRIGGER message_mentions AFTER UPDATE OF mention, flags, hidden, carried, direction ON message
WHEN (OLD.mention AND OLD.unread) <> (NEW.mention AND NEW.unread) BEGIN
	UPDATE conversation SET mentions = mentions + (NEW.mention AND NEW.unread) -
		(OLD.mention AND OLD.unread) WHERE id = NEW.conversation;
END;

CREATE TRIGGER message_mention_deleted AFTER DELETE ON message WHEN OLD.mention AND OLD.unread BEGIN
	UPDATE conversation SET mentions = mentions - 1 WHERE id = OLD.conversation;
END;

CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN
	UPDATE conversation SET pending = pending + NEW.pends, attention = attention + NEW.needs
		WHERE id = NEW.conversation;
END;

CREATE TRIGGER outbox_changed AFTER UPDATE OF conversation, state, dismissed ON outbox BEGIN
	UPDATE conversation SET pending = pending - OLD.pends, attention = attention - OLD.needs
		WHERE id = OLD.conversation;
	UPDATE conversation SET pending = pending + NEW.pends, attention = attention + NEW.needs
		WHERE id = NEW.conversation;
END;

CREATE TRIGGER outbox_deleted AFTER DELETE ON outbox BEGIN
	UPDATE outbox SET behind = 0 WHERE behind <> 0 AND behind = OLD.id;
	UPDATE conversation SET pending = pending - OLD.pends, attention = attention - OLD.needs
		WHERE id = OLD.conversation;
END;

CREATE TRIGGER outbox_attachment_added AFTER INSERT ON outbox_attachment BEGIN
	UPDATE blob SET refs = refs + 1 WHERE id = NEW.blob;
END;

CREATE TRIGGER outbox_attachment_deleted AFTER DELETE ON outbox_attachment BEGIN
	UPDATE blob SET refs = refs - 1 WHERE id = OLD.blob;
	DELETE FROM blob WHERE id = OLD.blob AND refs <= 0;
END;

CREATE TRIGGER question_added AFTER INSERT ON question WHEN NOT NEW.answered BEGIN
	UPDATE conversation SET attention = attention + 1 WHERE id = NEW.conversation;
END;

CREATE TRIGGER question_changed AFTER UPDATE OF conversation, answered ON question BEGIN
	UPDATE conversation SET attention = attention - (NOT OLD.answered) WHERE id = OLD.conversation;
	UPDATE conversation SET attention = attention + (NOT NEW.answered) WHERE id = NEW.conversation;
END;

CREATE TRIGGER question_deleted AFTER DELETE ON question WHEN NOT OLD.answered BEGIN
	UPDATE conversation SET attention = attention - 1 WHERE id = OLD.conversation;
END;

CREATE TRIGGER draft_added AFTER INSERT ON draft BEGIN
	UPDATE conversation SET has_draft = 1 WHERE id = NEW.conversation;
END;

CREATE TRIGGER draft_deleted AFTER DELETE ON draft BEGIN
	UPDATE conversation SET has_draft = 0 WHERE id = OLD.conversation;
END;

-- Who of a thread is the newest in a list: first whether somebody newer is there, else the one who
-- was has to make way.
CREATE TRIGGER location_added AFTER INSERT ON location WHEN NEW.shown_in <> 0 BEGIN
	UPDATE folder SET total = total + 1, unread = unread + (NEW.flags & 1 = 0)
		WHERE id = NEW.shown_in;
	UPDATE location SET top = 0 WHERE folder = NEW.folder AND uid = NEW.uid AND EXISTS (
		SELECT 1 FROM message n CROSS JOIN message m INDEXED BY message_thread
		CROSS JOIN location l INDEXED BY location_message
		WHERE n.id = NEW.message AND m.thread = n.thread AND (m.time, m.id) > (n.time, n.id)
		AND l.message = m.id AND l.shown_in = NEW.shown_in);
	UPDATE location SET top = 0 WHERE +top = 1 AND +shown_in = NEW.shown_in AND EXISTS (
		SELECT 1 FROM location x WHERE x.folder = NEW.folder AND x.uid = NEW.uid AND x.top = 1)
		AND message = (
		SELECT m.id FROM message n CROSS JOIN message m INDEXED BY message_thread
		CROSS JOIN location l INDEXED BY location_message
		WHERE n.id = NEW.message AND m.thread = n.thread AND (m.time, m.id) < (n.time, n.id)
		AND l.message = m.id AND l.shown_in = NEW.shown_in AND l.top = 1
		ORDER BY m.time DESC, m.id DESC LIMIT 1);
END;

CREATE TRIGGER location_flagged AFTER UPDATE OF flags ON location
WHEN OLD.flags & 1 <> NEW.flags & 1 BEGIN
	UPDATE folder SET unread = unread + (NEW.flags & 1 = 0) - (OLD.flags & 1 = 0)
		WHERE id = NEW.shown_in;
END;

CREATE TRIGGER location_deleted AFTER DELETE ON location WHEN OLD.shown_in <> 0 BEGIN
	UPDATE folder SET total = total - 1, unread = unread - (OLD.flags & 1 = 0)
		WHERE id = OLD.shown_in;
	UPDATE location SET top = 1 WHERE OLD.top AND +shown_in = OLD.shown_in AND message = (
		SELECT m.id FROM message n CROSS JOIN message m INDEXED BY message_thread
		CROSS JOIN location l INDEXED BY location_message
		WHERE n.id = OLD.message AND m.thread = n.thread
		AND l.message = m.id AND l.shown_in = OLD.shown_in
		ORDER BY m.time DESC, m.id DESC LIMIT 1);
END;

-- It goes from one list to another: written as leaving and coming.
CREATE TRIGGER location_relisted AFTER UPDATE OF shown_in, message ON location
WHEN OLD.shown_in <> NEW.shown_in OR OLD.message <> NEW.message BEGIN
	UPDATE folder SET total = total - 1, unread = unread - (OLD.flags & 1 = 0)
		WHERE id = OLD.shown_in;
	UPDATE folder SET total = total + 1, unread = unread + (OLD.flags & 1 = 0)
		WHERE id = NEW.shown_in;
	UPDATE location SET top = 1 WHERE OLD.top AND +shown_in = OLD.shown_in AND message = (
		SELECT m.id FROM message n CROSS JOIN message m INDEXED BY message_thread
		CROSS JOIN location l INDEXED BY location_message
		WHERE n.id = OLD.message AND m.thread = n.thread
		AND l.message = m.id AND l.shown_in = OLD.shown_in
		ORDER BY m.time DESC, m.id DESC LIMIT 1);
	UPDATE location SET top = NOT EXISTS (
		SELECT 1 FROM message n CROSS JOIN message m INDEXED BY message_thread
		CROSS JOIN location l INDEXED BY location_message
		WHERE n.id = NEW.message AND m.thread = n.thread AND (m.time, m.id) > (n.time, n.id)
		AND l.message = m.id AND l.shown_in = NEW.shown_in)
		WHERE folder = NEW.folder AND uid = NEW.uid;
	UPDATE location SET top = 0 WHERE +top = 1 AND +shown_in = NEW.shown_in AND EXISTS (
		SELECT 1 FROM location x WHERE x.folder = NEW.folder AND x.uid = NEW.uid AND x.top = 1)
		AND message = (
		SELECT m.id FROM message n CROSS JOIN message m INDEXED BY message_thread
		CROSS JOIN location l INDEXED BY location_message
		WHERE n.id = NEW.message AND m.thread = n.thread AND (m.time, m.id) < (n.time, n.id)
		AND l.message = m.id AND l.shown_in = NEW.shown_in AND l.top = 1
		ORDER BY m.time DESC, m.id DESC LIMIT 1);
END;

-- Another thread, or another time: rare, so both threads are looked through whole.
CREATE TRIGGER message_rethreaded AFTER UPDATE OF thread, time ON message
WHEN (OLD.thread IS NOT NEW.thread OR OLD.time <> NEW.time)
	AND EXISTS (SELECT 1 FROM location WHERE message = NEW.id) BEGIN
	UPDATE location SET time = NEW.time WHERE message = NEW.id AND time <> NEW.time;
	UPDATE location SET top = NOT EXISTS (
		SELECT 1 FROM message n CROSS JOIN message m INDEXED BY message_thread
		CROSS JOIN location l INDEXED BY location_message
		WHERE n.id = location.message AND m.thread = n.thread AND (m.time, m.id) > (n.time, n.id)
		AND l.message = m.id AND l.shown_in = location.shown_in)
		WHERE message IN (SELECT id FROM message WHERE thread IN (OLD.thread, NEW.thread)
			UNION SELECT NEW.id)
		AND +shown_in IN (SELECT shown_in FROM location WHERE message = NEW.id);
END;

-- What was said of a message after it was sent (amend.h), and own words of that kind on their way.
CREATE TABLE amend (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind INTEGER NOT NULL, -- SnAmendKind
	message INTEGER NOT NULL DEFAULT 0, -- 0: it is not here yet
	conversation INTEGER NOT NULL REFERENCES conversation (id),
	account INTEGER NOT NULL,
	target TEXT NOT NULL,
	sender INTEGER NOT NULL REFERENCES address (id),
	who TEXT,
	time INTEGER NOT NULL,
	text TEXT NOT NULL,
	row INTEGER NOT NULL DEFAULT 0,
	state INTEGER NOT NULL DEFAULT 0,
	stanza TEXT,
	error TEXT
) STRICT;
CREATE INDEX amend_message ON amend (message) WHERE message <> 0;
CREATE INDEX amend_target ON amend (target);
CREATE INDEX amend_waiting ON amend (conversation) WHERE message = 0;
CREATE INDEX amend_row ON amend (row) WHERE row <> 0;
CREATE INDEX amend_due ON amend (account) WHERE state = 2;
CREATE TRIGGER amend_gone AFTER DELETE ON message WHEN OLD.amended <> 0 OR OLD.attached <> 0 BEGIN
	DELETE FROM amend WHERE message = OLD.id OR row = OLD.id;
END;

-- ---- end-to-end encryption of IMs (XEP-0384) ----

CREATE TABLE omemo_mode (
	jid TEXT NOT NULL PRIMARY KEY,
	mode INTEGER NOT NULL -- SnOmemoMode; no row: auto
) STRICT, WITHOUT ROWID;

CREATE TABLE omemo_own (
	account INTEGER PRIMARY KEY REFERENCES account (id),
	device INTEGER NOT NULL,
	registration INTEGER NOT NULL,
	identity BLOB NOT NULL, -- public
	signed_id INTEGER NOT NULL,
	signed_since INTEGER NOT NULL,
	next_prekey INTEGER NOT NULL,
	published INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Private keys and sessions, sealed with a key that is not in here (src/omemo/vault.h).
CREATE TABLE omemo_secret (
	account INTEGER NOT NULL REFERENCES account (id),
	kind INTEGER NOT NULL, -- SnRatchetKind
	jid TEXT NOT NULL,
	id INTEGER NOT NULL,
	sealed BLOB NOT NULL,
	used INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (account, kind, jid, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE omemo_device (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	account INTEGER NOT NULL REFERENCES account (id),
	jid TEXT NOT NULL,
	device INTEGER NOT NULL,
	identity BLOB,
	trust INTEGER NOT NULL, -- SnTrust
	name TEXT,
	first_seen INTEGER NOT NULL,
	last_seen INTEGER NOT NULL DEFAULT 0,
	listed INTEGER NOT NULL DEFAULT 0,
	changed INTEGER NOT NULL DEFAULT 0,
	failed INTEGER NOT NULL DEFAULT 0,
	healed INTEGER NOT NULL DEFAULT 0,
	UNIQUE (account, jid, device)
) STRICT;
CREATE INDEX omemo_device_jid ON omemo_device (jid);

CREATE TABLE omemo_list (
	account INTEGER NOT NULL REFERENCES account (id),
	jid TEXT NOT NULL,
	seen INTEGER NOT NULL DEFAULT 0,
	used INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;
