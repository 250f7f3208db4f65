#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# wrk_keepalive: many requests on few connections, and none fails.
#
#   wrk on client, 32 connections --> VIP:80 --> nginx on b1, b2
#
# variants: fullnat-1-xdp nat-3-flood fullnat-3-onearm-tap
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

e2e_up "$@"
requests 10000
check "requests done" at_least $E2E_DONE 10000
check "requests failed" same $E2E_FAILED 0
e2e_end
