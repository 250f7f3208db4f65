#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# curl: pages and 100 MB files arrive whole, down and up.
#
#   curl on client --> VIP:80   --> nginx on b1, b2          page, download
#                  --> VIP:8080 --> servers.py on b1, b2     upload, answered with its SHA-256
#                  --> VIP:84   --> nginx on 10.1.0.12       a backend behind a static route
#
# variants: fullnat-1 nat-3-flood fullnat-3-onearm nat-1-onearm-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

page_from() {
	[[ "$(on client curl -sf -m 10 "http://$LAB_VIP$1/")" == "hello from $2" ]]
}

download_sum() {
	on client curl -sf -m 60 "http://$LAB_VIP/big" | sha256sum | cut -d ' ' -f 1
}

upload_sum() {
	on client curl -sf -m 60 -T "$LAB_DIR/www/big" "http://$LAB_VIP:8080/"
}

e2e_up "$@"
/usr/bin/python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(100 << 20))' >"$LAB_DIR/www/big"
big_sum=$(sha256sum "$LAB_DIR/www/big" | cut -d ' ' -f 1)

# Round robin: both backends' pages are seen.
check "a page from b1" lab_wait 5 page_from "" b1
check "a page from b2" lab_wait 5 page_from "" b2
check "a page from a backend behind a route" page_from :84 b2
check "100 MB down" same "$(download_sum)" "$big_sum"
check "100 MB up" same "$(upload_sum)" "$big_sum $((100 << 20))"
e2e_end
