/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks over what is signed and encrypted, layer by layer, and keeps apart what is covered by what. */
#include <string.h>

#include "src/mime/secure_private.h"
#include "src/text/text.h"

enum { LAYERS_MAX = 6, RUNS_MAX = 20, FILES_MAX = 200 };

typedef struct {
	const SnGpg *gpg;
	gboolean all_parts;
	const SnMail *mail; /* as it is read without opening anything; NULL */
	const char *from;
	SnOpened *out;
	int runs; /* of gpg: a message cannot have hundreds */
	gboolean hidden; /* an encrypted part was left as it is */
} Opener;

/* What holds for the entity at hand. */
typedef struct {
	gboolean encrypted;
	const SnSignature *signature; /* of the innermost layer that has one */
	gboolean beside;              /* other parts lie beside it, outside */
	int depth;
} Cover;

static void open_entity(Opener *self, GBytes *bytes, Cover cover);

static gboolean may_run(Opener *self)
{
	return self->runs++ < RUNS_MAX;
}

/* An outer signature covers the inner ones as well: the worse of the two counts. */
static Cover sign(Opener *self, Cover cover, SnSignature *signature)
{
	g_ptr_array_add(self->out->signatures, signature);
	self->out->any = TRUE;
	self->out->smime |= signature->smime;
	if (!cover.signature || signature->state > cover.signature->state)
		cover.signature = signature;
	return cover;
}

/* ---- parts to read ---- */

static SnOpenedPart *add_part(Opener *self, Cover cover, char *text)
{
	SnOpenedPart *part = sn_opened_add_part(self->out, text);

	part->encrypted = cover.encrypted;
	part->signature = cover.signature;
	return part;
}

static void add_files(SnOpenedPart *part, const SnMail *mail, GBytes *bytes)
{
	for (guint i = 0; i < mail->parts->len && part->files->len < FILES_MAX; i++) {
		const SnMailPart *one = g_ptr_array_index(mail->parts, i);
		if (!one->is_attachment)
			continue;
		SnOpenedFile *file = g_new0(SnOpenedFile, 1);
		file->name = g_strdup(one->name);
		file->type = g_strdup(one->type);
		file->bytes = sn_mail_part_bytes(bytes, one->position, NULL);
		if (!file->bytes)
			file->bytes = g_bytes_new(NULL, 0);
		if (part->encrypted)
			file->bytes = sn_opened_secret(file->bytes);
		g_ptr_array_add(part->files, file);
	}
}

static void open_block(Opener *self, const char *text, const SnPgpBlock *block, Cover cover)
{
	g_autoptr(GBytes) data = g_bytes_new(text + block->start, block->end - block->start);
	g_autoptr(GBytes) clear = NULL;
	SnSignature *signature = NULL;
	gsize length;

	if (block->encrypted) {
		self->out->any = TRUE;
		if (cover.beside && !self->all_parts)
			self->hidden = TRUE;
		else if (may_run(self))
			clear = sn_gpg_decrypt(self->gpg, FALSE, data, self->from, &signature, self->out);
		cover.encrypted |= clear != NULL;
	} else if (may_run(self)) {
		signature = sn_gpg_verify_opaque(self->gpg, FALSE, data, self->from, &clear);
	}
	if (signature)
		cover = sign(self, cover, signature);
	/* without a verdict the block stands as it came; with one, only what gpg says was signed */
	if (!clear && signature && signature->state < SN_SIGNATURE_NO_KEY)
		clear = g_bytes_new(NULL, 0);
	const char *shown = g_bytes_get_data(clear ? clear : data, &length);
	gboolean repaired = FALSE;
	g_autofree char *utf8 = sn_mime_to_utf8(shown ? shown : "", length, "utf-8", &repaired);
	char *clean = sn_text_clean(utf8, -1);
	add_part(self, cover, g_strchomp(clean));
}

