#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# curl: pages and 100 MB files arrive whole, down and up.
#
#   curl on client --> VIP:80   --> nginx on b1, b2          page, download
#                  --> VIP:8080 --> servers.py on b1, b2     upload, answered with its SHA-256
#                  --> VIP:84   --> nginx on 10.1.0.12       a backend behind a static route
#
# variants: fullnat-1-xdp fullnat-1-v6-snoop fullnat-3-v6v4-flood fullnat-1-v4v6-flood nat-3-v6-flood nat-3-flood fullnat-3-onearm-tap nat-1-onearm-flood
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

download_sum() {
	get "$LAB_URL/big" | sum_of
}

upload_sum() {
	get -T "$LAB_DIR/www/big" "$LAB_URL:8080/"
}

e2e_up "$@"
random_file "$LAB_DIR/www/big" 100
big_sum=$(sum_of "$LAB_DIR/www/big")

# Round robin: both backends' pages are seen.
check "a page from b1" lab_wait $LAB_WAIT page_from b1
check "a page from b2" lab_wait $LAB_WAIT page_from b2
check "a page from a backend behind a route" page_from b2 84
check "100 MB down" same "$(download_sum)" "$big_sum"
check "100 MB up" same "$(upload_sum)" "$big_sum $((100 << 20))"
e2e_end
