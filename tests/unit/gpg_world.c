/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/gpg_world.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

static char *run(gboolean must, const char *input, gsize length, gsize *out_length,
                 const char *const *argv)
{
	g_autoptr(GBytes) in = g_bytes_new(input ? input : "", length), out = NULL, err = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GSubprocess) process = g_subprocess_newv(
		argv,
		G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
			G_SUBPROCESS_FLAGS_STDERR_PIPE,
		&error);
	gsize size;

	if (!process || !g_subprocess_communicate(process, in, NULL, &out, &err, &error)) {
		if (must)
			g_error("%s: %s", argv[0], error->message);
		return NULL;
	}
	if (must && !g_subprocess_get_successful(process)) {
		const char *text = g_bytes_get_data(err, &size);
		g_autofree char *line = g_strjoinv(" ", (char **)argv);
		g_error("%s failed: %.*s", line, (int)size, text ? text : "");
	}
	const char *data = g_bytes_get_data(out, &size);
	char *copy = g_malloc(size + 1);
	memcpy(copy, data ? data : "", size);
	copy[size] = '\0';
	if (out_length)
		*out_length = size;
	return copy;
}

char *gpg_world_run(const char *input, gsize length, gsize *out_length, const char *const *argv)
{
	return run(TRUE, input, length, out_length, argv);
}

#define RUN(input, length, ...)                                                             \
	run(TRUE, input, length, NULL, (const char *const[]){ __VA_ARGS__, NULL })
#define GPG(home) "gpg", "--homedir", home, "--batch", "--quiet", "--no-tty", "--yes"
#define GPGSM(home) "gpgsm", "--homedir", home, "--batch", "--quiet", "--disable-dirmngr", \
	"--disable-crl-checks"

static char *fingerprint(const char *home, const char *who)
{
	g_autofree char *list = RUN(NULL, 0, GPG(home), "--with-colons", "--list-keys", who);
	const char *at = strstr(list, "\nfpr:::::::::");

	g_assert(at);
	return g_strndup(at + strlen("\nfpr:::::::::"), 40);
}

static char *address(const char *who)
{
	return g_strdup_printf("%s@example.test", who);
}

/* A key that signs and one below it that decrypts. when: as gpg's --faked-system-time; NULL now. */
static void make_key(const char *home, const char *who, const char *name, const char *when)
{
	g_autofree char *uid = g_strdup_printf("%s <%s@example.test>", name, who);
	g_autofree char *at = g_strdup(when ? when : "20260101T000000!");
	const char *expires = when ? "30d" : "never";

	/* a frozen clock in the past makes a key that has expired by now */
	g_free(when ? RUN(NULL, 0, GPG(home), "--faked-system-time", at, "--passphrase", "",
	                  "--quick-gen-key", uid, "ed25519", "sign,cert", expires)
	            : RUN(NULL, 0, GPG(home), "--passphrase", "", "--quick-gen-key", uid, "ed25519",
	                  "sign,cert", expires));
	g_autofree char *key = fingerprint(home, who);
	g_free(when ? RUN(NULL, 0, GPG(home), "--faked-system-time", at, "--passphrase", "",
	                  "--quick-add-key", key, "cv25519", "encr", expires)
	            : RUN(NULL, 0, GPG(home), "--passphrase", "", "--quick-add-key", key, "cv25519",
	                  "encr", expires));
}

static void give_key(GpgWorld *world, const char *who)
{
	gsize length;
	g_autofree char *mail = address(who);
	g_autofree char *key = run(TRUE, NULL, 0, &length,
	                           (const char *const[]){ GPG(world->others), "--export", mail, NULL });

	g_free(RUN(key, length, GPG(world->alice), "--import"));
}

static void revoke_key(GpgWorld *world, const char *who)
{
	g_autofree char *key = fingerprint(world->others, who);
	g_autofree char *file = g_strdup_printf("%s/openpgp-revocs.d/%s.rev", world->others, key);
	g_autofree char *text = NULL;

	g_assert(g_file_get_contents(file, &text, NULL, NULL));
	char *armour = strstr(text, ":-----BEGIN");
	g_assert(armour);
	g_free(RUN(armour + 1, strlen(armour + 1), GPG(world->alice), "--import"));
}

/* ---- S/MIME ---- */

static void authority(GpgWorld *world, const char *name)
{
	g_autofree char *key = g_strdup_printf("%s/%s.key", world->dir, name);
	g_autofree char *crt = g_strdup_printf("%s/%s.crt", world->dir, name);
	g_autofree char *subject = g_strdup_printf("/CN=%s/O=Example", name);

	g_free(RUN(NULL, 0, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
	           "-out", crt, "-subj", subject, "-days", "3650", "-addext",
	           "keyUsage=critical,keyCertSign,cRLSign"));
	g_free(RUN(NULL, 0, GPGSM(world->alice), "--import", crt));
	g_free(RUN(NULL, 0, GPGSM(world->others), "--import", crt));
}