/* Text with OpenPGP blocks in it: what stands around them is a part of its own. */
static void open_blocks(Opener *self, const char *text, Cover cover)
{
	SnPgpBlock block;
	gsize at = 0;

	while (sn_pgp_find(text, at, &block)) {
		g_autofree char *before = sn_text_clean(text + at, (gssize)(block.start - at));
		g_strchomp(before);
		/* below it as well: the answer would quote both */
		cover.beside |= *before || text[block.end + strspn(text + block.end, " \t\r\n")];
		if (*before)
			add_part(self, cover, g_steal_pointer(&before));
		open_block(self, text, &block, cover);
		at = block.end;
	}
	g_autofree char *rest = sn_text_clean(text + at, -1);
	g_strchug(g_strchomp(rest));
	if (*rest)
		add_part(self, cover, g_steal_pointer(&rest));
}

static gboolean has_blocks(const SnEntity *entity, char **text)
{
	SnPgpBlock block;
	gsize length;
	gboolean repaired = FALSE;

	if (!sn_entity_is(entity, "text", "plain"))
		return FALSE;
	g_autoptr(GBytes) content = sn_entity_content(entity);
	const char *data = g_bytes_get_data(content, &length);
	/* bytes as they were signed: of another character set only the blocks count */
	g_autofree char *raw = g_strndup(data ? data : "", MIN(length, SN_MIME_MAX_TEXT));
	if (!sn_pgp_find(raw, 0, &block))
		return FALSE;
	*text = g_utf8_validate(raw, -1, NULL)
	                ? g_steal_pointer(&raw)
	                : sn_mime_to_utf8(raw, strlen(raw), sn_entity_parameter(entity, "charset"),
	                                  &repaired);
	return TRUE;
}

/* RFC 9788, and the draft before it: the header fields of what is covered are those of the email. */
static void take_subject(Opener *self, const SnEntity *entity, Cover cover)
{
	gboolean protects = sn_entity_parameter(entity, "hp") ||
	                    sn_entity_parameter(entity, "protected-headers");
	const char *subject = protects ? g_mime_message_get_subject(entity->header->message) : NULL;

	if (!subject || cover.beside || (!cover.encrypted && !cover.signature))
		return;
	g_free(self->out->subject);
	self->out->subject = sn_text_clean_line(subject, -1);
	self->out->subject_signature = cover.signature;
}

static void read_leaf(Opener *self, const SnEntity *entity, Cover cover)
{
	g_autofree char *text = NULL;

	if (has_blocks(entity, &text)) {
		open_blocks(self, text, cover);
		return;
	}
	g_autoptr(SnMail) mail = sn_mail_parse(entity->bytes, NULL, NULL);
	if (!mail)
		return;
	SnOpenedPart *part = add_part(self, cover, g_strdup(mail->text));
	if (cover.depth > 0 || !sn_entity_is(entity, "multipart", "*"))
		add_files(part, mail, entity->bytes);
}

/* ---- layers ---- */

static void open_signed(Opener *self, const SnEntity *entity, Cover cover)
{
	g_autoptr(GPtrArray) children = sn_entity_children(entity);
	const char *protocol = sn_entity_parameter(entity, "protocol");

	if (children->len < 2 || !may_run(self)) {
		SnSignature *broken = g_new0(SnSignature, 1);
		broken->state = SN_SIGNATURE_FAILED;
		broken->why = g_strdup("the message is not whole");
		cover = sign(self, cover, broken);
		if (children->len == 0)
			read_leaf(self, entity, cover);
		for (guint i = 0; i < children->len; i++)
			open_entity(self, children->pdata[i], cover);
		return;
	}
	g_autoptr(SnEntity) second = sn_entity_new(children->pdata[1]);
	gboolean smime = sn_entity_is(second, "application", "pkcs7-signature") ||
	                 sn_entity_is(second, "application", "x-pkcs7-signature") ||
	                 (protocol && strstr(protocol, "pkcs7"));
	g_autoptr(GBytes) data = sn_bytes_crlf(children->pdata[0]);
	g_autoptr(GBytes) signature = sn_entity_content(second);
	cover = sign(self, cover, sn_gpg_verify(self->gpg, smime, data, signature, self->from));
	open_entity(self, children->pdata[0], cover);
	/* what hangs on behind is covered by nothing */
	for (guint i = 2; i < children->len; i++)
		open_entity(self, children->pdata[i],
		            (Cover){ .encrypted = cover.encrypted, .beside = TRUE, .depth = cover.depth });
}

