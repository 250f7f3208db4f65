#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# wrk_keepalive: many requests on few connections, for 20 s, and none fails.
#
#   wrk on client, 32 connections --> VIP:80 --> nginx on b1, b2
#
# variants: fullnat-1 nat-3-flood fullnat-3-onearm
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

e2e_up "$@"
read -r requests failed < <(lab_wrk 20)
check "requests done" at_least "$requests" 100
check "requests failed" same "$failed" 0
e2e_end