static void trust_authority(GpgWorld *world, const char *home, const char *name)
{
	g_autofree char *crt = g_strdup_printf("%s/%s.crt", world->dir, name);
	g_autofree char *out = RUN(NULL, 0, "openssl", "x509", "-in", crt, "-noout", "-fingerprint",
	                           "-sha1");
	g_autofree char *file = g_build_filename(home, "trustlist.txt", NULL);
	g_autofree char *before = NULL;
	g_file_get_contents(file, &before, NULL, NULL);
	g_autofree char *line = g_strdup_printf("%s%s S relax\n", before ? before : "",
	                                        g_strchomp(strchr(out, '=') + 1));

	g_assert(g_file_set_contents(file, line, -1, NULL));
}

static void certificate(GpgWorld *world, const char *who, const char *by, const char *home)
{
	g_autofree char *base = g_build_filename(world->dir, who, NULL);
	g_autofree char *key = g_strconcat(base, ".key", NULL), *csr = g_strconcat(base, ".csr", NULL);
	g_autofree char *crt = g_strconcat(base, ".crt", NULL), *p12 = g_strconcat(base, ".p12", NULL);
	g_autofree char *ext = g_strconcat(base, ".ext", NULL);
	g_autofree char *ca = g_strdup_printf("%s/%s.crt", world->dir, by);
	g_autofree char *ca_key = g_strdup_printf("%s/%s.key", world->dir, by);
	g_autofree char *subject = g_strdup_printf("/CN=%s of S MIME/O=Example", who);
	g_autofree char *names = g_strdup_printf(
		"keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=emailProtection\n"
		"subjectAltName=email:%s@example.test\n", who);

	g_assert(g_file_set_contents(ext, names, -1, NULL));
	g_free(RUN(NULL, 0, "openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
	           csr, "-subj", subject));
	g_free(RUN(NULL, 0, "openssl", "x509", "-req", "-in", csr, "-CA", ca, "-CAkey", ca_key,
	           "-CAcreateserial", "-days", "3650", "-extfile", ext, "-out", crt));
	/* gpgsm does not read every file without a passphrase that openssl writes: another salt */
	for (int tries = 0; tries < 10; tries++) {
		g_free(RUN(NULL, 0, "openssl", "pkcs12", "-export", "-in", crt, "-inkey", key, "-passout",
		           "pass:", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg",
		           "sha1", "-out", p12));
		g_free(run(FALSE, "\n", 1, NULL,
		           (const char *const[]){ GPGSM(home), "--pinentry-mode", "loopback",
		                                  "--passphrase-fd", "0", "--import", p12, NULL }));
		g_autofree char *mail = address(who);
		g_autofree char *list = run(
			FALSE, NULL, 0, NULL,
			(const char *const[]){ GPGSM(home), "--with-colons", "--list-secret-keys", mail, NULL });
		if (list && strstr(list, "crs:"))
			return;
	}
	g_error("gpgsm does not take the key of %s", who);
}

/* ---- the world ---- */

static char *make_home(const char *dir, const char *name)
{
	char *home = g_build_filename(dir, name, NULL);
	g_autofree char *agent = g_build_filename(home, "gpg-agent.conf", NULL);

	g_assert(g_mkdir(home, 0700) == 0);
	g_assert(g_file_set_contents(agent, "allow-loopback-pinentry\nno-allow-mark-trusted\n"
	                             "pinentry-program /bin/false\n", -1, NULL));
	return home;
}

GpgWorld *gpg_world_new(gboolean smime)
{
	static const char *const all[] = { "bob", "carol", "dave", "erin" };
	g_autofree char *gpg = g_find_program_in_path("gpg");
	g_autofree char *gpgsm = g_find_program_in_path("gpgsm");
	g_autofree char *openssl = g_find_program_in_path("openssl");
	GpgWorld *world;

	if (!gpg || (smime && (!gpgsm || !openssl)))
		return NULL;
	world = g_new0(GpgWorld, 1);
	world->dir = g_dir_make_tmp("sennit-gpg-XXXXXX", NULL);
	world->alice = make_home(world->dir, "alice");
	world->others = make_home(world->dir, "others");
	make_key(world->alice, "alice", "Alice Liddell", NULL);
	make_key(world->others, "bob", "Bob Builder", NULL);
	make_key(world->others, "carol", "Carol", NULL);
	make_key(world->others, "dave", "Dave", "20200101T000000!");
	make_key(world->others, "erin", "Erin", NULL);
	make_key(world->others, "frank", "Frank", NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		give_key(world, all[i]);
	revoke_key(world, "erin");
	g_autofree char *bob = fingerprint(world->alice, "bob");
	g_free(RUN(NULL, 0, GPG(world->alice), "--passphrase", "", "--quick-lsign-key", bob));
	gsize length;
	g_autofree char *own = run(
		TRUE, NULL, 0, &length,
		(const char *const[]){ GPG(world->alice), "--export", "alice@example.test", NULL });
	g_free(RUN(own, length, GPG(world->others), "--import"));
	if (smime) {
		authority(world, "Trusted");
		authority(world, "Stranger");
		trust_authority(world, world->alice, "Trusted");
		trust_authority(world, world->others, "Trusted");
		trust_authority(world, world->others, "Stranger");
		certificate(world, "alice", "Trusted", world->alice);
		certificate(world, "bob", "Trusted", world->others);
		certificate(world, "carol", "Stranger", world->others);
	}
	return world;
}

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);
		if (g_file_test(child, G_FILE_TEST_IS_DIR) && !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
			remove_tree(child);
		else
			g_unlink(child);
	}
	g_rmdir(path);
}