static gboolean went_to(const Opener *self, const char *address)
{
	for (guint i = 0; self->mail && i < self->mail->addresses->len; i++) {
		const SnMailAddress *one = g_ptr_array_index(self->mail->addresses, i);
		if ((one->role == SN_MAIL_TO || one->role == SN_MAIL_CC) &&
		    g_ascii_strcasecmp(one->address, address) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Autocrypt section 3: keys of the others it went to, within what was encrypted. */
static void take_gossip(Opener *self, GBytes *clear)
{
	g_autoptr(SnEntity) entity = sn_entity_new(clear);
	/* those about the content stand with it, all others with the message around it */
	GMimeHeaderList *headers =
		g_mime_object_get_header_list(GMIME_OBJECT(entity->header->message));
	int count = MIN(g_mime_header_list_get_count(headers), 1000);

	for (int i = 0; i < count && self->out->gossip->len < SN_AUTOCRYPT_MAX_GOSSIP; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
		if (g_ascii_strcasecmp(g_mime_header_get_name(header), "Autocrypt-Gossip") != 0)
			continue;
		const char *value = g_mime_header_get_raw_value(header);
		g_autoptr(SnAutocrypt) told = value ? sn_autocrypt_parse(value) : NULL;
		if (!told || !went_to(self, told->address))
			continue;
		SnOpenedKey *key = g_new0(SnOpenedKey, 1);
		key->address = g_steal_pointer(&told->address);
		key->key = g_steal_pointer(&told->key);
		key->fingerprint = g_steal_pointer(&told->fingerprint);
		g_ptr_array_add(self->out->gossip, key);
	}
}

static void open_clear(Opener *self, GBytes *clear, SnSignature *signature, Cover cover)
{
	if (!cover.beside)
		take_gossip(self, clear);
	cover.encrypted = TRUE;
	if (signature)
		cover = sign(self, cover, signature);
	open_entity(self, clear, cover);
}

static void open_encrypted(Opener *self, const SnEntity *entity, Cover cover)
{
	g_autoptr(GPtrArray) children = sn_entity_children(entity);
	SnSignature *signature = NULL;

	self->out->any = TRUE;
	if (cover.beside && !self->all_parts) {
		self->hidden = TRUE;
		return;
	}
	if (children->len < 2 || !may_run(self)) {
		self->out->lock = SN_LOCK_FAILED;
		self->out->why = g_strdup("the message is not whole");
		return;
	}
	g_autoptr(SnEntity) second = sn_entity_new(children->pdata[1]);
	g_autoptr(GBytes) data = sn_entity_content(second);
	g_autoptr(GBytes) clear =
		sn_gpg_decrypt(self->gpg, FALSE, data, self->from, &signature, self->out);
	if (clear)
		open_clear(self, clear, signature, cover);
}

static gboolean is_pkcs7(const SnEntity *entity)
{
	return sn_entity_is(entity, "application", "pkcs7-mime") ||
	       sn_entity_is(entity, "application", "x-pkcs7-mime");
}

static void open_pkcs7(Opener *self, const SnEntity *entity, Cover cover)
{
	g_autoptr(GBytes) data = sn_entity_content(entity), clear = NULL;
	SnSignature *signature = NULL;
	gsize length;
	const guint8 *head = g_bytes_get_data(data, &length);
	SnCmsKind kind = sn_cms_kind(sn_entity_parameter(entity, "smime-type"), head, length);

	self->out->any = self->out->smime = TRUE;
	if (kind == SN_CMS_SIGNED && may_run(self)) {
		signature = sn_gpg_verify_opaque(self->gpg, TRUE, data, self->from, &clear);
		cover = sign(self, cover, signature);
		if (clear)
			open_entity(self, clear, cover);
		return;
	}
	if (cover.beside && !self->all_parts) {
		self->hidden = TRUE;
	} else if (may_run(self)) {
		clear = sn_gpg_decrypt(self->gpg, TRUE, data, self->from, &signature, self->out);
		if (clear)
			open_clear(self, clear, signature, cover);
	}
}

/* Does anything in it have to be opened by itself? */
static gboolean has_layers(GBytes *bytes, int depth)
{
	g_autoptr(SnEntity) entity = sn_entity_new(bytes);
	g_autofree char *text = NULL;

	if (sn_entity_is(entity, "multipart", "signed") ||
	    sn_entity_is(entity, "multipart", "encrypted") || is_pkcs7(entity))
		return TRUE;
	if (has_blocks(entity, &text))
		return TRUE;
	if (!sn_entity_is(entity, "multipart", "mixed") || depth >= LAYERS_MAX)
		return FALSE;
	g_autoptr(GPtrArray) children = sn_entity_children(entity);
	for (guint i = 0; i < children->len; i++)
		if (has_layers(children->pdata[i], depth + 1))
			return TRUE;
	return FALSE;
}

static void open_mixed(Opener *self, const SnEntity *entity, Cover cover)
{
	g_autoptr(GPtrArray) children = sn_entity_children(entity);

	cover.beside |= children->len > 1;
	for (guint i = 0; i < children->len; i++)
		open_entity(self, children->pdata[i], cover);
}

static void open_entity(Opener *self, GBytes *bytes, Cover cover)
{
	g_autoptr(SnEntity) entity = sn_entity_new(bytes);

	if (cover.depth++ > 0)
		take_subject(self, entity, cover);
	if (cover.depth > LAYERS_MAX)
		read_leaf(self, entity, cover);
	else if (sn_entity_is(entity, "multipart", "signed"))
		open_signed(self, entity, cover);
	else if (sn_entity_is(entity, "multipart", "encrypted"))
		open_encrypted(self, entity, cover);
	else if (is_pkcs7(entity))
		open_pkcs7(self, entity, cover);
	else if (sn_entity_is(entity, "multipart", "mixed") && has_layers(bytes, cover.depth))
		open_mixed(self, entity, cover);
	else
		read_leaf(self, entity, cover);
}

static const char *sender_of(const SnMail *mail)
{
	for (guint i = 0; mail && i < mail->addresses->len; i++) {
		const SnMailAddress *one = g_ptr_array_index(mail->addresses, i);
		if (one->role == SN_MAIL_FROM)
			return one->address;
	}
	return NULL;
}

SnOpened *sn_mail_open(GBytes *raw, const SnGpg *gpg, gboolean all_parts)
{
	Opener self = { .gpg = gpg, .all_parts = all_parts, .out = sn_opened_new() };
	g_autoptr(SnMail) mail = NULL;
	gboolean all = TRUE;

	g_assert(raw && gpg);
	if (g_bytes_get_size(raw) > 0 && g_bytes_get_size(raw) <= SN_MIME_MAX_MESSAGE) {
		self.mail = mail = sn_mail_parse(raw, NULL, NULL);
		self.from = sender_of(mail);
		open_entity(&self, raw, (Cover){ 0 });
	}
	if (self.hidden && self.out->lock == SN_LOCK_NONE)
		self.out->lock = SN_LOCK_PARTLY;
	for (guint i = 0; i < self.out->parts->len; i++)
		all &= ((SnOpenedPart *)self.out->parts->pdata[i])->encrypted;
	self.out->encrypted = self.out->lock == SN_LOCK_NONE && self.out->parts->len > 0 && all;
	return self.out;
}
