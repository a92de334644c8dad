# SPDX-License-Identifier: GPL-3.0-or-later
# ca.sh - the throw-away authority and its certificates, good and bad ones. Sourced by `servers`.
#   ca.pem                    to be trusted
#   good.pem good.key         example.test, *.example.test, localhost, 127.0.0.1, 127.0.0.2
#   wrongname.*               signed by ca, but for evil.invalid
#   expired.*                 signed by ca, right names, ended yesterday
#   unknown.*                 right names, signed by an authority nobody trusts

make_authority() { # make_authority FILE NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
		-keyout "$1.key" -out "$1.pem" -subj "/CN=$2" \
		-addext 'basicConstraints=critical,CA:TRUE' \
		-addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
}

make_certificate() { # make_certificate FILE NAMES AUTHORITY DAYS
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" \
		-out "$1.csr" -subj "/CN=sennit test server" 2>/dev/null
	printf '%s\n' 'basicConstraints=CA:FALSE' 'keyUsage=digitalSignature' \
		'extendedKeyUsage=serverAuth,clientAuth' "subjectAltName=$2" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -CAcreateserial \
		-out "$1.crt" -extfile "$1.ext" -days "$4" 2>/dev/null
	cat "$1.crt" "$3.pem" >"$1.pem"
	rm -f "$1.csr" "$1.ext" "$1.crt"
}

make_certificates() { # below $dir/ca, once
	[ ! -s "$dir/ca/done" ] || return 0
	mkdir -p "$dir/ca"
	(
		cd "$dir/ca"
		umask 077
		names="DNS:$domain,DNS:*.$domain,DNS:localhost,IP:127.0.0.1,IP:127.0.0.2"
		make_authority ca 'sennit throw-away CA'
		make_authority stranger 'An authority nobody trusts'
		make_certificate good "$names" ca 30
		make_certificate wrongname DNS:evil.invalid ca 30
		make_certificate expired "$names" ca -1
		make_certificate unknown "$names" stranger 30
		chmod 755 .
		chmod 644 ./*.pem
		echo ok >done
	)
	give "$dir/ca"
}