void gpg_world_free(GpgWorld *world)
{
	if (!world)
		return;
	const char *homes[] = { world->alice, world->others };
	for (gsize i = 0; i < G_N_ELEMENTS(homes); i++)
		g_free(run(FALSE, NULL, 0, NULL,
		           (const char *const[]){ "gpgconf", "--homedir", homes[i], "--kill", "all",
		                                  NULL }));
	remove_tree(world->dir);
	g_free(world->dir);
	g_free(world->alice);
	g_free(world->others);
	g_free(world);
}

/* ---- emails ---- */

char *gpg_world_crlf(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	return g_strjoinv("\r\n", lines);
}

char *gpg_world_sign(GpgWorld *world, const char *who, const char *text)
{
	g_autofree char *mail = address(who), *crlf = gpg_world_crlf(text);
	gboolean late = g_str_equal(who, "dave");

	return late ? RUN(crlf, strlen(crlf), GPG(world->others), "--faked-system-time",
	                  "20200110T000000!", "--armor", "--detach-sign", "--local-user", mail)
	            : RUN(crlf, strlen(crlf), GPG(world->others), "--armor", "--detach-sign",
	                  "--local-user", mail);
}

char *gpg_world_sign_smime(GpgWorld *world, const char *who, const char *text)
{
	g_autofree char *mail = address(who), *crlf = gpg_world_crlf(text);

	return RUN(crlf, strlen(crlf), GPGSM(world->others), "--base64", "--detach-sign", "--local-user",
	           mail);
}

char *gpg_world_clearsign(GpgWorld *world, const char *who, const char *text)
{
	g_autofree char *mail = address(who);

	return RUN(text, strlen(text), GPG(world->others), "--clear-sign", "--local-user", mail);
}

char *gpg_world_encrypt(GpgWorld *world, const char *signer, const char *to, const char *text)
{
	g_autofree char *from = signer ? address(signer) : NULL, *mail = address(to);

	return signer ? RUN(text, strlen(text), GPG(world->others), "--trust-model", "always", "--armor",
	                    "--recipient", mail, "--local-user", from, "--sign", "--encrypt")
	              : RUN(text, strlen(text), GPG(world->others), "--trust-model", "always", "--armor",
	                    "--recipient", mail, "--encrypt");
}

static char *with_header(const char *from, const char *content)
{
	g_autofree char *text = g_strdup_printf(
		"From: %s <%s@example.test>\nTo: alice@example.test\nSubject: The mill\n"
		"Date: Thu, 20 Aug 2026 10:00:00 +0200\nMessage-ID: <%s-1@example.test>\n"
		"MIME-Version: 1.0\n%s", from, from, from, content);

	return gpg_world_crlf(text);
}

char *gpg_world_signed_mail(GpgWorld *world, const char *from, const char *signer, const char *entity)
{
	g_autofree char *signature = gpg_world_sign(world, signer, entity);
	g_autofree char *content = g_strdup_printf(
		"Content-Type: multipart/signed; micalg=pgp-sha512;\n"
		" protocol=\"application/pgp-signature\"; boundary=\"sig\"\n\n--sig\n%s\n--sig\n"
		"Content-Type: application/pgp-signature; name=signature.asc\n\n%s\n--sig--\n",
		entity, signature);

	return with_header(from, content);
}

char *gpg_world_encrypted_mail(GpgWorld *world, const char *from, const char *signer,
                               const char *entity)
{
	g_autofree char *data = gpg_world_encrypt(world, signer, "alice", entity);
	g_autofree char *content = g_strdup_printf(
		"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\n"
		" boundary=\"enc\"\n\n--enc\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
		"--enc\nContent-Type: application/octet-stream\n\n%s\n--enc--\n", data);

	return with_header(from, content);
}
